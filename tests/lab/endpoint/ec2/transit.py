# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of transit gateway route tables: moto overwrites duplicates, shows no attachments and cannot replace.

A table holds the static routes; what attachments announce is added when somebody looks, unless a static route has the
same prefix. Source: transit gateway guide, "Route evaluation order".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..cloud import Cloud
from ..request import Call
from . import attachments, lists
from .blocks import Network, canonical, within
from .filters import matching

Route = dict[str, Any]


def create_route(cloud: Cloud, call: Call) -> Answer:
    """CreateTransitGatewayRoute."""
    table, block = attachments.table_of(cloud, call), _block(call)
    if block in table.routes:
        raise ApiError("RouteAlreadyExists", f"Route {block} already exists in Transit Gateway Route Table {table.id}")
    return _put(cloud, call, table, block)


def replace_route(cloud: Cloud, call: Call) -> Answer:
    """ReplaceTransitGatewayRoute."""
    table, block = attachments.table_of(cloud, call), _block(call)
    _existing(table, block)
    return _put(cloud, call, table, block)


def delete_route(cloud: Cloud, call: Call) -> Answer:
    """DeleteTransitGatewayRoute. The code for a route that does not exist is inferred."""
    table, block = attachments.table_of(cloud, call), _block(call)
    route = _existing(table, block)
    del table.routes[block]
    return ec2_result(call.action, f"<route>{_render({**route, 'state': 'deleted'})}</route>")


def search_routes(cloud: Cloud, call: Call) -> Answer:
    """SearchTransitGatewayRoutes; at least one filter is required."""
    filters = call.filters()
    if not filters:
        raise ApiError("MissingParameter", "The request must contain the parameter Filters")
    routes = effective(cloud, call.region, attachments.table_of(cloud, call))
    found = matching(routes, filters, _FACTS | _searches(routes, filters))
    limit = int(call.get("MaxResults") or 1000)
    items = "".join(f"<item>{_render(route)}</item>" for route in found[:limit])
    more = element("additionalRoutesAvailable", len(found) > limit)
    return ec2_result(call.action, f"<routeSet>{items}</routeSet>{more}")


def effective(cloud: Cloud, region: str, table: Any) -> list[Route]:
    """All routes of a table: static ones, then those of prefix lists and those announced for other prefixes."""
    routes: dict[str, Route] = dict(table.routes)
    for route in lists.routed(table):
        routes.setdefault(route["destinationCidrBlock"], route)
    for prefix, attachment in attachments.announced(cloud, region, table):
        announced = {"destinationCidrBlock": prefix, "attachment": attachment, "type": "propagated", "state": "active"}
        held = routes.setdefault(prefix, {**announced, "equal": []})
        if "equal" in held and held["attachment"] is not attachment and _shares(held["attachment"], attachment):
            held["equal"].append(attachment)
    return list(routes.values())


def _shares(one: Any, other: Any) -> bool:
    """Whether two ways of one prefix are used both (ECMP): transit gateway guide, "VPN attachments"."""
    gateway: Any = one.ec2_backend.transit_gateways[one.transit_gateway_id]
    enabled = gateway.options.get("VpnEcmpSupport") != "disable"
    return enabled and one.resource_type == other.resource_type and one.resource_type in ("vpn", "connect")


def state_of(route: Route) -> str:
    """``active`` or ``blackhole``: as it was made, or since its attachment is gone."""
    attachment = route["attachment"]
    return "blackhole" if attachment is not None and attachment.state != "available" else str(route["state"])


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
    attachment = attachments.chosen(cloud, call, table)
    route: Route = {
        "destinationCidrBlock": block,
        "attachment": attachment,
        "type": "static",
        "state": "blackhole" if attachment is None else "active",
    }
    table.routes[block] = route
    return ec2_result(call.action, f"<route>{_render(route)}</route>")


def _render(route: Route) -> str:
    inner = "".join(
        "<item>"
        + element("resourceId", attachment.resource_id)
        + element("transitGatewayAttachmentId", attachment.id)
        + element("resourceType", attachment.resource_type)
        + "</item>"
        for attachment in _attachments(route)
    )
    return (
        element("destinationCidrBlock", route["destinationCidrBlock"])
        + element("prefixListId", route.get("prefixListId"))
        + f"<transitGatewayAttachments>{inner}</transitGatewayAttachments>"
        + element("type", route["type"])
        + element("state", route["state"] if route["state"] == "deleted" else state_of(route))
    )


def _attachments(route: Route) -> list[Any]:
    return [one for one in (route["attachment"], *route.get("equal", ())) if one is not None]


def _attachment(attribute: str) -> Callable[[Route], list[str]]:
    return lambda route: [str(getattr(one, attribute)) for one in _attachments(route)]


_FACTS: dict[str, Callable[[Route], list[str]]] = {
    "type": lambda route: [route["type"]],
    "state": lambda route: [state_of(route)],
    "prefix-list-id": lambda route: [route["prefixListId"]] if "prefixListId" in route else [],
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
