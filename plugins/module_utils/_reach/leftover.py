# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier `overlay_ip_reach` left behind: ways to overlay IPs that no entry names any more.

Routes carry no tags. A static route to the nodes' VPC is one of ours if it leads to an overlay IP of the inventory, or
if nothing in the VPC leads on, not even a default route: then it is nobody's. The routes back to clients are no
leftovers: others may need them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import ACTIVE, Route, Table
from .balancer import TAG
from .client_vpn import GOING, ROUTE, Item
from .client_vpn_ec2 import ClientVpns
from .elb import LoadBalancers
from .owners import Owners, Raw, Sight
from .plan import STATIC, TransitRoute

Declared = Mapping[str, Sequence[str]]
_RUN = "ansible localhost -m aws_ha.overlay_ip."
_CONVERGE = "ansible-playbook aws_ha.overlay_ip.reach"
"""What the destination needs stays, so that no call on the destination alone may remove the rest."""


@dataclass(frozen=True)
class Leftover:
    """One thing that no entry names; ``command`` removes it."""

    via: str
    id: str
    message: str
    command: str


@dataclass(frozen=True)
class Endpoint:
    """What is declared of a Client VPN endpoint. Without ``subnet_ids`` all its subnets, without groups all clients."""

    destinations: tuple[str, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    access_group_ids: tuple[str, ...] = ()

    def names(self, item: Item) -> bool:
        """Whether a route or a rule to one of the destinations is asked for."""
        if item.kind == ROUTE:
            return not self.subnet_ids or item.by in self.subnet_ids
        return item.by in (self.access_group_ids or ("",))


@dataclass(frozen=True)
class Request:
    """What the inventory declares: ``overlays`` are prefixes, the rest by table, endpoint and name.

    ``description`` is that of what is made at Client VPN endpoints.
    """

    vpc_id: str
    overlays: tuple[str, ...]
    tables: Declared = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    balancers: tuple[str, ...] = ()
    description: str = ""


def look(ec2: Ec2, owners: Owners, request: Request, sight: Sight) -> list[Leftover]:
    """All of it; what the caller may not look at is in ``sight``. Raises AwsError for what fails otherwise."""
    return [
        *_gateways(ec2, owners, request, sight),
        *_balancers(ec2, request, sight),
        *_client_vpns(ec2, request, sight),
    ]


def _gateways(ec2: Ec2, owners: Owners, request: Request, sight: Sight) -> Iterator[Leftover]:
    tables = ec2.tables(vpc_id=request.vpc_id)
    for raw in owners.attachments(request.vpc_id, sight):
        gateway, attachment = raw["TransitGatewayId"], raw["TransitGatewayAttachmentId"]
        none: list[str] = []
        what = f"the route tables of {gateway}"
        for table_id in sight.ask(what, lambda raw=raw: owners.tables_of(raw), none):  # type: ignore[misc]
            for route in _leading(owners, raw, table_id, sight):
                why = _nobodys(route, table_id, tables, request, gateway)
                if why:
                    options = f"transit_gateway_route_table_ids={table_id} transit_gateway_attachment_id={attachment}"
                    role = owners.role_of(raw)
                    options += f" assume_role_arn={role}" if role else ""
                    command = _command(ec2, "transit_gateway_route", f"destinations={route.destination} {options}")
                    yield Leftover("transit_gateway", table_id, f"{table_id} sends {route.destination} {why}", command)


def _leading(owners: Owners, raw: Raw, table_id: str, sight: Sight) -> list[TransitRoute]:
    none: list[TransitRoute] = []
    return sight.ask(f"the routes of {table_id}", lambda: owners.leading(raw, table_id), none)


_TO_ADDRESSES = ("igw-", "eigw-")
"""Targets by which only what has an interface in the VPC gets out."""


def _nobodys(
    route: TransitRoute, table_id: str, tables: Sequence[Table], request: Request, gateway_id: str = ""
) -> str:
    """Why a static route to the nodes' VPC is a leftover, or nothing.

    A default route leads on everything, as in a VPC by which others get out; that to the gateway itself only back.
    """
    where = route.destination
    if route.kind != STATIC or where in request.tables.get(table_id, ()):
        return ""
    if where in request.overlays:
        return f"to {request.vpc_id}, and overlay_ip_reach names that no more."
    routes = [r for table in tables for r in table.routes if net.family(r.destination) == net.family(where)]
    if any(r.destination.endswith("/0") and _leads_on(r, gateway_id) for r in routes):
        return ""
    blocks = [r.destination for r in routes if not r.destination.endswith("/0")]
    if any(net.within(one, where) or net.within(where, one) for one in blocks):
        return ""  # the VPC's own, or another pair's
    return f"to {request.vpc_id}, where nothing leads on: it is of an overlay IP that is gone."


def _leads_on(default: Route, gateway_id: str) -> bool:
    return default.state == ACTIVE and default.target != gateway_id and not default.target.startswith(_TO_ADDRESSES)


def _balancers(ec2: Ec2, request: Request, sight: Sight) -> Iterator[Leftover]:
    elb, mine = LoadBalancers(ec2.aws), {net.bare(one) for one in request.overlays}
    try:
        found = {tags[TAG] for tags in elb.tags(elb.every()).values() if TAG in tags} - set(request.balancers)
        for name in sorted(found):
            led = {target.address for raw in elb.groups(name) for target in elb.targets(raw["TargetGroupArn"])}
            if led & mine:
                told = f"Load balancer {name} leads to {', '.join(sorted(led & mine))}"
                command = _command(ec2, "overlay_load_balancer", f"name={name}")
                yield Leftover("load_balancer", name, f"{told}, and overlay_ip_reach names it no more.", command)
    except AwsError as err:
        sight.missed("load balancers", err)


def _client_vpns(ec2: Ec2, request: Request, sight: Sight) -> Iterator[Leftover]:
    """At the endpoints that are declared: of one that is not, nobody knows that it was ours."""
    vpns = ClientVpns(ec2.aws)
    for endpoint_id, declared in request.endpoints.items():
        try:
            held = [one for one in vpns.items(endpoint_id).values() if one.phase != GOING]
        except AwsError as err:
            if not err.code.endswith(".NotFound"):
                sight.missed(f"routes and rules of {endpoint_id}", err)
            continue
        ours = [one.item for one in held if request.description and one.description == request.description]
        for where in sorted({item.destination for item in ours} - set(declared.destinations)):
            message = f"{endpoint_id} has a route or a rule for {where}, and overlay_ip_reach names that no more."
            options = f"client_vpn_endpoint_id={endpoint_id} destinations={where}"
            command = _command(ec2, "client_vpn_route", f"{options} description='{request.description}'")
            yield Leftover("client_vpn", endpoint_id, message, command)
        for item in sorted(ours, key=str):
            if item.destination in declared.destinations and not declared.names(item):
                thing = f"{'a' if item.kind == ROUTE else 'an'} {item}"
                message = f"{endpoint_id} has {thing}, and overlay_ip_reach names that no more."
                yield Leftover("client_vpn", endpoint_id, message, _CONVERGE)


def _command(ec2: Ec2, module: str, options: str) -> str:
    return f'{_RUN}{module} -a "region={ec2.aws.region} {options} state=absent"'
