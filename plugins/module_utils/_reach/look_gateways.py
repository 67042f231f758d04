# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what another transit gateway does, where a table of a VPC leads to another one than that of the way.

A packet and its answer may go by two gateways, since these keep no state. No call is made where there is but one.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .look_near import Around
from .model import Attached, Net, Scene, Transit, led_to
from .owners import Raw

Details = Callable[[Sequence[Raw]], Mapping[str, Raw]]
"""The VPC attachments among these with their subnets and options, by id."""


def others(around: Around, found: Scene, own: Sequence[Raw], nets: Mapping[str, Net], details: Details) -> Scene:
    """With the ways by gateways that the nodes' and the source's tables lead to, beside that of the way itself.

    ``own`` are the attachments of the nodes' VPC, ``nets`` the subnets of both VPCs that are seen.
    """
    way = found.transit
    used = way.far.gateway_id if way else found.elsewhere.far.gateway_id if found.elsewhere else ""
    near = way.near if way else None
    back = led_to((node.net.table for node in found.nodes if node.net), found.source.address) - {used}
    ways_back = [_back(around, near, raw, nets, details) for raw in own if raw["TransitGatewayId"] in back]
    out = led_to([found.source.net.table] if found.source.net and way else [], found.overlay) - {used}
    ways_out = [_out(around, found, own, raw, nets, details) for raw in _attached(around, found, out)]
    return replace(found, ways_back=tuple(ways_back), ways_out=tuple(ways_out))


def _attached(around: Around, found: Scene, gateways: set[str]) -> list[Raw]:
    """The attachments of the source's VPC to these: a call, where there is one."""
    seen = around.owners.attachments(found.source_vpc, around.sight) if gateways and found.source_vpc else []
    return [raw for raw in seen if raw["TransitGatewayId"] in gateways]


def _back(around: Around, near: Attached | None, far: Raw, nets: Mapping[str, Net], details: Details) -> Transit:
    """What the other gateway does with the answers."""
    gateway_id, source = far["TransitGatewayId"], around.request.source
    raws = (raw for raw in around.theirs if near and raw["ResourceId"] == near.resource_id)
    end = next((raw for raw in raws if raw["TransitGatewayId"] == gateway_id), None)
    known = details([far, *([end] if end else [])])
    mine = around.attached(far, known, nets)
    beyond = near if near and near.premises else Attached("", gateway_id, "", "")
    theirs = around.attached(end, known, nets) if end else beyond
    if mine.table_id is None:
        return Transit(theirs, mine)
    route, unseen = around.longest(far, mine.table_id, source)
    if unseen is not None:
        return Transit(theirs, mine, unseen=unseen)
    onward = around.onward(far, route, source, *([end] if end else []))
    parts = around.parts(far, mine.table_id, source)
    return Transit(theirs, mine, back=route, back_on=onward, parts_back=parts)


def _out(
    around: Around, found: Scene, own: Sequence[Raw], near: Raw, nets: Mapping[str, Net], details: Details
) -> Transit:
    """What the other gateway does with the packets. The nodes' VPC is attached to it only where a way was named."""
    gateway_id = near["TransitGatewayId"]
    far = next((raw for raw in own if raw["TransitGatewayId"] == gateway_id), None)
    theirs = around.attached(near, details([near]), nets)
    mine = around.attached(far) if far else Attached("", gateway_id, "", "")
    if theirs.table_id is None:
        return Transit(theirs, mine)
    route, unseen = around.longest(near, theirs.table_id, found.overlay)
    if unseen is not None:
        return Transit(theirs, mine, unseen=unseen)
    return Transit(theirs, mine, there=route, parts_there=around.parts(near, theirs.table_id, found.overlay))
