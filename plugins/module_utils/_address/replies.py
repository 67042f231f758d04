# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay IPs that are up and whose replies do not leave by the interface at which requests arrive. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .._base.finding import ERROR, Finding
from . import source
from .persist.tree import Host
from .plan import Held, Node, Rule

_STRICT = "1"


def findings(host: Host, node: Node, cidrs: Collection[str]) -> list[Finding]:
    """What is wrong with the way of the replies.

    Args:
        host: the node, for its rp_filter.
        node: as it was read, with its rules and the default routes of all tables.
        cidrs: the overlays that are up.
    """
    return [f for held in node.held if held.cidr in cidrs for f in _findings(host, node, held)]


def _findings(host: Host, node: Node, held: Held) -> Iterator[Finding]:
    other = source.elsewhere(held.interface, held.family, node)
    if not other:
        return
    known = source.known(held, node)
    missing = [turn.what for turn in source.lacking(held, node)]
    if known and not missing:
        return
    message = f"{held.cidr} is on {held.interface}, but its replies leave by {other}, where EC2 drops them"
    if not known:
        yield Finding(
            "replies_elsewhere", ERROR, f"{message}: {source.no_gateway(held)}.", f"{source.REMEDY} Run setup."
        )
        return
    lost = " and ".join(
        f"the rule from {what.source}" if isinstance(what, Rule) else f"the default route of table {what.table}"
        for what in missing
    )
    verb = "are" if len(missing) > 1 else "is"
    also = ", and strict reverse path filtering (rp_filter=1) drops the requests before" if _strict(host, held) else ""
    yield Finding("replies_elsewhere", ERROR, f"{message}: {lost} {verb} missing{also}.", "Run setup.")


def _strict(host: Host, held: Held) -> bool:
    """The kernel takes the higher of two values (ip-sysctl); 2 is loose. IPv6 has no such filter."""
    names = ("all", held.interface) if held.family == 4 else ()
    values = [(host.read(f"/proc/sys/net/ipv4/conf/{name}/rp_filter") or "0").strip() for name in names]
    return max(values, default="0") == _STRICT
