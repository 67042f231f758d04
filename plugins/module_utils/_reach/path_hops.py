# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One decision on the path of a packet, and those that are the same in both directions.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .._base import net
from .._base.finding import NOT_SEEN
from .._route.plan import ACTIVE, Route, Table
from . import model
from .model import Attached, Net
from .plan import TransitRoute

THERE, BACK = "there", "back"
NODES, GATEWAY, CLIENT, VPN = "nodes' VPC", "transit gateway", "clients' side", "Client VPN"
NOWHERE = ""
"""The side of a source that belongs to nothing known."""
_SHOWN = 3  # of routes that a sentence names
ALTERNATIVES = "Go by a transit gateway, or put a Network Load Balancer in front (docs/reach.md)."


@dataclass(frozen=True)
class Hop:
    """One decision. ``passes`` is None where it could not be seen; a hop that drops has an ``id`` and a ``remedy``.

    ``warning`` says whom it drops all the same, where it passes. ``detour``: it goes to what may send it on, by another
    subnet than its sender's. ``translates``: and from another address. ``astray``: it goes to another transit gateway
    than that of the way, of which nothing is known.
    """

    direction: str
    side: str
    where: str
    rule: str
    passes: bool | None
    id: str = ""
    remedy: str = ""
    warning: str = ""
    detour: bool = False
    translates: bool = False
    astray: bool = False


def elsewhere(parts: Iterable[Route | TransitRoute], wanted: str, *right: str | None) -> str:
    """What leads parts of a network to another target than what is right for it, as a sentence, or nothing."""
    found = [one for one in _inside(parts, wanted) if one.target not in right]
    return f"of {wanted}, a part is led elsewhere: {listed(found)}" if found else ""


def listed(routes: Sequence[Route | TransitRoute]) -> str:
    """Routes, the first of them by name."""
    shown = [f"{one.destination} -> {one.target or 'nowhere'} ({one.state})" for one in routes[:_SHOWN]]
    more = f" and {len(routes) - _SHOWN} more" if len(routes) > _SHOWN else ""
    return f"{', '.join(shown)}{more}"


def _inside(parts: Iterable[Route | TransitRoute], wanted: str) -> Iterator[Route | TransitRoute]:
    """Those for parts of a network."""
    return (one for one in parts if one.destination != wanted and net.covers(wanted, one.destination))


def in_part(parts: Iterable[Route | TransitRoute], wanted: str, *right: str | None) -> str:
    """The first route that leads at least a part of a network where it shall go, or nothing."""
    good = (one for one in _inside(parts, wanted) if one.target in right and one.state == ACTIVE)
    found = next(good, None)
    return f"{found.destination} -> {found.target}" if found else ""


def partly(hop: Hop, part: str, wanted: str) -> Hop:
    """What is dropped of a network as a whole, and a part of it not: then it depends on the address."""
    remedy = f"Look from an address of {wanted}, such as one in {part.split(' ')[0]}. For all of it: {hop.remedy}"
    return replace(hop, passes=None, id="", rule=f"{hop.rule}; for a part of it, {part}", remedy=remedy)


def widest(destination: str, wanted: str) -> str:
    """Why a route decides, where it is not that of the very destination."""
    return "" if destination == wanted else f", the longest prefix that holds {wanted}"


def to_gateway(
    direction: str,
    side: str,
    subnet: Net,
    wanted: str,
    attached: Attached,
    *,
    nodes: Mapping[str, Net | None] | None = None,
    tables: Iterable[Table] = (),
) -> Hop:
    """The table of a subnet must send it to the transit gateway.

    ``nodes`` are the interfaces of the nodes with their subnets: what is sent to one goes on by its own table.
    ``tables`` are those of the VPC, by which a NAT gateway may send it on.
    """
    remedy = f"Make a route for {wanted}, or a prefix around it, to {attached.gateway_id} in the table of {subnet}."
    if subnet.table is None:
        return unseen(direction, side, f"route table of {subnet}", remedy)
    found = "no_return_route" if direction == BACK else "no_route"
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, wanted)
    shown = told(route, wanted)
    if route and route.target == attached.gateway_id and route.state == ACTIVE:
        warning = elsewhere(subnet.table.routes, wanted, route.target, "local")
        return Hop(direction, side, where, shown, True, "part_elsewhere", remedy, warning)
    lists = [name for name, target in subnet.table.lists if target == attached.gateway_id]
    if lists:
        shown += f", and {', '.join(lists)} -> {attached.gateway_id}, a prefix list that was not read"
        return Hop(direction, side, where, shown, None, remedy=f"See that {', '.join(lists)} holds {wanted}.")
    part = in_part(subnet.table.routes, wanted, attached.gateway_id)
    if part:
        return partly(Hop(direction, side, where, shown, False, found, remedy), part, wanted)
    if route is None:
        return Hop(direction, side, where, shown, False, found, remedy)
    if route.state == ACTIVE and route.target.startswith("tgw-"):
        return _astray(direction, side, where, route, wanted, attached, remedy)
    if route.state == ACTIVE and _may_come_on(direction, route, wanted, attached.gateway_id, nodes or {}, tables):
        return past(direction, side, where, route, wanted, f"sent on to {attached.gateway_id}", remedy)
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


def _astray(direction: str, side: str, where: str, route: Route, wanted: str, attached: Attached, remedy: str) -> Hop:
    """What goes to another gateway, whose tables were not read."""
    rule = (
        f"{told(route, wanted)}, another transit gateway than {attached.gateway_id}: where it sends {wanted} cannot be"
        " seen from here"
    )
    remedy = f"See whether {route.target} leads to {wanted}. If not: {remedy}"
    return Hop(direction, side, where, rule, None, "", remedy, detour=True, astray=True)


_LEADS_AWAY = ("local", "igw-", "eigw-", "cagw-", "pcx-", "vgw-")
"""Targets from which nothing comes on to a transit gateway of the same VPC."""


def _may_come_on(
    direction: str, route: Route, wanted: str, gateway_id: str, nodes: Mapping[str, Net | None], tables: Iterable[Table]
) -> bool:
    """Whether what a route leads to may send it on to the transit gateway: a firewall, or an endpoint of one.

    A NAT gateway sends on what a client begins, by the table of its own subnet; an answer that it knows nothing of, it
    drops. Of another kind of target, such as a core network, nothing is known.
    """
    if route.target in nodes:
        own = nodes[route.target]
        return own is None or own.table is None or _leads_to(own.table, wanted, gateway_id)
    if route.target.startswith("nat-"):
        return direction == THERE and any(_leads_to(table, wanted, gateway_id) for table in tables)
    return not route.target.startswith(_LEADS_AWAY)


def _leads_to(table: Table, wanted: str, gateway_id: str) -> bool:
    route = model.longest(table.routes, wanted)
    return route is not None and route.target == gateway_id


def past(direction: str, side: str, where: str, route: Route, wanted: str, on: str, remedy: str) -> Hop:
    """What a route leads to something that may send it on: that is to be seen only there."""
    rule = f"{told(route, wanted)}, which may inspect it, and send it on: that cannot be seen from here"
    remedy = f"See that {route.target} lets it through, and that it is {on}. If nothing shall inspect it: {remedy}"
    translates = route.target.startswith("nat-")
    if translates:
        remedy = f"Look from the address of {route.target}, which is what comes out of it. {remedy}"
    return Hop(direction, side, where, rule, None, "", remedy, detour=True, translates=translates)


def doubtful(hop: Hop, why: str) -> Hop:
    """A drop that is none if the packet does not come by there."""
    return replace(hop, passes=None, id="", rule=f"{hop.rule}; {why}") if hop.passes is False else hop


AROUND = "which does not count if it is sent on from another subnet: that was not seen"


def told(route: Route | None, wanted: str) -> str:
    """A route of a VPC's table, or that there is none."""
    return (
        f"{route.destination} -> {route.target}{widest(route.destination, wanted)}"
        if route
        else f"no route for {wanted}"
    )


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
