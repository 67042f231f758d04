# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DescribeRouteTables: rendered here from the state, fast, with every filter, with paging, and as of a past moment.

A route shows NetworkInterfaceId, InstanceId and InstanceOwnerId together (EC2's Route shape).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..answers import Answer, ec2_result, element
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .filters import Facts, matching
from .paging import page
from .states import route_state

#: MaxResults of DescribeRouteTables. Source: EC2 API model.
_PAGE_MIN, _PAGE_MAX = 5, 100


def describe_route_tables(cloud: Cloud, call: Call) -> Answer:
    """DescribeRouteTables."""
    tables = _selected(cloud, call)
    past = _past(cloud, call.stale) if call.stale else {}
    if past:
        facts: Facts[Any] = {**FACTS, **_route_facts(lambda table: _routes_then(table, past))}
        rendered = [_render(table, _routes_then(table, past)) for table in matching(tables, call.filters(), facts)]
        return ec2_result(call.action, f"<routeTableSet>{''.join(rendered)}</routeTableSet>")
    tables = matching(tables, call.filters(), FACTS)
    tables, token = page(call, tables, _PAGE_MIN, _PAGE_MAX, usual=cloud.settings.strict.page_limit)
    items = "".join(_cached(cloud, table) for table in tables)
    return ec2_result(call.action, f"<routeTableSet>{items}</routeTableSet>{element('nextToken', token)}")


def _selected(cloud: Cloud, call: Call) -> list[Any]:
    tables = cloud.shares.visible_tables(call.by.account_id, call.region)
    wanted = call.members("RouteTableId")
    if not wanted:
        return tables
    by_id = {table.id: table for table in tables}
    for table_id in wanted:
        if table_id not in by_id:
            raise identifiers.not_found("rtb", table_id)
    return [by_id[table_id] for table_id in dict.fromkeys(wanted)]


# --- the past ---------------------------------------------------------------------------------------------------------


def _past(cloud: Cloud, seconds: float) -> dict[str, dict[str, Any | None]]:
    """Per table, the routes that have changed in the last ``seconds``, as they were before."""
    since = cloud.clock.now() - seconds
    before: dict[str, dict[str, Any | None]] = {}
    for change in reversed(cloud.history):
        if change.time < since:
            break
        before.setdefault(change.table_id, {})[change.route_id] = change.before
    return before


def _routes_then(table: Any, past: dict[str, dict[str, Any | None]]) -> list[Any]:
    routes = {**table._routes, **past.get(table.id, {})}
    return [route for route in routes.values() if route is not None]


# --- filters ----------------------------------------------------------------------------------------------------------


def _all(attribute: str) -> Callable[[Any], str | None]:
    return lambda route: getattr(route, attribute)


_ROUTE_FACTS: dict[str, Callable[[Any], str | None]] = {
    "route.destination-cidr-block": _all("destination_cidr_block"),
    "route.destination-ipv6-cidr-block": _all("destination_ipv6_cidr_block"),
    "route.destination-prefix-list-id": _all("destination_prefix_list_id"),
    "route.egress-only-internet-gateway-id": _all("egress_only_internet_gateway_id"),
    "route.gateway-id": _all("gateway_id"),
    "route.instance-id": lambda route: _instance(route).get("instanceId"),
    "route.nat-gateway-id": _all("nat_gateway_id"),
    "route.network-interface-id": _all("network_interface_id"),
    "route.origin": _all("origin"),
    "route.state": route_state,
    "route.transit-gateway-id": _all("transit_gateway_id"),
    "route.vpc-peering-connection-id": _all("vpc_peering_connection_id"),
    "route.carrier-gateway-id": _all("carrier_gateway_id"),
}


def _route_facts(routes: Callable[[Any], Iterable[Any]]) -> dict[str, Callable[[Any], Iterable[str]]]:
    def of(read: Callable[[Any], str | None]) -> Callable[[Any], Iterable[str]]:
        return lambda table: [value for route in routes(table) if (value := read(route)) is not None]

    return {name: of(read) for name, read in _ROUTE_FACTS.items()}


def _associations(table: Any, key: str) -> list[str]:
    return [str(a[key]) for a in table.associations if key in a]


#: Every filter of DescribeRouteTables. Source: EC2 API model (botocore).
FACTS: Facts[Any] = {
    "association.gateway-id": lambda table: _associations(table, "GatewayId"),
    "association.main": lambda table: ["true" if table.main_association_id else "false"],
    "association.route-table-association-id": lambda table: _associations(table, "RouteTableAssociationId"),
    "association.route-table-id": lambda table: _associations(table, "RouteTableId"),
    "association.subnet-id": lambda table: _associations(table, "SubnetId"),
    "owner-id": lambda table: [table.owner_id],
    "route-table-id": lambda table: [table.id],
    "vpc-id": lambda table: [table.vpc_id],
    **_route_facts(lambda table: table.routes),
}


# --- rendering --------------------------------------------------------------------------------------------------------


def _cached(cloud: Cloud, table: Any) -> str:
    stamp = (cloud.epoch, cloud.versions[table.id])
    kept: tuple[tuple[int, int], str] | None = getattr(table, "lab_rendered", None)
    if kept is None or kept[0] != stamp:
        kept = (stamp, _render(table, table.routes))
        table.lab_rendered = kept
    return kept[1]


def _render(table: Any, routes: Iterable[Any]) -> str:
    tags = "".join(f"<item>{element('key', t['key'])}{element('value', t['value'])}</item>" for t in table.get_tags())
    return (
        f"<item><routeTableId>{table.id}</routeTableId><vpcId>{table.vpc_id}</vpcId><ownerId>{table.owner_id}</ownerId>"
        f"<routeSet>{''.join(_route(route) for route in routes)}</routeSet>"
        f"<associationSet>{''.join(_association(a) for a in table.associations)}</associationSet>"
        f"<propagatingVgwSet/><tagSet>{tags}</tagSet></item>"
    )


def _association(association: dict[str, Any]) -> str:
    return (
        "<item>"
        + element("routeTableAssociationId", association["RouteTableAssociationId"])
        + element("routeTableId", association["RouteTableId"])
        + element("main", association["Main"])
        + element("subnetId", association.get("SubnetId"))
        + element("gatewayId", association.get("GatewayId"))
        + "<associationState><state>associated</state></associationState></item>"
    )


def _route(route: Any) -> str:
    members = {
        "destinationCidrBlock": route.destination_cidr_block,
        "destinationIpv6CidrBlock": route.destination_ipv6_cidr_block,
        "destinationPrefixListId": route.destination_prefix_list_id,
        "gatewayId": route.gateway_id,
        "natGatewayId": route.nat_gateway_id,
        "egressOnlyInternetGatewayId": route.egress_only_internet_gateway_id,
        "transitGatewayId": route.transit_gateway_id,
        "vpcPeeringConnectionId": route.vpc_peering_connection_id,
        "carrierGatewayId": route.carrier_gateway_id,
        "networkInterfaceId": route.network_interface_id,
        **_instance(route),
        "origin": route.origin,
        "state": route_state(route),
    }
    return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in members.items() if value)}</item>"


def _instance(route: Any) -> dict[str, str]:
    instance = route.interface.instance if route.interface is not None else None
    return {} if instance is None else {"instanceId": instance.id, "instanceOwnerId": instance.owner_id}


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {"DescribeRouteTables": describe_route_tables}
