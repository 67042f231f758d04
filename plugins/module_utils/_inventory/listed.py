# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed prefix lists by which overlay IPs are routed: what setup has to do to them, and why it cannot.

Setup adds an address as an entry whose description is :func:`mark`, and by that alone it knows later what it added:
the entries of others are nobody's leftovers. Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._base import net
from .._route import entries
from .._route.facts import PrefixList
from .holders import Dict

_MISSING, _UNSEEN = "list_missing", "not_looked_at"
_LONGEST = 255
"""Characters of a description (EC2 API reference, AddPrefixListEntry)."""


def mark(model: Dict) -> str:
    """The description of the entries that setup adds: one list may serve pairs of several VPCs."""
    return f"aws_ha.overlay_ip {model['deployment']}: {', '.join(sorted(model['nodes']))}"[:_LONGEST]


def refused(model: Dict, seen: Iterable[Dict]) -> list[str]:
    """Why setup does not begin, a sentence each."""
    found: list[str] = []
    for overlay, shown in _listed(model, seen):
        told = {finding["id"]: finding for finding in shown["findings"] if finding["id"] in (_MISSING, _UNSEEN)}
        if shown.get("prefix_list") or _MISSING in told:
            addresses = overlay["node_addresses"]
            found += entries.unusable(_read(shown), overlay["destination"], addresses, model["region"])
        elif _UNSEEN in told:
            found.append(f"Setup must see what is in {overlay['destination']}. {told[_UNSEEN]['message']}")
    return list(dict.fromkeys(found))


def additions(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The calls of overlay_prefix_list that setup makes, before it routes anything."""
    return [
        {"prefix_list_id": overlay["destination"], "addresses": more, "description": mark(model)}
        for overlay, shown in _listed(model, seen)
        if (more := _lacking(_read(shown), overlay["node_addresses"]))
    ]


def removals(model: Dict) -> list[dict[str, Any]]:
    """Those that teardown makes, when nothing is routed any more."""
    return [
        {"prefix_list_id": o["destination"], "addresses": list(o["node_addresses"]), "description": mark(model)}
        for o in model["overlays"]
        if net.is_list(o["destination"])
    ]


def leftovers(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The entries that setup once added, and that the inventory has no more; as calls that take them out.

    Args:
        model: the inventory's.
        seen: what `overlay_route_info` saw, of the inventory's overlay IPs, and of those that it has no more.
    """
    wanted = {o["destination"]: set(o["node_addresses"]) for o in model["overlays"]}
    found: dict[str, dict[str, Any]] = {}
    for shown in seen:
        listed, destination = _read(shown), shown["destination"]
        own = entries.added_by(listed, mark(model)) if listed else []
        if left := [address for address in own if address not in wanted.get(destination, ())]:
            found[destination] = {"prefix_list_id": destination, "addresses": left, "description": mark(model)}
    return list(found.values())


def findings(overlay: Dict, shown: Dict) -> Iterator[dict[str, str]]:
    """What status tells of one overlay IP: an address that is not in its list is routed by nobody."""
    listed = _read(shown)
    if listed and (more := entries.lacking(listed, overlay["node_addresses"])):
        yield {
            "id": "list_entry_missing",
            "severity": "error",
            "message": f"{entries.named(more)} {'is' if len(more) == 1 else 'are'} not in {listed.prefix_list_id}: no"
            " packet gets there by it.",
            "remedy": "Run setup: it adds what is missing.",
        }


def _listed(model: Dict, seen: Iterable[Dict]) -> Iterator[tuple[Dict, Dict]]:
    """The overlay IPs of the inventory that are routed by a list, each with what was seen of it."""
    by_destination = {shown["destination"]: shown for shown in seen}
    for overlay in model["overlays"]:
        shown = by_destination.get(overlay["destination"])
        if shown is not None and net.is_list(overlay["destination"]):
            yield overlay, shown


def _read(shown: Mapping[str, Any]) -> PrefixList | None:
    return entries.of_shown(shown["prefix_list"]) if shown.get("prefix_list") else None


def _lacking(listed: PrefixList | None, addresses: Iterable[str]) -> list[str]:
    """All of them, where nothing is known of the list."""
    return entries.lacking(listed, addresses) if listed else list(addresses)
