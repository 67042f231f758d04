# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of a network ACL, and of security groups, say of packets from or to a network.

Pure. Rules: VPC user guide, "Network ACL rules" and "Security group rules".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from .._base import net
from .model import ANY, Entry, Ports


def acl_decides(entries: Sequence[Entry], peer: str, ports: Ports, *, every: bool) -> tuple[bool, str]:
    """Whether the ACL lets these ports of ``peer`` through, and the rule that says so.

    The first rule that matches decides. With ``every``, all the ports must be let through, else one is enough. Rules
    for parts of a network count where they let all of it through together; see `acl_part` for what they deny of it.
    """
    passes, rule = _of_whole(entries, peer, ports, every=every)
    if not passes:
        parts = _parts(entries, peer)
        each = [_of_whole(entries, part, ports, every=every) for part in parts]
        if all(good for good, _rule in each):
            return True, each[0][1]
        some = next((f"{part} alone is let through, by {rule}" for part, (good, rule) in zip(parts, each) if good), "")
        rule = f"{rule} ({some})" if some else rule
    return passes, rule


def acl_part(entries: Sequence[Entry], peer: str, ports: Ports, *, every: bool) -> str:
    """The first part of a network that is not let through, with the rule that says so, or nothing."""
    for part in _parts(entries, peer):
        passes, rule = _of_whole(entries, part, ports, every=every)
        if not passes:
            return f"{part}: {rule}"
    return ""


def _parts(entries: Sequence[Entry], peer: str) -> list[str]:
    """A network in parts, of which every rule covers the whole or nothing."""
    parts: list[net.Network] = [ipaddress.ip_network(peer)]
    for entry in entries:
        if "/" in entry.peer and entry.peer != peer and net.covers(peer, entry.peer):
            block = ipaddress.ip_network(entry.peer)
            found: list[net.Network] = []
            for part in parts:
                inside = block != part and net.covers(str(part), str(block))
                found += [block, *part.address_exclude(block)] if inside else [part]  # type: ignore[arg-type]
            parts = found
    return [str(one) for one in sorted(parts, key=lambda one: one.network_address)]


def _of_whole(entries: Sequence[Entry], peer: str, ports: Ports, *, every: bool) -> tuple[bool, str]:
    left = [ports]
    allowed: Entry | None = None
    for entry in sorted(entries, key=lambda e: e.number):
        hit = [cut for part in left if (cut := _overlap(part, entry.ports))] if _covers(entry, peer) else []
        if not hit:
            continue
        if every and not entry.allow:
            return False, str(entry)
        if not every and entry.allow:
            return True, str(entry)
        allowed = allowed or entry
        left = [rest for part in left for rest in _without(part, entry.ports)]
        if not left:
            return every, str(allowed)
    return False, "no rule but the last: deny everything"


def groups_decide(
    entries: Sequence[Entry], peer: str, ports: Ports, groups: Sequence[str] | None = ()
) -> tuple[bool | None, str]:
    """Whether one of the rules lets a port through: None where only something that was not read may do so.

    That is a prefix list; and another group, where it is not known which ``groups`` the peer has (None).
    """
    fits = [e for e in entries if _overlap(e.ports, ports) == ports or (ports == ANY and _overlap(e.ports, ports))]
    for entry in fits:
        if entry.peer in (groups or ()) or _covers(entry, peer):
            return True, str(entry)
    parts = [e for e in fits if "/" in e.peer and net.covers(peer, e.peer)]
    blocks = [ipaddress.ip_network(e.peer) for e in parts]
    if blocks and [ipaddress.ip_network(peer)] == list(ipaddress.collapse_addresses(blocks)):  # type: ignore[type-var]
        return True, " and ".join(str(e) for e in parts)
    lists = next((e for e in fits if e.peer.startswith("pl-")), None)
    if lists:
        return None, f"{lists}, a prefix list that was not read"
    named = next((e for e in fits if e.peer.startswith("sg-")), None) if groups is None else None
    if named:
        return None, f"{named}, and whether {peer} has that security group was not seen"
    return False, f"no rule allows all of {peer}, only a part of it: {parts[0]}" if parts else f"no rule allows {peer}"


def _covers(entry: Entry, peer: str) -> bool:
    return "/" in entry.peer and net.family(entry.peer) == net.family(peer) and net.within(peer, entry.peer)


def _overlap(one: Ports, other: Ports) -> Ports | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def _without(part: Ports, cut: Ports) -> list[Ports]:
    pieces = [(part[0], min(part[1], cut[0] - 1)), (max(part[0], cut[1] + 1), part[1])]
    return [piece for piece in pieces if piece[0] <= piece[1]]
