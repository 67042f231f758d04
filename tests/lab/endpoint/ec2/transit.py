# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of transit gateway route tables: moto overwrites duplicates, shows no attachments and cannot replace."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..cloud import Cloud
from ..request import Call
from .destinations import Network, canonical, within
from .filters import matching

Route = dict[str, Any]


def create_route(cloud: Cloud, call: Call) -> Answer:
    """CreateTransitGatewayRoute."""
    table, block = _table(cloud, call), _block(call)
    if block in table.routes:
        raise ApiError("RouteAlreadyExists", f"Route {block} already exists in Transit Gateway Route Table {table.id}")
    return _put(cloud, call, table, block)


def replace_route(cloud: Cloud, call: Call) -> Answer:
    """ReplaceTransitGatewayRoute."""
    table, block = _table(cloud, call), _block(call)
    _existing(table, block)
    return _put(cloud, call, table, block)


def delete_route(cloud: Cloud, call: Call) -> Answer:
    """DeleteTransitGatewayRoute. The code for a route that does not exist is inferred."""
    table, block = _table(cloud, call), _block(call)
    route = _existing(table, block)
    del table.routes[block]
    return ec2_result(call.action, f"<route>{_render({**route, 'state': 'deleted'})}</route>")


def search_routes(cloud: Cloud, call: Call) -> Answer:
    """SearchTransitGatewayRoutes; at least one filter is required."""
    filters = call.filters()
    if not filters:
        raise ApiError("MissingParameter", "The request must contain the parameter Filters")
    routes = list(_table(cloud, call).routes.values())
    found = matching(routes, filters, _FACTS | _searches(routes, filters))
    limit = int(call.get("MaxResults") or 1000)
    items = "".join(f"<item>{_render(route)}</item>" for route in found[:limit])
    more = element("additionalRoutesAvailable", len(found) > limit)
    return ec2_result(call.action, f"<routeSet>{items}</routeSet>{more}")


def _table(cloud: Cloud, call: Call) -> Any:
    table_id = call.required("TransitGatewayRouteTableId")
    table = cloud.backing.resource(call.region, "transit_gateways_route_tables", table_id)
    if table is None:
        raise ApiError(
            "InvalidRouteTableID.NotFound", f"Transit Gateway Route Table {table_id} was deleted or does not exist."
        )
    return table


def _block(call: Call) -> str:
    value = call.required("DestinationCidrBlock")
    return str(canonical(value, 6 if ":" in value else 4))


def _existing(table: Any, block: str) -> Route:
    route: Route | None = table.routes.get(block)
    if route is None:
        raise ApiError(
            "InvalidRoute.NotFound", f"Route {block} does not exist in Transit Gateway Route Table {table.id}."
        )
    return route


def _put(cloud: Cloud, call: Call, table: Any, block: str) -> Answer:
    attachment_id, blackhole = call.get("TransitGatewayAttachmentId"), call.flag("Blackhole")
    if (attachment_id is None) != blackhole:
        raise ApiError(
            "InvalidParameterCombination", "A route has either a transitGatewayAttachmentId or is a blackhole"
        )
    attachment = None
    if attachment_id is not None:
        attachment = cloud.backing.resource(call.region, "transit_gateway_attachments", attachment_id)
        if attachment is None:
            raise ApiError(
                "InvalidTransitGatewayAttachmentID.NotFound",
                f"Transit Gateway Attachment {attachment_id} was deleted or does not exist.",
            )
        if attachment.state != "available":
            raise ApiError("IncorrectState", f"{attachment_id} is in invalid state")
    route: Route = {
        "destinationCidrBlock": block,
        "attachment": attachment,
        "type": "static",
        "state": "blackhole" if blackhole else "active",
    }
    table.routes[block] = route
    return ec2_result(call.action, f"<route>{_render(route)}</route>")


def _render(route: Route) -> str:
    attachment = route["attachment"]
    inner = (
        ""
        if attachment is None
        else (
            "<item>"
            + element("resourceId", attachment.resource_id)
            + element("transitGatewayAttachmentId", attachment.id)
            + element("resourceType", attachment.resource_type)
            + "</item>"
        )
    )
    return (
        element("destinationCidrBlock", route["destinationCidrBlock"])
        + f"<transitGatewayAttachments>{inner}</transitGatewayAttachments>"
        + element("type", route["type"])
        + element("state", route["state"])
    )


def _attachment(attribute: str) -> Callable[[Route], list[str]]:
    return lambda route: [] if route["attachment"] is None else [str(getattr(route["attachment"], attribute))]


_FACTS: dict[str, Callable[[Route], list[str]]] = {
    "type": lambda route: [route["type"]],
    "state": lambda route: [route["state"]],
    "route-search.exact-match": lambda route: [route["destinationCidrBlock"]],
    "attachment.transit-gateway-attachment-id": _attachment("id"),
    "attachment.resource-id": _attachment("resource_id"),
    "attachment.resource-type": _attachment("resource_type"),
}


def _searches(routes: list[Route], filters: list[tuple[str, list[str]]]) -> dict[str, Callable[[Route], list[str]]]:
    """The searches: a route "has" those wanted blocks that stand in the relation to its own, or that it decides."""

    def related(wanted: list[str], holds: Callable[[Network, Network], bool]) -> Callable[[Route], list[str]]:
        def read(route: Route) -> list[str]:
            own = ipaddress.ip_network(route["destinationCidrBlock"])
            networks = {text: ipaddress.ip_network(text, strict=False) for text in wanted}
            return [text for text, n in networks.items() if holds(own, n)]

        return read

    relations: dict[str, Callable[[Network, Network], bool]] = {
        "route-search.subnet-of-match": within,
        "route-search.supernet-of-match": lambda own, wanted: within(wanted, own),
    }
    searches = {name: related(values, relations[name]) for name, values in filters if name in relations}
    for name, values in filters:
        if name == "route-search.longest-prefix-match":
            searches[name] = _longest(routes, values)
    return searches


def _longest(routes: list[Route], wanted: list[str]) -> Callable[[Route], list[str]]:
    """What a packet would take: of the routes that hold a wanted block, the most specific one alone."""
    found: dict[str, list[str]] = {}
    for text in wanted:
        network = ipaddress.ip_network(text, strict=False)
        holding = [ipaddress.ip_network(route["destinationCidrBlock"]) for route in routes]
        holding = [own for own in holding if within(network, own)]
        if holding:
            found.setdefault(str(max(holding, key=lambda own: own.prefixlen)), []).append(text)
    return lambda route: found.get(route["destinationCidrBlock"], [])


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateTransitGatewayRoute": create_route,
    "ReplaceTransitGatewayRoute": replace_route,
    "DeleteTransitGatewayRoute": delete_route,
    "SearchTransitGatewayRoutes": search_routes,
}
