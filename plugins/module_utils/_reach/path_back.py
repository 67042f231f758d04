# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the answer back, hop by hop.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .._base import net
from .._route.plan import ACTIVE
from . import model, path_acl, path_gateway
from . import path_hops as hops
from .model import Elsewhere, Host, Net, Scene, Transit
from .path_gateway import AtGateway
from .path_hops import BACK, CLIENT, GATEWAY, NODES, Hop


def back(scene: Scene, node: Host) -> Iterator[Hop]:
    """From the node's subnet to the source."""
    if not node.net:
        return
    used = scene.transit.far.gateway_id if scene.transit else ""
    scene = _answered(scene, node.net)
    leg = path_acl.back(scene, node)
    yield from path_acl.judged(leg, path_acl.LEAVES)
    way, source = scene.transit, scene.source.address
    far = way.far if way else scene.elsewhere.far if scene.elsewhere else None
    if far:
        if itself := _to_a_node(scene, node.net):
            yield itself
            return
        nodes = {one.network_interface_id: one.net for one in scene.nodes}
        led = hops.to_gateway(BACK, NODES, node.net, source, far, nodes=nodes)
        if used and used != far.gateway_id:
            led = replace(led, rule=f"{led.rule}, another transit gateway than {used}, by which the packet comes")
        yield led
        if led.astray:  # then what this gateway does with it decides nothing
            return
        entered = (hops.zone(BACK, NODES, node.net, far), *path_acl.judged(leg, path_acl.ENTERS))
        yield from (hops.doubtful(hop, hops.AROUND) if led.detour else hop for hop in entered)
    if way:
        yield _by_gateway(way, source, used)
        yield from _into_source(scene, node.net, way)
    elif scene.elsewhere:
        yield _elsewhere(scene.elsewhere, source)
    elif scene.source_vpc == scene.vpc_id:
        yield _within(scene.source.address, NODES, node.net)
    yield from path_acl.judged(leg, path_acl.ARRIVES)


def _into_source(scene: Scene, sender: Net, way: Transit) -> Iterator[Hop]:
    """What the tables of the subnets by which it enters the source's VPC do, told where it is not as always."""
    if scene.source.net is None:
        return
    by, _unseen = hops.by_subnets(None if way.detours_back else sender, way.far, way.near)
    found = [_within(scene.source.address, CLIENT, entry) for entry in by if entry.table]
    several = any(hop.passes for hop in found)
    why = "which counts only if it comes in by this very subnet"
    yield from (hops.doubtful(hop, why) if several else hop for hop in found if not hop.passes or hop.warning)


def _within(source: str, side: str, subnet: Net) -> Hop:
    """Within the VPC: by the local route, unless one for a whole subnet leads to a firewall, or the like.

    VPC user guide, "Route tables", "Middlebox appliance"; such a route may be more specific than the local one.
    """
    remedy = f"Let the table of {subnet} have no route for a part of the VPC but the local one, or see where it leads."
    if subnet.table is None:
        return hops.unseen(BACK, side, f"route table of {subnet}", remedy)
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    route = model.longest(subnet.table.routes, source)
    if route is None:
        return Hop(BACK, side, where, f"no route for {source} was seen, not even the local one", None, "", remedy)
    if route.target == "local":
        warning = hops.elsewhere((one for one in subnet.table.routes if one.ours), source, "local")
        return Hop(BACK, side, where, f"{source} is local", True, "part_elsewhere", remedy, warning)
    if route.state == ACTIVE or subnet.holds(source):  # within one subnet a router may not be asked
        return hops.past(BACK, side, where, route, source, f"sent on to {source}", remedy)
    rule = f"{hops.told(route, source)} ({route.state}), which drops it"
    return Hop(BACK, side, where, rule, False, "no_return_route", f"Remove or replace that route. {remedy}")


def _to_a_node(scene: Scene, subnet: Net) -> Hop | None:
    """A drop, where the source is an overlay IP itself: the answer goes to the node that holds it."""
    source = scene.source.address
    route = model.longest(subnet.table.routes, source) if subnet.table else None
    if subnet.table is None or route is None or route.network_interface_id not in scene.targets:
        return None
    if route.destination != source and not net.covers(scene.overlay, source):
        return None  # a wide route, as to a node that is a router
    where = f"route table {subnet.table.route_table_id} of {subnet}"
    rule = f"{hops.told(route, source)}, a node: {source} is an overlay IP itself"
    remedy = "Correct from: nobody outside of the VPC has the address of an overlay IP and gets an answer."
    return Hop(BACK, NODES, where, rule, False, "no_return_route", remedy)


def _answered(scene: Scene, sender: Net) -> Scene:
    """By the gateway that a node's table sends the answers to, which need not be that of the packets."""
    gateways = model.led_to([sender.table], scene.source.address)
    way = next((one for one in scene.ways_back if one.far.gateway_id in gateways), None)
    return replace(scene, transit=way, elsewhere=None) if way else scene


def _by_gateway(way: Transit, source: str, used: str) -> Hop:
    """What the table of the nodes' attachment does with the answer; ``used`` is the gateway of the packets."""
    if way.far.table_id is None:
        return path_gateway.unassociated(BACK, way.far)
    table_id = way.far.table_id
    remedy = f"Make a static route for {source} in {table_id}."
    if way.near.attachment_id and way.near.gateway_id == way.far.gateway_id:
        remedy = f"Propagate {way.near.attachment_id} to {table_id}, or make a static route for {source}."
    if used not in ("", way.far.gateway_id):
        remedy = f"Send {source} to {used}, by which the packets come, in the nodes' tables. Or: {remedy}"
    asked = AtGateway(
        BACK, table_id, source, way.back, way.back_on, way.near, way.far, "no_return_route", remedy, way.parts_back
    )
    return path_gateway.gateway_route(way, asked)


def _elsewhere(way: Elsewhere, source: str) -> Hop:
    """To a VPC that may inspect it; or to where no answer gets to the source from."""
    route = way.route
    if route is None:
        where = f"transit gateway route table {way.table_id}"
        rule = f"no route holds all of {source}, but parts of it: {hops.listed(way.parts)}"
        remedy = f"Look from an address of {source} that one of these holds."
        return Hop(BACK, GATEWAY, where, rule, None, "", remedy)
    if not way.lost:
        return path_gateway.inspected(BACK, way.table_id, route, source, way.onward)
    shown = f"{route.destination} -> {route.target or 'nowhere'} ({route.kind}, {route.state})"
    remedy = (
        f"Make a route for {source} to the attachment of its own network in {way.table_id}, or propagate that; or"
        " correct from."
    )
    where = f"transit gateway route table {way.table_id}"
    return Hop(BACK, GATEWAY, where, f"{shown}, {way.lost}", False, "no_return_route", remedy)
