# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of all providers have in common: their names, the line that marks them as ours, the command. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re

from ..._base.deployment import USUAL
from ..plan import Overlay, Way
from ..source import PRIORITY

_MARK = re.compile(
    r"^# aws_ha\.overlay_ip: (?P<address>[0-9a-f.:]+)/(?P<length>\d+) dev (?P<interface>\S+)"
    r"(?: label (?P<label>\S+))?(?: of (?P<deployment>\S+))?$",
    re.MULTILINE,
)

_WAY = re.compile(
    r"^# aws_ha\.overlay_ip: replies by table (?P<table>\d+) via (?P<gateway>\S+)(?P<theirs> of .*)?$", re.MULTILINE
)


def slug(address: str, joint: str = "-") -> str:
    """An address as part of a file name: letters, digits and ``joint`` only, as the strictest reader (ifupdown's
    source-directory) wants it. Injective: an IPv4 address has four parts, an IPv6 address eight or an empty one."""
    return re.sub(r"[.:]", joint, address)


def mark(overlay: Overlay) -> str:
    """The comment by which a file is known as ours, and from which it is read back."""
    label = f" label {overlay.label}" if overlay.label else ""
    whose = f" of {overlay.deployment}" if overlay.deployment != USUAL else ""
    return (
        f"# aws_ha.overlay_ip: {overlay.cidr} dev {overlay.interface}{label}{whose}\n"
        f"{_way(overlay.way)}"
        "# Managed by Ansible: changes here are overwritten.\n"
    )


def marked(text: str | None) -> Overlay | None:
    """The overlay of a file of ours; None for any other file."""
    found = _MARK.search(text or "")
    if not found:
        return None
    by = _WAY.search(text or "")
    way = Way(int(by["table"]), by["gateway"], not by["theirs"]) if by else None
    whose = found["deployment"] or USUAL
    return Overlay(found["address"], int(found["length"]), found["interface"], found["label"] or "", way, whose)


def ip_replace(overlay: Overlay) -> str:
    """The iproute2 command that puts the address there, and changes nothing where it is there.

    /sbin/ip exists on every distribution, merged /usr or not. IPv6: preferred_lft 0 keeps it from being chosen as the
    source of outbound traffic; nodad, since nobody else on the link can have it.
    """
    command = f"/sbin/ip address replace {overlay.cidr} dev {overlay.interface}"
    if overlay.family == 6:
        return f"{command} valid_lft forever preferred_lft 0 nodad"
    return f"{command} label {overlay.label}" if overlay.label else command


def ip_steer(overlay: Overlay) -> list[str]:
    """The iproute2 commands that let replies leave by the interface, see :mod:`..source`; none where they do already.

    The last one fails where the rule is there.
    """
    way, ip = overlay.way, f"/sbin/ip -{overlay.family}"
    if way is None:
        return []
    route = f"{ip} route replace default via {way.gateway} dev {overlay.interface} onlink table {way.table}"
    rule = f"{ip} rule add from {overlay.address} lookup {way.table} priority {PRIORITY}"
    return [route, rule] if way.ours else [rule]


def quietly(command: str) -> str:
    """A command whose failure stops nobody: the address is worth more than the way of its replies."""
    return f"{command} 2>/dev/null || true"


def _way(way: Way | None) -> str:
    theirs = "" if way is None or way.ours else " of another program"
    return f"# aws_ha.overlay_ip: replies by table {way.table} via {way.gateway}{theirs}\n" if way else ""
