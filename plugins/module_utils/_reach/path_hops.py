# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One decision on the path of a packet, and those that are the same in both directions.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._base.finding import NOT_SEEN
from .._route.plan import Route
from . import model
from .model import Attached, Ephemeral, Host, Net, Ports, Scene, Transit
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


def gateway_route(
    direction: str, way: Transit, table_id: str, wanted: str, route: TransitRoute | None, target: Attached,
    found: str, remedy: str,
) -> Hop:  # fmt: skip
    where = f"transit gateway route table {table_id}"
    if way.unseen:
        return Hop(direction, GATEWAY, where, f"not looked at: {way.unseen}", None, NOT_SEEN)
    if route is None:
        return Hop(direction, GATEWAY, where, f"no route for {wanted}", False, found, remedy)
    shown = f"{route.destination} -> {route.target or 'nowhere'} ({route.kind}, {route.state}){_widest(route, wanted)}"
    between = route.target not in (way.near.attachment_id, way.far.attachment_id) and route.state == "active"
    if between and model.inspects(route):
        return inspected(direction, table_id, route, wanted)
    right = route.target == target.attachment_id and route.state == "active"
    return Hop(direction, GATEWAY, where, shown, right, found, remedy)


def _widest(route: TransitRoute | Route, wanted: str) -> str:
    """Why this route decides, where it is not that of the very destination."""
    return "" if route.destination == wanted else f", the longest prefix that holds {wanted}"


def inspected(direction: str, table_id: str, route: TransitRoute, wanted: str) -> Hop:
    """What goes to another VPC by a wide route may come on from there, or not."""
    where = f"transit gateway route table {table_id}"
    rule = f"{route.destination} -> {route.target}, leads to another VPC ({route.resource_id}): an inspection VPC?"
    remedy = (
        f"See in {route.resource_id} that what comes in for {wanted} is let through and sent back to the transit"
        " gateway, and that the table of that attachment leads on. If nothing inspects there, a route is missing."
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
    if route and route.target == attached.gateway_id and route.state == "active":
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
        direction, side, where, f"{shown} ({route.state})" if route.state != "active" else shown, False, found, remedy
    )


def told(route: Route | None, wanted: str) -> str:
    """A route of a VPC's table, or that there is none."""
    return f"{route.destination} -> {route.target}{_widest(route, wanted)}" if route else f"no route for {wanted}"


def zone(direction: str, side: str, subnet: Net, attached: Attached) -> Hop:
    """A subnet's packets enter a transit gateway only by an attachment subnet in its own zone."""
    where = f"attachment {attached} in {subnet.zone}"
    if attached.unread:
        return Hop(direction, side, where, "its subnets were not seen", None, NOT_SEEN)
    entry = attached.in_zone(subnet.zone)
    if entry:
        return Hop(direction, side, where, f"enters by {entry.subnet_id}", True)
    rule = f"it has no subnet in {subnet.zone}, so that what leaves {subnet.subnet_id} for it is dropped"
    remedy = f"Add a subnet of {subnet.zone} to {attached.attachment_id}."
    return Hop(direction, side, where, rule, False, "no_attachment_subnet", remedy)


def acl(
    direction: str, side: str, subnet: Net, peer: str, ports: Ports | Ephemeral, *, outbound: bool
) -> Iterator[Hop]:
    """A network ACL keeps no state: the answer needs a rule of its own, for all of the client's ports."""
    if subnet.acl is None:
        return
    entries = subnet.acl.outbound if outbound else subnet.acl.inbound
    answers = isinstance(ports, Ephemeral)
    needed = ports.ports if isinstance(ports, Ephemeral) else ports
    passes, rule = model.acl_decides(entries, peer, needed, every=answers)
    way = "outbound" if outbound else "inbound"
    what = f"ports {needed[0]}-{needed[1]}" if answers else "the service's port"
    whither = f"{'to' if outbound else 'from'} {peer} {way} in {subnet.acl.name}."
    warning = ""
    if passes and isinstance(ports, Ephemeral) and ports.rare:
        whole, why = model.acl_decides(entries, peer, ports.rare, every=True)
        low, high = ports.rare
        warning = "" if whole else f"{ports.rarely} gets no answer at its ports {low}-{high}: {why}"
        what = what if whole else f"ports {needed[0]}-{high}"
    where, remedy = f"network ACL {subnet.acl.name} of {subnet}, {way}", f"Allow TCP {what} {whither}"
    yield Hop(direction, side, where, rule, passes, "network_acl", remedy, warning)


def by_subnets(sender: Net | None, out: Attached, into: Attached) -> Sequence[Net]:
    """The subnets by which packets may come out of a gateway: the one in the sender's zone where both VPCs have one."""
    zone = sender.zone if sender and not into.appliance else ""
    same = into.in_zone(zone) if zone and out.in_zone(zone) else None
    return [same] if same else into.nets


def to_gateway_acl(
    direction: str, side: str, subnet: Net, attached: Attached, source: str, ports: Ports | Ephemeral
) -> Iterator[Hop]:
    """The ACL of the subnet by which packets enter a gateway: its inbound rules, by their source.

    They count even where it is the sender's own subnet (transit gateway guide, "Network ACLs", "Same subnet").
    """
    if entry := attached.in_zone(subnet.zone):
        yield from acl(direction, side, entry, source, ports, outbound=False)


def from_gateway_acl(
    direction: str, side: str, by: Sequence[Net], into: Net, packet: tuple[str, str], ports: Ports | Ephemeral
) -> Iterator[Hop]:
    """The ACLs of the subnet by which packets come out of a gateway, and of the one where they arrive.

    Within one subnet neither is asked (transit gateway guide, "Network ACLs", "Same subnet"). ``packet`` is from where,
    and to where.
    """
    source, destination = packet
    others = [entry for entry in by if entry.subnet_id != into.subnet_id]
    for entry in others:
        yield from acl(direction, side, entry, destination, ports, outbound=True)
    if others or not by:
        yield from acl(direction, side, into, source, ports, outbound=False)


def same_subnet(scene: Scene, node: Host) -> bool:
    """Within one subnet no network ACL is asked."""
    return scene.source.net is not None and scene.source.net == node.net


def unseen(direction: str, side: str, where: str, remedy: str) -> Hop:
    return Hop(direction, side, where, "cannot be seen from here", None, remedy=remedy)
