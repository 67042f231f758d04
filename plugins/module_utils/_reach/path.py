# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a packet to an overlay IP and of the answer back: every hop, the rule that decides it, who drops it.

Pure. For each node as holder: a move rewrites the routes inside the VPC, and nothing outside of it, so that all the
rest must be right for the standby, too, and before the failover.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .._base.finding import ERROR, INFO, WARNING, Finding, as_dicts
from . import model
from .client_vpn import ACTIVE
from .model import EPHEMERAL, Attached, Host, Net, Scene, Transit, Tunnel
from .plan import TransitRoute

THERE, BACK = "there", "back"
NODES, GATEWAY, CLIENT, VPN = "nodes' VPC", "transit gateway", "clients' side", "Client VPN"
ALTERNATIVES = "Go by a transit gateway, or put a Network Load Balancer in front (docs/reach.md)."


@dataclass(frozen=True)
class Hop:
    """One decision. ``passes`` is None where it could not be seen; a hop that drops has an ``id`` and a ``remedy``."""

    direction: str
    side: str
    where: str
    rule: str
    passes: bool | None
    id: str = ""
    remedy: str = ""


def paths(scene: Scene) -> list[dict[str, Any]]:
    """What ``overlay_path_info`` returns: one path per node as holder."""
    return [_path(scene, node) for node in scene.nodes]


def _path(scene: Scene, node: Host) -> dict[str, Any]:
    hops = [*_there(scene, node), *_back(scene, node)] if not _impossible(scene) else list(_impossible(scene))
    dropped = [hop for hop in hops if hop.passes is False]
    found = [Finding(h.id, ERROR, f"{h.where}: {h.rule}.", h.remedy) for h in dropped]
    found += [Finding("not_looked_at", INFO, f"{h.where}: {h.rule}.", h.remedy) for h in hops if h.passes is None]
    if scene.source.network_interface_id in scene.targets - {node.network_interface_id}:
        message = f"{scene.source.name} is a node itself: while it has {scene.overlay} up as well, it reaches itself."
        found.append(Finding("reaches_itself", WARNING, message, "Set overlay_ip_exclusive to true (docs/reach.md)."))
    return {
        "source": scene.source.name,
        "holder": node.name,
        "attachment": scene.transit.near.kind if scene.transit else None,
        "works": not dropped,
        "side": dropped[0].side if dropped else None,
        "hops": [
            {"direction": h.direction, "side": h.side, "where": h.where, "rule": h.rule, "passes": h.passes}
            for h in hops
        ],
        "findings": as_dicts(dict.fromkeys(found)),
    }


def lines(scene: Scene, found: Sequence[dict[str, Any]]) -> list[str]:
    """The paths as a person reads them; they end with whose side the fault is on."""
    said = []
    for path in found:
        said.append(f"{scene.source.name} to {scene.overlay}, held by {path['holder']}:")
        for direction, title in ((THERE, "there"), (BACK, "back ")):
            hops = [hop for hop in path["hops"] if hop["direction"] == direction]
            said += [f"  {title}  {_mark(hop)} {hop['where']}: {hop['rule']}" for hop in hops]
        if path["works"]:
            said.append("  It arrives, and so does the answer, as far as this could be seen.")
        else:
            first = next(hop for hop in path["hops"] if hop["passes"] is False)
            said.append(f"  It is dropped ({path['side']}), first at {first['where']}.")
            said += [f"  To do: {f['remedy']}" for f in path["findings"] if f["severity"] == ERROR]
        said += [f"  To look at: {f['remedy']}" for f in path["findings"] if f["id"] == "not_looked_at"]
    sides = list(dict.fromkeys(path["side"] for path in found if path["side"]))
    holders = [path["holder"] for path in found if path["works"]]
    if not sides:
        said.append(f"No fault was seen, whoever of {', '.join(p['holder'] for p in found)} holds it.")
    else:
        only = f" It works while {', '.join(holders)} holds it, and not after a move." if holders else ""
        said.append(f"The fault is on this side: {', '.join(sides)}.{only}")
    return said


def _mark(hop: dict[str, Any]) -> str:
    return {True: "ok  ", False: "DROP", None: "?   "}[hop["passes"]]


# --- what cannot work -------------------------------------------------------------------------------------------------


def _impossible(scene: Scene) -> list[Hop]:
    """No way to the VPC that could carry an overlay IP: a peering, a virtual private gateway, or none at all."""
    if scene.transit or scene.elsewhere or scene.source_vpc == scene.vpc_id:
        return []
    where, rule = f"the way from {scene.source.name} to {scene.vpc_id}", "no way was found"
    remedy = (
        f"Name the attachment of {scene.source.name}'s network in transit_gateway_attachment_id, if it comes by a"
        f" transit gateway, or look from client_vpn:cvpn-endpoint-..., if by a Client VPN. {ALTERNATIVES}"
    )
    found = "no_way"
    if scene.peering_id:
        where, found, remedy = f"peering {scene.peering_id}", "peering", ALTERNATIVES
        rule = f"a peering carries what is addressed to the VPC's own CIDR, and {scene.overlay} lies outside it"
    elif scene.vgw_id:
        where, found, remedy = f"virtual private gateway {scene.vgw_id}", "virtual_private_gateway", ALTERNATIVES
        rule = f"it delivers what is addressed to the VPC's own CIDR, and {scene.overlay} lies outside it"
    return [Hop(THERE, NODES, where, rule, False, found, remedy)]


# --- there ------------------------------------------------------------------------------------------------------------


def _there(scene: Scene, node: Host) -> Iterator[Hop]:
    if scene.tunnel:
        yield from _by_tunnel(scene, scene.tunnel)
    if scene.source_vpc:
        yield from _out_of_source(scene, node)
    if scene.transit:
        yield from _by_gateway(scene, scene.transit)
        yield from _enters(scene, scene.transit, node)
    elif scene.elsewhere:
        remedy = f"Name the attachment of {scene.source.name}'s network in transit_gateway_attachment_id."
        yield _unseen(THERE, CLIENT, f"the way from {scene.source.name} to {scene.elsewhere.far.gateway_id}", remedy)
        for entry in scene.elsewhere.far.nets:
            yield _overlay_route(scene, node, entry)
    elif scene.source.net and scene.source.net.table:
        yield _overlay_route(scene, node, scene.source.net)
    yield from _into_node(scene, node)


def _by_tunnel(scene: Scene, way: Tunnel) -> Iterator[Hop]:
    """What a Client VPN endpoint does with the overlay IP: who may, and by which of its subnets."""
    rules = [f"{one.item.destination} for {one.item.by or 'all clients'} ({one.state})" for one in way.rules]
    works = any(one.phase == ACTIVE for one in way.rules)
    remedy = f"Authorise {scene.overlay} at {way.endpoint_id} (client_vpn_route, or reach.yml)."
    where = f"authorization rules of {way.endpoint_id}"
    shown = ", ".join(rules) or f"none for {scene.overlay}"
    yield Hop(THERE, VPN, where, shown, works, "no_authorization_rule", remedy)
    routes = [f"{one.item.destination} -> {one.item.by} ({one.state})" for one in way.routes]
    works = any(one.phase == ACTIVE for one in way.routes)
    remedy = f"Make a route for {scene.overlay} by {way.subnet_id} (client_vpn_route, or reach.yml)."
    where = f"routes of {way.endpoint_id} by {way.subnet_id}"
    shown = ", ".join(routes) or f"no route for {scene.overlay}"
    yield Hop(THERE, VPN, where, shown, works, "no_client_vpn_route", remedy)


def _out_of_source(scene: Scene, node: Host) -> Iterator[Hop]:
    """Out of the source's interface and subnet, and to what its table says."""
    source, side = scene.source, NODES if scene.source_vpc == scene.vpc_id else CLIENT
    if source.groups:
        passes, rule = model.groups_decide(source.groups.outbound, scene.overlay, scene.ports)
        remedy = (
            f"Allow {scene.overlay} as a CIDR in an outbound rule: no interface has that address, so no group does."
        )
        yield Hop(THERE, side, f"security groups of {source.name}, outbound", rule, passes, "security_group", remedy)
    if not source.net:
        where = f"subnet of {source.name} in {scene.source_vpc}"
        yield _unseen(THERE, side, where, f"Check there that its table sends {scene.overlay} to the transit gateway.")
        return
    if not _same_subnet(scene, node):
        yield from _acl(THERE, side, source.net, scene.overlay, scene.ports, outbound=True)
    if scene.transit:
        yield _to_gateway(THERE, side, source.net, scene.overlay, scene.transit.near)
        yield _zone(THERE, side, source.net, scene.transit.near)
        yield from _attachment_acl(THERE, scene, source.net, scene.ports)


def _by_gateway(scene: Scene, way: Transit) -> Iterator[Hop]:
    """What the table of the source's attachment does with the overlay IP."""
    if scene.source_vpc is None:
        remedy = f"The peered transit gateway needs a static route for {scene.overlay}, too."
        if way.near.kind != "peering":
            remedy = (
                f"With Direct Connect, {scene.overlay} or a prefix around it must be among the allowed prefixes of the"
                " transit gateway's association; a VPN with static routing needs it among its routes."
            )
        yield _unseen(THERE, CLIENT, f"announcement of {scene.overlay} beyond {way.near}", remedy)
    if way.near.table_id is None:
        rule, remedy = "it is associated with no route table", "Associate it with one."
        yield Hop(THERE, GATEWAY, f"attachment {way.near}", rule, False, "no_association", remedy)
        return
    remedy = (
        f"Make a static route for {scene.overlay} to {way.far.attachment_id} in {way.near.table_id}"
        " (transit_gateway_route, or reach.yml)."
    )
    yield _gateway_route(THERE, way, way.near.table_id, scene.overlay, way.there, way.far, "no_static_route", remedy)


def _gateway_route(
    direction: str, way: Transit, table_id: str, wanted: str, route: TransitRoute | None, target: Attached,
    found: str, remedy: str,
) -> Hop:  # fmt: skip
    where = f"transit gateway route table {table_id}"
    if way.unseen:
        return Hop(direction, GATEWAY, where, f"not looked at: {way.unseen}", None, remedy=remedy)
    if route is None:
        return Hop(direction, GATEWAY, where, f"no route for {wanted}", False, found, remedy)
    shown = f"{route.destination} -> {route.target or 'nowhere'} ({route.kind}, {route.state})"
    between = route.target not in (way.near.attachment_id, way.far.attachment_id) and route.state == "active"
    if between and model.inspects(route):
        return _inspected(direction, table_id, route, wanted)
    right = route.target == target.attachment_id and route.state == "active"
    return Hop(direction, GATEWAY, where, shown, right, found, remedy)


def _inspected(direction: str, table_id: str, route: TransitRoute, wanted: str) -> Hop:
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


def _enters(scene: Scene, way: Transit, node: Host) -> Iterator[Hop]:
    """Into the nodes' VPC by a subnet of its attachment, whose table must have the overlay route like any client's."""
    for entry in _entries(scene, way):
        yield _overlay_route(scene, node, entry)
        if node.net and entry.subnet_id != node.net.subnet_id:
            yield from _acl(THERE, NODES, entry, scene.overlay, scene.ports, outbound=True)


def _entries(scene: Scene, way: Transit) -> Sequence[Net]:
    """The subnets by which packets may come: the one in the source's zone where both VPCs have one, else any."""
    zone = scene.source.net.zone if scene.source.net and not way.far.appliance else ""
    same = way.far.in_zone(zone) if zone and way.near.in_zone(zone) else None
    return [same] if same else way.far.nets


def _overlay_route(scene: Scene, node: Host, subnet: Net) -> Hop:
    """The route of the overlay IP itself. Setup and switchover keep it, so any node is right that it leads to."""
    remedy = "Let the table carry the overlay IP: add it to route_table_ids, or leave these out, and run setup."
    if subnet.table is None:
        return _unseen(THERE, NODES, f"route table of {subnet}", remedy)
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, scene.overlay)
    if route is None or route.network_interface_id not in scene.targets:
        shown = f"{route.destination} -> {route.target}" if route else f"no route for {scene.overlay}"
        return Hop(THERE, NODES, where, shown, False, "no_overlay_route", remedy)
    moved = "" if route.network_interface_id == node.network_interface_id else f", moved to {node.name}"
    return Hop(THERE, NODES, where, f"{route.destination} -> {route.target}{moved}", True)


def _into_node(scene: Scene, node: Host) -> Iterator[Hop]:
    """Into the node's subnet and interface."""
    source = scene.source.address
    if node.net and not _same_subnet(scene, node):
        yield from _acl(THERE, NODES, node.net, source, scene.ports, outbound=False)
    if node.groups:
        groups = scene.source.group_ids if scene.source_vpc else ()
        passes, rule = model.groups_decide(node.groups.inbound, source, scene.ports, groups)
        port = f"port {scene.port}" if scene.port else "the service's port"
        remedy = f"Allow {port} from {source} in an inbound rule of {node.groups.name}."
        yield Hop(THERE, NODES, f"security groups of {node.name}, inbound", rule, passes, "security_group", remedy)
    check = "on" if node.source_dest_check else "off"
    where, remedy = f"source/destination check of {node.name}", "Run setup, which switches it off."
    yield Hop(THERE, NODES, where, check, not node.source_dest_check, "source_dest_check", remedy)
    if not node.running:
        yield Hop(THERE, NODES, f"instance of {node.name}", "is not running", False, "not_running", "Start it.")


# --- back -------------------------------------------------------------------------------------------------------------


def _back(scene: Scene, node: Host) -> Iterator[Hop]:
    source = scene.source.address
    if not node.net:
        return
    if not _same_subnet(scene, node):
        yield from _acl(BACK, NODES, node.net, source, EPHEMERAL, outbound=True)
    way = scene.transit
    far = way.far if way else scene.elsewhere.far if scene.elsewhere else None
    if far:
        yield _to_gateway(BACK, NODES, node.net, source, far)
        yield _zone(BACK, NODES, node.net, far)
        entry = far.in_zone(node.net.zone)
        if entry and entry.subnet_id != node.net.subnet_id:
            yield from _acl(BACK, NODES, entry, scene.overlay, EPHEMERAL, outbound=False)
    if way:
        if way.far.table_id is None:
            rule, remedy = "it is associated with no route table", "Associate it with one."
            yield Hop(BACK, GATEWAY, f"attachment {way.far}", rule, False, "no_association", remedy)
        else:
            remedy = f"Propagate {way.near.attachment_id} to {way.far.table_id}, or make a static route for {source}."
            yield _gateway_route(BACK, way, way.far.table_id, source, way.back, way.near, "no_return_route", remedy)
    elif scene.elsewhere:
        yield _inspected(BACK, scene.elsewhere.table_id, scene.elsewhere.route, source)
    else:
        yield Hop(BACK, NODES, f"route table of {node.net}", f"{source} is local", True)
    if way and scene.source.net:
        yield from _attachment_acl(BACK, scene, scene.source.net, EPHEMERAL)
    if scene.source.net and not _same_subnet(scene, node):
        side = CLIENT if way else NODES
        yield from _acl(BACK, side, scene.source.net, scene.overlay, EPHEMERAL, outbound=False)


# --- hops of both directions ------------------------------------------------------------------------------------------


def _to_gateway(direction: str, side: str, subnet: Net, wanted: str, attached: Attached) -> Hop:
    """The table of a subnet must send it to the transit gateway."""
    remedy = f"Make a route for {wanted}, or a prefix around it, to {attached.gateway_id} in the table of {subnet}."
    if subnet.table is None:
        return _unseen(direction, side, f"route table of {subnet}", remedy)
    found = "no_return_route" if direction == BACK else "no_route"
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, wanted)
    shown = f"{route.destination} -> {route.target}" if route else f"no route for {wanted}"
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


def _zone(direction: str, side: str, subnet: Net, attached: Attached) -> Hop:
    """A subnet's packets enter a transit gateway only by an attachment subnet in its own zone."""
    where = f"attachment {attached} in {subnet.zone}"
    entry = attached.in_zone(subnet.zone)
    if entry:
        return Hop(direction, side, where, f"enters by {entry.subnet_id}", True)
    rule = f"it has no subnet in {subnet.zone}, so that what leaves {subnet.subnet_id} for it is dropped"
    remedy = f"Add a subnet of {subnet.zone} to {attached.attachment_id}."
    return Hop(direction, side, where, rule, False, "no_attachment_subnet", remedy)


def _acl(direction: str, side: str, subnet: Net, peer: str, ports: model.Ports, *, outbound: bool) -> Iterator[Hop]:
    """A network ACL keeps no state: the answer needs a rule of its own, for the client's ports."""
    if subnet.acl is None:
        return
    entries = subnet.acl.outbound if outbound else subnet.acl.inbound
    passes, rule = model.acl_decides(entries, peer, ports, every=ports == EPHEMERAL)
    way = "outbound" if outbound else "inbound"
    what = "ports 32768-65535" if ports == EPHEMERAL else "the service's port"
    remedy = f"Allow TCP {what} {'to' if outbound else 'from'} {peer} {way} in {subnet.acl.name}."
    yield Hop(direction, side, f"network ACL {subnet.acl.name} of {subnet}, {way}", rule, passes, "network_acl", remedy)


def _attachment_acl(direction: str, scene: Scene, subnet: Net, ports: model.Ports) -> Iterator[Hop]:
    """The ACL of the source's attachment subnet, where that is another one than the source's own."""
    entry = scene.transit.near.in_zone(subnet.zone) if scene.transit else None
    if entry and entry.subnet_id != subnet.subnet_id:
        yield from _acl(direction, CLIENT, entry, scene.source.address, ports, outbound=direction == BACK)


def _same_subnet(scene: Scene, node: Host) -> bool:
    """Within one subnet no network ACL is asked."""
    return scene.source.net is not None and scene.source.net == node.net


def _unseen(direction: str, side: str, where: str, remedy: str) -> Hop:
    return Hop(direction, side, where, "cannot be seen from here", None, remedy=remedy)
