# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CreateRoute, ReplaceRoute and DeleteRoute: every rule is checked first, then one object is put in place.

A route object is never altered after it has been put into a table, only replaced: a reader sees the old one or the new.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from ..answers import Answer, ApiError, LabUnsupported, ec2_result
from ..backing import Route, generate_route_id
from ..cloud import Cloud
from ..request import Call
from . import identifiers, prefixes
from .blocks import Network, within
from .destinations import Destination, already_exists, check_local, check_range, destination, of_route
from .targets import Target, target

#: Origins of routes that the route calls may not touch.
FOREIGN = ("EnableVgwRoutePropagation", "Advertisement")


class LabRoute(Route):
    """moto's route with an origin of its own, so that propagated and advertised routes can be planted.

    Those stand beside a static route for the same destination, as in EC2, and so have an id of their own.
    """

    def __init__(self, table: Any, where: Destination, whither: Target, origin: str) -> None:
        v4, v6 = (None, None) if where.listed else (None, where.text) if where.ipv6 else (where.text, None)
        super().__init__(table, v4, v6, where.listed, local=whither.local, **whither.arguments)
        self._origin = origin
        if origin in FOREIGN:
            self.id = _foreign_id(table, where)

    @property
    def origin(self) -> str:
        """CreateRouteTable, CreateRoute, EnableVgwRoutePropagation or Advertisement."""
        return self._origin


def create_route(cloud: Cloud, call: Call) -> Answer:
    """CreateRoute."""
    table, where = _table(cloud, call), destination(cloud, call)
    old = _stored(table, where)
    whither = target(cloud, call, table)
    if old is not None:
        if old.local or cloud.settings.strict.refuse_same_target or target_id(old) != whither.id:
            raise already_exists(where.text)
        return ec2_result(call.action)
    if whither.local:
        raise _not_local(where)
    _check_destination(cloud, table, where, whither)
    _check_edge(table, where)
    _check_quota(cloud, table, where)
    _put(cloud, table, where, whither, "CreateRoute")
    return ec2_result(call.action)


def replace_route(cloud: Cloud, call: Call) -> Answer:
    """ReplaceRoute. Origin stays; LocalTarget restores a local route."""
    table, where = _table(cloud, call), destination(cloud, call)
    old = _stored(table, where)
    if old is None:
        _refuse_foreign(table, where, "replace")
        raise ApiError(
            "InvalidParameterValue",
            f"There is no route defined for '{where.text}' in the route table. Use CreateRoute instead.",
        )
    whither = target(cloud, call, table)
    if old.origin == "CreateRouteTable":
        if not whither.local and whither.interface is None:
            raise ApiError(
                "InvalidParameterValue",
                f"The destination CIDR block {where.text} is equal to or more specific than one of this VPC's CIDR "
                "blocks. This route can target only an interface or an instance.",
            )
    elif whither.local:
        raise _not_local(where)
    else:
        _check_destination(cloud, table, where, whither)
    _put(cloud, table, where, whither, old.origin)
    return ec2_result(call.action)


def delete_route(cloud: Cloud, call: Call) -> Answer:
    """DeleteRoute."""
    table, where = _table(cloud, call), destination(cloud, call)
    old = _stored(table, where)
    if old is None:
        _refuse_foreign(table, where, "remove")
        raise ApiError(
            "InvalidRoute.NotFound",
            f"no route with destination-cidr-block {where.text} in route table {table.id}",
        )
    if old.origin == "CreateRouteTable":
        raise ApiError("InvalidParameterValue", f"cannot remove local route {where.text} in route table {table.id}")
    cloud.remember(table.id, old.id, old)
    del table._routes[old.id]
    return ec2_result(call.action)


def plant(cloud: Cloud, table: Any, text: str, interface: Any | None, gateway: Any | None, origin: str) -> None:
    """Put a route with any origin into a table, as a VPN gateway or a route server would (the lab's own door)."""
    kind, found = ("interface", interface) if interface is not None else ("gateway", gateway)
    if found is None:
        raise ValueError("a planted route points at a network_interface_id or at a gateway_id")
    _put(cloud, table, Destination((ipaddress.ip_network(text),)), Target(found.id, {kind: found}), origin)


def copy_static(cloud: Cloud, source: Any, table: Any) -> None:
    """Give ``table`` the static routes to interfaces that ``source`` has, without the calls that would make them."""
    for route in source.routes:
        if route.origin == "CreateRoute" and route.interface is not None:
            _put(
                cloud, table, of_route(route), Target(route.interface.id, {"interface": route.interface}), "CreateRoute"
            )


def target_id(route: Any) -> str:
    """What a route points at, as one text; equal texts are equal targets."""
    return str(
        route.network_interface_id
        or route.gateway_id
        or route.nat_gateway_id
        or route.egress_only_internet_gateway_id
        or route.transit_gateway_id
        or route.vpc_peering_connection_id
        or route.carrier_gateway_id
        or ""
    )


def _table(cloud: Cloud, call: Call) -> Any:
    return identifiers.table(cloud, call, call.required("RouteTableId"))


def _stored(table: Any, where: Destination) -> Any | None:
    return table._routes.get(generate_route_id(table.id, where.text))


def _foreign_id(table: Any, where: Destination) -> str:
    return f"{generate_route_id(table.id, where.text)}~foreign"


def _refuse_foreign(table: Any, where: Destination, verb: str) -> None:
    """Refuse to touch a route that is there only by propagation. The code is inferred."""
    if _foreign_id(table, where) in table._routes:
        raise ApiError(
            "InvalidParameterValue", f"cannot {verb} the propagated route {where.text} in route table {table.id}"
        )


def _not_local(where: Destination) -> ApiError:
    """Only a route that came with the table may be local. Code and text are inferred."""
    return ApiError("InvalidParameterValue", f"cannot make {where.text} a local route")


def _put(cloud: Cloud, table: Any, where: Destination, whither: Target, origin: str) -> None:
    route = LabRoute(table, where, whither, origin)  # type: ignore[abstract]  # of CloudFormation's, as moto's own
    cloud.remember(table.id, route.id, table._routes.get(route.id))
    table._routes[route.id] = route


def _check_destination(cloud: Cloud, table: Any, where: Destination, whither: Target) -> None:
    vpc = vpc_networks(table)
    if where.listed:
        if any(within(network, block) for network in where.networks for block in vpc):
            raise LabUnsupported("a list that has addresses of the VPC")
        return
    [network] = where.networks
    check_range(network)
    ec2 = table.ec2_backend
    subnets = (s for zone in ec2.subnets.values() for s in zone.values() if s.vpc_id == table.vpc_id)
    check_local(network, vpc, _networks(s.cidr_block for s in subnets), whither.interface is not None)


def vpc_networks(table: Any) -> list[Network]:
    """All CIDR blocks of the table's VPC."""
    vpc = table.ec2_backend.vpcs[table.vpc_id]
    return _networks(
        association["cidr_block"]
        for ipv6 in (False, True)
        for association in vpc.get_cidr_block_association_set(ipv6=ipv6)
    )


def _networks(texts: Iterable[str]) -> list[Network]:
    return [ipaddress.ip_network(text) for text in texts if text]


def _check_edge(table: Any, where: Destination) -> None:
    """A table associated with a gateway cannot route a block outside the VPC. Source: VPC user guide; code inferred."""
    edge = any(not target.startswith("subnet-") for target in table._associations.values())
    if edge and where.listed:
        raise ApiError(
            "InvalidParameterValue", f"Route table {table.id} is a gateway's, and cannot route the list {where.text}."
        )
    if edge and not any(within(where.networks[0], cidr) for cidr in vpc_networks(table)):
        raise ApiError(
            "InvalidParameterValue",
            f"The destination CIDR block {where.text} is outside the VPC, and route table {table.id} is a gateway's.",
        )


def _check_quota(cloud: Cloud, table: Any, where: Destination) -> None:
    """A list counts for as many routes as it may have entries. Source: VPC quotas."""
    limit = cloud.settings.strict.routes_per_table
    if prefixes.counted(table, where.ipv6) + (prefixes.weight(where.listed) if where.listed else 1) > limit:
        raise ApiError("RouteLimitExceeded", f"The maximum number of routes has been reached. The limit is {limit}.")


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateRoute": create_route,
    "ReplaceRoute": replace_route,
    "DeleteRoute": delete_route,
}
