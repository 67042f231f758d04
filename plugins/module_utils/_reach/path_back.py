# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the answer back, hop by hop.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import path_hops as hops
from .model import Host, Scene
from .path_hops import BACK, CLIENT, GATEWAY, NODES, Hop


def back(scene: Scene, node: Host) -> Iterator[Hop]:
    """From the node's subnet to the source."""
    source, ports = scene.source.address, scene.source.ephemeral
    if not node.net:
        return
    if not hops.same_subnet(scene, node):
        yield from hops.acl(BACK, NODES, node.net, source, ports, outbound=True)
    way = scene.transit
    far = way.far if way else scene.elsewhere.far if scene.elsewhere else None
    if far:
        yield hops.to_gateway(BACK, NODES, node.net, source, far)
        yield hops.zone(BACK, NODES, node.net, far)
        yield from hops.to_gateway_acl(BACK, NODES, node.net, far, scene.overlay, ports)
    if way:
        if way.far.table_id is None:
            rule, remedy = "it is associated with no route table", "Associate it with one."
            yield Hop(BACK, GATEWAY, f"attachment {way.far}", rule, False, "no_association", remedy)
        else:
            remedy = f"Propagate {way.near.attachment_id} to {way.far.table_id}, or make a static route for {source}."
            yield hops.gateway_route(BACK, way, way.far.table_id, source, way.back, way.near, "no_return_route", remedy)
    elif scene.elsewhere:
        yield hops.inspected(BACK, scene.elsewhere.table_id, scene.elsewhere.route, source)
    elif scene.source_vpc == scene.vpc_id:
        yield Hop(BACK, NODES, f"route table of {node.net}", f"{source} is local", True)
    net = scene.source.net
    if net and way:
        by = hops.by_subnets(node.net, way.far, way.near)
        yield from hops.from_gateway_acl(BACK, CLIENT, by, net, (scene.overlay, source), ports)
    elif net and not hops.same_subnet(scene, node):
        yield from hops.acl(BACK, NODES, net, scene.overlay, ports, outbound=False)
