# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One decision on the path of a packet, and those that are the same in both directions.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._base.finding import NOT_SEEN
from .._route.plan import ACTIVE, Route
from . import model
from .model import Attached, Net, Onward, Transit
from .plan import TransitRoute

THERE, BACK = "there", "back"
NODES, GATEWAY, CLIENT, VPN = "nodes' VPC", "transit gateway", "clients' side", "Client VPN"
NOWHERE = ""
"""The side of a source that belongs to nothing known."""
ALTERNATIVES = "Go by a transit gateway, or put a Network Load Balancer in front (docs/reach.md)."


@dataclass(frozen=True)
class Hop:
    """One decision. ``passes`` is None where it could not be seen; a hop that drops has an ``id`` and a ``remedy``.

    ``warning`` says whom it drops all the same, where it passes.
    """

    direction: str
    side: str
    where: str
    rule: str
    passes: bool | None
    id: str = ""
    remedy: str = ""
    warning: str = ""


@dataclass(frozen=True)
class AtGateway:
    """What a transit gateway route table is asked, and what it says; ``onward`` as in `model.Transit`.

    ``id`` and ``remedy`` are those of a finding where it does not lead to ``target``.
    """

    direction: str
    table_id: str
    wanted: str
    route: TransitRoute | None
    onward: Onward | None
    target: Attached
    id: str
    remedy: str

    @property
    def where(self) -> str:
        return f"transit gateway route table {self.table_id}"


def gateway_route(way: Transit, asked: AtGateway) -> Hop:
    """Whether the table of an attachment leads to the other one."""
    route, wanted = asked.route, asked.wanted
    if way.unseen:
        return Hop(asked.direction, GATEWAY, asked.where, f"not looked at: {way.unseen}", None, NOT_SEEN)
    if route is None:
        rule = f"no route for {wanted}"
        return Hop(asked.direction, GATEWAY, asked.where, rule, False, asked.id, asked.remedy)
    between = route.target not in (way.near.attachment_id, way.far.attachment_id) and route.state == ACTIVE
    if between and model.inspects(route):
        return _past(asked, route)
    shown = f"{route.destination} -> {route.target or 'nowhere'} ({route.kind}, {route.state}){_widest(route, wanted)}"
    right = route.target == asked.target.attachment_id and route.state == ACTIVE
    return Hop(asked.direction, GATEWAY, asked.where, shown, right, asked.id, asked.remedy)


def _past(asked: AtGateway, route: TransitRoute) -> Hop:
    """What goes to another VPC by a wide route comes on from there only if the table of its attachment leads on."""
    onward, wanted = asked.onward, asked.wanted
    if onward is None or onward.leads(asked.target.attachment_id) is not False:
        return inspected(asked.direction, asked.table_id, route, wanted, onward)
    after = onward.route
    there = f"{after.destination} -> {after.target or 'nowhere'} ({after.state})" if after else f"no route for {wanted}"
    rule = (
        f"{route.destination} -> {route.target}, another VPC ({route.resource_id}), and from there it does not come on:"
        f" {onward.table_id} has {there}"
    )
    remedy = f"{asked.remedy} Or, if {route.resource_id} shall inspect it, make the route in {onward.table_id}."
    return Hop(asked.direction, GATEWAY, asked.where, rule, False, asked.id, remedy)


def _widest(route: TransitRoute | Route, wanted: str) -> str:
    """Why this route decides, where it is not that of the very destination."""
    return "" if route.destination == wanted else f", the longest prefix that holds {wanted}"


def inspected(direction: str, table_id: str, route: TransitRoute, wanted: str, onward: Onward | None = None) -> Hop:
    """What goes to another VPC by a wide route may come on from there, or not."""
    where = f"transit gateway route table {table_id}"
    rule = f"{route.destination} -> {route.target}, leads to another VPC ({route.resource_id}): an inspection VPC?"
    leads = ", and that the table of that attachment leads on"
    if onward:
        leads = f": {onward.table_id} {'does not lead on' if onward.ends else 'leads on'}"
    remedy = (
        f"See in {route.resource_id} that what comes in for {wanted} is let through and sent back to the transit"
        f" gateway{leads}. If nothing inspects there, a route is missing."
    )
    return Hop(
        direction, GATEWAY, where, f"{rule} What it does with {wanted} cannot be seen from here", None, "", remedy
    )


def to_gateway(direction: str, side: str, subnet: Net, wanted: str, attached: Attached) -> Hop:
    """The table of a subnet must send it to the transit gateway."""
    remedy = f"Make a route for {wanted}, or a prefix around it, to {attached.gateway_id} in the table of {subnet}."
    if subnet.table is None:
        return unseen(direction, side, f"route table of {subnet}", remedy)
    found = "no_return_route" if direction == BACK else "no_route"
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, wanted)
    shown = told(route, wanted)
    if route and route.target == attached.gateway_id and route.state == ACTIVE:
        return Hop(direction, side, where, shown, True)
    lists = [name for name, target in subnet.table.lists if target == attached.gateway_id]
    if lists:
        shown += f", and {', '.join(lists)} -> {attached.gateway_id}, a prefix list that was not read"
        return Hop(direction, side, where, shown, None, remedy=f"See that {', '.join(lists)} holds {wanted}.")
    if route is None:
        return Hop(direction, side, where, shown, False, found, remedy)
    if route.target.startswith("pcx-"):
        shown, found = f"{shown}, and a peering carries the VPC's own addresses alone", "peering"
    if route.target.startswith("vgw-"):
        shown, found = (
            f"{shown}, a virtual private gateway: it carries the VPC's own addresses alone",
            "virtual_private_gateway",
        )
    return Hop(
        direction, side, where, f"{shown} ({route.state})" if route.state != ACTIVE else shown, False, found, remedy
    )


def told(route: Route | None, wanted: str) -> str:
    """A route of a VPC's table, or that there is none."""
    return f"{route.destination} -> {route.target}{_widest(route, wanted)}" if route else f"no route for {wanted}"


def zone(direction: str, side: str, subnet: Net, attached: Attached) -> Hop:
    """A subnet's packets enter a transit gateway only by an attachment subnet in its own zone."""
    where = f"attachment {attached} in {subnet.zone}"
    entry = attached.in_zone(subnet.zone)
    if entry:
        return Hop(direction, side, where, f"enters by {entry.subnet_id}", True)
    if attached.unknown:
        return Hop(direction, side, where, f"{attached.unknown} were not seen", None, NOT_SEEN)
    rule = f"it has no subnet in {subnet.zone}, so that what leaves {subnet.subnet_id} for it is dropped"
    remedy = f"Add a subnet of {subnet.zone} to {attached.attachment_id}."
    return Hop(direction, side, where, rule, False, "no_attachment_subnet", remedy)


def by_subnets(sender: Net | None, out: Attached | None, into: Attached) -> tuple[Sequence[Net], str]:
    """The subnets by which packets may come out of a gateway, and which of them were not seen, or nothing.

    It is the one in the sender's zone where both VPCs have one.
    """
    zone = sender.zone if sender and not into.appliance else ""
    same = into.in_zone(zone) if zone and out and out.in_zone(zone) else None
    return ([same], "") if same else (into.nets, into.unknown)


def unseen(direction: str, side: str, where: str, remedy: str) -> Hop:
    return Hop(direction, side, where, "cannot be seen from here", None, remedy=remedy)
