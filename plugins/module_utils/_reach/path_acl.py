# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on its way a packet meets a network ACL, and what that says: one table for there and back.

Pure. Rules: VPC user guide, "Network ACL basics" (none is asked within a subnet); transit gateway guide, "Network
ACLs", "Same subnet" and "Different subnets".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .._base.finding import NOT_SEEN
from . import decide
from . import path_hops as hops
from .model import Attached, Ephemeral, Host, Net, Ports, Scene
from .path_hops import BACK, CLIENT, NODES, THERE, Hop

LEAVES, ENTERS, ARRIVES = "leaves", "enters", "arrives"
"""A packet leaves its sender's subnet, enters a gateway, and arrives at its receiver."""


@dataclass(frozen=True)
class Leg:
    """One direction of a path. ``sides`` are the sender's and the receiver's, ``packet`` is from where, and to where.

    ``sender`` and ``receiver`` are None where they lie in no subnet that is seen. By a transit gateway, it goes in by
    the attachment ``out``, and comes out by ``into``. With ``unknown``, by what it comes is not known; with
    ``detours``, it goes by an attachment between, and by which zone it comes out is not known.
    """

    direction: str
    sides: tuple[str, str]
    packet: tuple[str, str]
    ports: Ports | Ephemeral
    sender: Net | None = None
    receiver: Net | None = None
    out: Attached | None = None
    into: Attached | None = None
    unknown: bool = False
    detours: bool = False


@dataclass(frozen=True)
class Asked:
    """One ACL that is asked: at which point of the way, of which subnet, and about whom in which direction.

    ``unsure``: only if the packet comes by this very subnet, or, of the receiver's, if it does not: that is not known.
    """

    point: str
    side: str
    subnet: Net
    peer: str
    outbound: bool
    unsure: bool = False


def there(scene: Scene, node: Host) -> Leg:
    """To the node. Without a way that is known, it may come by any subnet of the nodes' VPC."""
    way, source = scene.transit, scene.source
    into = way.far if way else scene.elsewhere.far if scene.elsewhere else None
    packet, sides = (source.address, scene.overlay), (_side(scene), NODES)
    unknown = into is None and scene.source_vpc != scene.vpc_id
    detours = way is not None and way.detours_there
    near = way.near if way else None
    return Leg(THERE, sides, packet, scene.ports, source.net, node.net, near, into, unknown, detours)


def back(scene: Scene, node: Host) -> Leg:
    """To the source."""
    way, source = scene.transit, scene.source
    out = way.far if way else scene.elsewhere.far if scene.elsewhere else None
    packet, sides = (scene.overlay, source.address), (NODES, _side(scene))
    detours = way is not None and way.detours_back
    near = way.near if way else None
    return Leg(BACK, sides, packet, source.ephemeral, node.net, source.net, out, near, detours=detours)


def _side(scene: Scene) -> str:
    return NODES if scene.source_vpc == scene.vpc_id else CLIENT


def asked(leg: Leg) -> list[Asked]:
    """The table: each ACL that the packet meets, in order."""
    (source, destination), (mine, theirs) = leg.packet, leg.sides
    sender, receiver = leg.sender, leg.receiver
    by_gateway = leg.out or leg.into
    if not by_gateway and sender and receiver and sender.subnet_id == receiver.subnet_id:
        return []
    rows = []
    if sender:
        rows.append(Asked(LEAVES, mine, sender, destination, outbound=True))
        entry = leg.out.in_zone(sender.zone) if leg.out else None
        if entry:  # be it the sender's own subnet
            rows.append(Asked(ENTERS, mine, entry, source, outbound=False))
    if receiver:
        zoned = None if leg.detours else sender
        by, unseen = hops.by_subnets(zoned, leg.out, leg.into) if leg.into else ((), "")
        others = [one for one in by if one.subnet_id != receiver.subnet_id]
        several = leg.detours and (len(by) > 1 or bool(unseen))
        rows += [Asked(ARRIVES, theirs, one, destination, outbound=True, unsure=several) for one in others]
        if others or unseen or not by:  # what comes out of a gateway into its own subnet is asked nothing
            # Of subnets that nobody was shown, none is the receiver's, which is seen; of unread ones, one may be.
            unsure = leg.unknown or bool(leg.into and leg.into.unread) or bool(by and not others)
            unsure = unsure or (several and len(others) < len(by))
            rows.append(Asked(ARRIVES, theirs, receiver, source, False, unsure))
    return rows


def judged(leg: Leg, *points: str) -> Iterator[Hop]:
    """What the ACLs at these points of the way say."""
    for one in asked(leg):
        if one.point in points:
            yield _judged(leg, one)


def _judged(leg: Leg, one: Asked) -> Hop:
    """A network ACL keeps no state: the answer needs a rule of its own, for all of the client's ports."""
    way, acl, ports = "outbound" if one.outbound else "inbound", one.subnet.acl, leg.ports
    if acl is None:
        return Hop(leg.direction, one.side, f"network ACL of {one.subnet}, {way}", "was not seen", None, NOT_SEEN)
    entries = acl.outbound if one.outbound else acl.inbound
    answers = isinstance(ports, Ephemeral)
    needed = ports.ports if isinstance(ports, Ephemeral) else ports
    passes: bool | None
    passes, rule = decide.acl_decides(entries, one.peer, needed, every=answers)
    what = f"ports {needed[0]}-{needed[1]}" if answers else "the service's port"
    warning = ""
    if passes and isinstance(ports, Ephemeral) and ports.rare:
        whole, why = decide.acl_decides(entries, one.peer, ports.rare, every=True)
        low, high = ports.rare
        warning = "" if whole else f"{ports.rarely} gets no answer at its ports {low}-{high}: {why}"
        what = what if whole else f"ports {needed[0]}-{high}"
    if passes and (part := decide.acl_part(entries, one.peer, needed, every=answers)):
        warning = f"{warning}; and a part of it is dropped: {part}" if warning else f"a part is dropped: {part}"
    if not passes and one.unsure:
        counts = "counts only" if one.outbound else "does not count"
        passes, rule = None, f"{rule}, which {counts} if it comes in by this very subnet: that was not seen"
    where = f"network ACL {acl.name} of {one.subnet}, {way}"
    remedy = f"Allow TCP {what} {'to' if one.outbound else 'from'} {one.peer} {way} in {acl.name}."
    return Hop(leg.direction, one.side, where, rule, passes, "network_acl", remedy, warning)
