# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a packet to an overlay IP, hop by hop.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .._base.finding import NOT_SEEN
from .._route.plan import ACTIVE
from . import client_vpn, decide, model, path_acl, path_gateway
from . import path_hops as hops
from .model import Attached, Beside, Entry, Host, Net, Scene, Transit, Tunnel
from .path_gateway import AtGateway
from .path_hops import CLIENT, NODES, THERE, VPN, Hop

_INSPECTING = ("eni-", "vpce-")
"""What a route may lead to in a VPC that looks at what passes: a firewall's interface, an endpoint of one."""


def there(scene: Scene, node: Host) -> Iterator[Hop]:
    """From the source to the node's interface."""
    if scene.tunnel:
        yield from _by_tunnel(scene, scene.tunnel)
    if scene.source_vpc:
        yield from _out_of_source(scene, node)
    if scene.transit:
        reached = (*_by_gateway(scene, scene.transit), *_entered(scene, node, scene.transit.near, scene.transit.far))
        gateways = _gateways(scene)
        astray = bool(gateways) and scene.transit.near.gateway_id not in gateways
        yield from (hops.doubtful(hop, _ASTRAY) if astray else hop for hop in reached)
        if astray:  # by which subnet it comes is not known
            scene = replace(scene, transit=None)
    elif scene.elsewhere:
        where = f"the way from {scene.source.name} to {scene.elsewhere.far.gateway_id}"
        remedy = f"Name the attachment of {scene.source.name}'s network in transit_gateway_attachment_id."
        yield hops.unseen(THERE, CLIENT, where, remedy)
        yield from _entered(scene, node, None, scene.elsewhere.far)
    elif scene.source_vpc == scene.vpc_id and scene.source.net:
        yield _overlay_route(scene, node, scene.source.net)
    yield from into_node(scene, node)


def _by_tunnel(scene: Scene, way: Tunnel) -> Iterator[Hop]:
    """What a Client VPN endpoint does with the overlay IP: who may, and by which of its subnets."""
    rules = [f"{one.item.destination} for {one.item.by or 'all clients'} ({one.state})" for one in way.rules]
    works = any(one.phase == client_vpn.ACTIVE for one in way.rules)
    remedy = f"Authorise {scene.overlay} at {way.endpoint_id} (client_vpn_route, or reach.yml)."
    where = f"authorization rules of {way.endpoint_id}"
    shown = ", ".join(rules) or f"none for {scene.overlay}"
    yield Hop(THERE, VPN, where, shown, works, "no_authorization_rule", remedy)
    routes = [f"{one.item.destination} -> {one.item.by} ({one.state})" for one in way.routes]
    works = any(one.phase == client_vpn.ACTIVE for one in way.routes)
    remedy = f"Make a route for {scene.overlay} by {way.subnet_id} (client_vpn_route, or reach.yml)."
    where = f"routes of {way.endpoint_id} by {way.subnet_id}"
    shown = ", ".join(routes) or f"no route for {scene.overlay}"
    yield Hop(THERE, VPN, where, shown, works, "no_client_vpn_route", remedy)


def _no_interface(scene: Scene) -> bool:
    """Whether the source is one address of a VPC, and no interface that could be seen has it."""
    source = scene.source
    alone = ipaddress.ip_network(source.address).num_addresses == 1
    return alone and source.net is not None and not (source.network_interface_id or source.group_ids)


def _out_of_source(scene: Scene, node: Host) -> Iterator[Hop]:
    """Out of the source's interface and subnet, and to what its table says."""
    source, side = scene.source, NODES if scene.source_vpc == scene.vpc_id else CLIENT
    if source.groups:
        passes, rule = decide.groups_decide(source.groups.outbound, scene.overlay, scene.ports)
        remedy = (
            f"Allow {scene.overlay} as a CIDR in an outbound rule: no interface has that address, so no group does."
        )
        yield Hop(THERE, side, f"security groups of {source.name}, outbound", rule, passes, "security_group", remedy)
    elif _no_interface(scene):
        where, rule = f"network interface of {source.name}", "none that has this address was seen"
        remedy = f"See that a machine has {source.name}, and that its security groups let {scene.overlay} out."
        yield Hop(THERE, side, where, rule, None, remedy=remedy)
    if not source.net and scene.source_nets and scene.transit:
        yield from _out_of_parts(scene, scene.transit.near)
        return
    if not source.net:
        where = f"subnet of {source.name} in {scene.source_vpc}"
        remedy = f"Check there that its table sends {scene.overlay} to the transit gateway."
        if scene.source_vpc == scene.vpc_id:
            remedy = f"No subnet holds all of {source.name}: look from an address in one of them."
        yield hops.unseen(THERE, side, where, remedy)
        return
    leg = path_acl.there(scene, node)
    yield from path_acl.judged(leg, path_acl.LEAVES)
    other = next((one for one in scene.ways_out if one.near.gateway_id in _gateways(scene)), None)
    if other and scene.transit:
        led = hops.to_gateway(THERE, side, source.net, scene.overlay, other.near)
        used = scene.transit.far.gateway_id
        yield replace(led, rule=f"{led.rule}, another transit gateway than {used}, which leads to the nodes")
        yield hops.zone(THERE, side, source.net, other.near)
        yield _at_another(scene, other, source.net, used)
    elif scene.transit:
        near, tables = scene.transit.near, scene.source_tables
        led = hops.to_gateway(THERE, side, source.net, scene.overlay, near, tables=tables)
        yield led
        entered = (hops.zone(THERE, side, source.net, near), *path_acl.judged(leg, path_acl.ENTERS))
        yield from (hops.doubtful(hop, hops.AROUND) if led.detour else hop for hop in entered)


_ASTRAY = "which counts only if it comes by there from another transit gateway: that was not seen"


def _gateways(scene: Scene) -> set[str]:
    """The transit gateway that the source's own table sends the packet to, where it is seen; of a network, several."""
    nets = (scene.source.net,) if scene.source.net else scene.source_nets
    return model.led_to([one.table for one in nets], scene.overlay)


def _at_another(scene: Scene, way: Transit, subnet: Net, used: str) -> Hop:
    """What another gateway does with the packet."""
    by = Beside(way.near, way.there, way.there_on, way.unseen)
    hop = _at_gateway(scene, way, by)
    remedy = f"Send {scene.overlay} to {used} in the table of {subnet}."
    return replace(hop, remedy=remedy) if hop.passes is False and not way.far.attachment_id else hop


def _out_of_parts(scene: Scene, near: Attached) -> Iterator[Hop]:
    """What the tables of the subnets of a whole network do: where but some drop, it depends on the address.

    In those of the attachment itself nobody else need be, as is AWS's advice.
    """
    entries = {*near.hidden, *(one.subnet_id for one in near.nets)}
    nets = [one for one in scene.source_nets if one.subnet_id not in entries] or scene.source_nets
    tables = scene.source_tables
    judged = [hops.to_gateway(THERE, CLIENT, one, scene.overlay, near, tables=tables) for one in nets]
    good, bad = [h for h in judged if h.passes], [h for h in judged if h.passes is False]
    yield from (hop for hop in judged if hop.passes is None)
    if not good:
        whole = len(bad) == len(judged)
        yield from (hop if whole else hops.doubtful(hop, "others of its subnets were not seen") for hop in bad)
        return
    warned = [f"in {hop.where}, {hop.rule}" for hop in bad] + [h.warning for h in good if h.warning]
    where = f"{good[0].where}{f', and {len(good) - 1} more' if len(good) > 1 else ''}"
    remedy = next((hop.remedy for hop in (*bad, *good)), "")
    yield replace(good[0], where=where, warning="; ".join(warned), remedy=remedy)


def _by_gateway(scene: Scene, way: Transit) -> Iterator[Hop]:
    """What the table of the source's attachment does with the overlay IP."""
    if scene.source_vpc is None:
        yield _beyond(scene, way)
    known = way.back_on.route if way.back_on else way.back
    if known and scene.source_vpc is None and ipaddress.ip_network(known.destination).prefixlen == 0:
        where, rule = f"the network of {scene.source.name}", f"nothing knows it but a default route, to {way.near}"
        remedy = f"If {scene.source.name} is not behind {way.near.attachment_id}, correct from."
        yield Hop(THERE, CLIENT, where, rule, None, remedy=remedy)
    ways = [Beside(way.near, way.there, way.there_on, way.unseen), *way.beside]
    judged = {one.attached.table_id or one.attached.attachment_id: _at_gateway(scene, way, one) for one in ways}
    some = any(hop.passes is not False for hop in judged.values())
    yield from (_of_several(hop) if some and hop.passes is False else hop for hop in judged.values())


def _at_gateway(scene: Scene, way: Transit, by: Beside) -> Hop:
    table_id, wanted = by.attached.table_id, scene.overlay
    if table_id is None:
        return path_gateway.unassociated(THERE, by.attached)
    remedy = (
        f"Make a static route for {scene.overlay} to {way.far.attachment_id} in {table_id}"
        " (transit_gateway_route, or reach.yml)."
    )
    parts = way.parts_there if by.attached == way.near else ()
    asked = AtGateway(
        THERE,
        table_id,
        wanted,
        by.there,
        by.there_on,
        way.far,
        by.attached,
        "no_static_route",
        remedy,
        parts,
        by.unseen,
    )
    return path_gateway.gateway_route(way, asked)


def _of_several(hop: Hop) -> Hop:
    """What drops by one of several ways: the network outside may use those alone that are in order."""
    rule = (
        f"{hop.rule}: what comes in by this one is dropped, if any does; another attachment of that network is in order"
    )
    return replace(hop, rule=rule, passes=None, id="")


def _beyond(scene: Scene, way: Transit) -> Hop:
    """What lies behind the source's attachment, of which nothing is seen here."""
    near, source = way.near, scene.source.name
    if near.kind == "vpc":
        rule = f"it lies outside of {near.resource_id}: how it comes from there cannot be seen from here"
        remedy = f"See in {near.resource_id} that what {source} sends to {scene.overlay} goes to {near.gateway_id}."
        return Hop(THERE, CLIENT, f"the network of {source} beyond {near}", rule, None, remedy=remedy)
    remedy = f"The peered transit gateway needs a static route for {scene.overlay}, too."
    if near.kind != "peering":
        remedy = (
            f"With Direct Connect, {scene.overlay} or a prefix around it must be among the allowed prefixes of the"
            " transit gateway's association; a VPN with static routing needs it among its routes."
        )
    return hops.unseen(THERE, CLIENT, f"announcement of {scene.overlay} beyond {near}", remedy)


def _entered(scene: Scene, node: Host, near: Attached | None, far: Attached) -> Iterator[Hop]:
    """Into the nodes' VPC by a subnet of its attachment, whose table must have the overlay route like any client's."""
    detours = scene.transit is not None and scene.transit.detours_there
    by, unseen = hops.by_subnets(None if detours else scene.source.net, near, far)
    if unseen:
        yield Hop(THERE, NODES, f"route tables of attachment {far}", f"{unseen} were not seen", None, NOT_SEEN)
    found = [_overlay_route(scene, node, entry) for entry in by]
    unsure = detours and (unseen or any(hop.passes is not False for hop in found))
    why = "which counts only if it comes in by this very subnet: that was not seen"
    yield from (hops.doubtful(hop, why) if unsure else hop for hop in found)


def _overlay_route(scene: Scene, node: Host, subnet: Net) -> Hop:
    """The route of the overlay IP itself. Setup and switchover keep it, so any node is right that it leads to."""
    remedy = "Let the table carry the overlay IP: add it to route_table_ids, or leave these out, and run setup."
    if subnet.table is None:
        return hops.unseen(THERE, NODES, f"route table of {subnet}", remedy)
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, scene.overlay)
    lists = [name for name, target in subnet.table.lists if target in scene.targets]
    if lists and (route is None or route.network_interface_id not in scene.targets):
        names, shown = ", ".join(lists), hops.told(route, scene.overlay)
        shown += f", and {names} leads to a node, a prefix list that was not read"
        return Hop(THERE, NODES, where, shown, None, remedy=f"See that {names} has {scene.overlay}.")
    if route and route.state == ACTIVE and route.target.startswith(_INSPECTING) and route.target not in scene.own:
        return hops.past(THERE, NODES, where, route, scene.overlay, "sent on to a node", remedy)
    if route is None or route.network_interface_id not in scene.targets:
        state = f" ({route.state})" if route and route.state != ACTIVE else ""
        shown = f"{hops.told(route, scene.overlay)}{state}"
        dropped = Hop(THERE, NODES, where, shown, False, "no_overlay_route", remedy)
        part = hops.in_part(subnet.table.routes, scene.overlay, *scene.targets)
        return hops.partly(dropped, part, scene.overlay) if part else dropped
    moved = "" if route.network_interface_id == node.network_interface_id else f", moved to {node.name}"
    warning = hops.elsewhere(subnet.table.routes, scene.overlay, *scene.targets)
    return Hop(
        THERE, NODES, where, f"{hops.told(route, scene.overlay)}{moved}", True, "part_elsewhere", remedy, warning
    )


def into_node(scene: Scene, node: Host) -> Iterator[Hop]:
    """Into the node's subnet and interface."""
    source = scene.source.address
    yield from path_acl.judged(path_acl.there(scene, node), path_acl.ARRIVES)
    if node.groups:
        passes, rule = _let_in(scene, node, node.groups.inbound)
        port = f"port {scene.port}" if scene.port else "the service's port"
        remedy = f"Allow {port} from {source} in an inbound rule of {node.groups.name}."
        if passes is None:
            remedy = f"See whether it lets {source} in; a rule for {source} itself always does."
        yield Hop(THERE, NODES, f"security groups of {node.name}, inbound", rule, passes, "security_group", remedy)
    check = "on" if node.source_dest_check else "off"
    where, remedy = f"source/destination check of {node.name}", "Run setup, which switches it off."
    yield Hop(THERE, NODES, where, check, not node.source_dest_check, "source_dest_check", remedy)
    if not node.running:
        yield Hop(THERE, NODES, f"instance of {node.name}", "is not running", False, "not_running", "Start it.")


def _let_in(scene: Scene, node: Host, entries: Sequence[Entry]) -> tuple[bool | None, str]:
    """Whether the node's security groups let the source in, and the rule that says so.

    A group that the source has counts in one VPC. From another one it does by a transit gateway that supports it, and
    by attachments that do (VPC user guide, "Security group referencing"; transit gateway guide, "VPC attachments").
    """
    source, peer = scene.source, scene.source.address
    others = [entry for entry in entries if entry.peer not in node.group_ids]
    if scene.source_vpc is None:  # outside of AWS nobody has a group; where it is, may not be known
        return decide.groups_decide(others, peer, scene.ports, () if scene.transit else None)
    known = bool(source.network_interface_id or source.group_ids)
    if scene.source_vpc == scene.vpc_id:
        return decide.groups_decide(entries, peer, scene.ports, source.group_ids if known else None)
    without = decide.groups_decide(entries, peer, scene.ports)
    if without[0] is not False:
        return without
    passes, rule = decide.groups_decide(others, peer, scene.ports, source.group_ids if known else None)
    if not passes:
        return passes, rule
    way, support = scene.transit, "SecurityGroupReferencingSupport"
    if way is None or way.referencing is None:
        return None, f"{rule}, which counts from another VPC only with {support}: that was not seen"
    off = [str(end) for end in (way.near, way.far) if not end.referencing]
    off = off if way.referencing else [way.near.gateway_id, *off]
    if off:
        return False, f"{rule}, which does not count from {scene.source_vpc}: {support} is off at {' and '.join(off)}"
    return True, f"{rule}, by {support} of {way.near.gateway_id}"
