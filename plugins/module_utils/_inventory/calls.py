# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fewest calls of the modules that serve all overlay IPs and nodes of the model.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def route_calls(overlays: Sequence[Mapping[str, Any]], *, by_home: bool) -> list[dict[str, Any]]:
    """Overlays that one call of overlay_route can serve, since they share tables (and home, where that counts)."""
    calls: dict[tuple[Any, ...], dict[str, Any]] = {}
    for overlay in overlays:
        tables, vpc_id = overlay["route_table_ids"], overlay["vpc_id"]
        home = overlay["home"] if by_home else None
        empty = {"destinations": [], "addresses": [], "route_table_ids": tables, "vpc_id": vpc_id, "home": home}
        call = calls.setdefault((tuple(tables), vpc_id, home), empty)
        call["destinations"].append(overlay["destination"])
        call["addresses"] += [a for a in overlay["node_addresses"] if a != overlay["destination"]]
    return list(calls.values())


def interface_calls(overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Addresses that one call of overlay_interface can bring up: same interface, same label.

    Those that a cluster's own resource moves are left to it.
    """
    calls: dict[tuple[str, str], dict[str, Any]] = {}
    for overlay in overlays:
        if overlay.get("moved_by"):
            continue
        key = overlay["interface"], overlay["label"]
        call = calls.setdefault(key, {"interface": key[0], "label": key[1], "addresses": []})
        call["addresses"] += [a for a in overlay["node_addresses"] if a not in call["addresses"]]
    return [call for call in calls.values() if call["addresses"]]


def interface_groups(nodes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The nodes' receiving interfaces, grouped by the call of source_dest_check that serves them."""
    named = [node["network_interface_id"] for node in nodes.values() if node["network_interface_id"]]
    groups: list[dict[str, Any]] = [{"network_interface_ids": named}] if named else []
    rest = [node for node in nodes.values() if not node["network_interface_id"]]
    for index in sorted({node["device_index"] for node in rest}):
        ids = [node["instance_id"] for node in rest if node["device_index"] == index and node["instance_id"]]
        if ids:
            groups.append({"device_index": index, "instance_ids": ids})
    return groups
