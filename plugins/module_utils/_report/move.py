# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a move, and what a failed one leaves to be sent back.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .._inventory.holders import Dict, node_of
from .._route import plan


def rollback_calls(results: Iterable[Dict]) -> list[dict[str, Any]]:
    """The calls that send what was moved back to where it was, and only what still points where this move sent it.

    What another mover took stays with him. What could not be read back may have been moved, and is sent back too. A
    route that was created stays: nothing is deleted.
    """
    calls: dict[tuple[str, str, str], dict[str, Any]] = {}
    for result in results:
        target = result.get("network_interface_id")
        for route in result.get("routes", ()):
            was, now = ((route[side] or {}).get("network_interface_id") for side in ("before", "after"))
            unknown = (route["error"] or {}).get("code") == plan.UNREAD
            if not was or not target or was == target or not (unknown or now == target):
                continue
            empty = {
                "destinations": [route["destination"]],
                "route_table_ids": [],
                "network_interface_id": was,
                "expected_holder": target,
            }
            call = calls.setdefault((was, target, route["destination"]), empty)
            call["route_table_ids"].append(route["route_table_id"])
    return list(calls.values())


def left_at_target(results: Iterable[Dict], rollbacks: Iterable[Dict] = ()) -> list[str]:
    """Where an overlay IP points, or may point, at the target after a move that failed and was sent back.

    As long as there is any, the address must stay up there. A module that was killed told nothing: then it is unknown.
    """
    back = {_key(route): route for route in _routes(rollbacks)}
    left = []
    for result in results:
        if "routes" not in result and (result.get("failed") or result.get("unreachable")):
            return ["an unknown number of route tables"]
        for route in result.get("routes", ()):
            last = back.get(_key(route), route)
            now, error = last["after"] or {}, last["error"] or {}
            if error.get("code") == plan.UNREAD or now.get("network_interface_id") == result["network_interface_id"]:
                left.append(f"{route['destination']} in {route['route_table_id']}")
    return left


def report(
    model: Dict, results: Sequence[Dict], seconds: Dict | None = None, seen: Iterable[Dict] = ()
) -> dict[str, Any]:
    """The stat ``overlay_ip_result`` of setup, switchover and teardown.

    ``seen`` is what overlay_route_info saw before a cluster made the move, so that overlay_route had nothing to do.
    """
    earlier = {(o["destination"], route["route_table_id"]): route for o in seen for route in o["routes"]}
    overlays: dict[str, dict[str, Any]] = {}
    for route in _routes(results):
        was = earlier.get((route["destination"], route["route_table_id"]), route["before"])
        before, after = (node_of(shown, model["nodes"]) for shown in (was, route["after"]))
        overlay = overlays.setdefault(
            route["destination"], {"destination": route["destination"], "before": [], "after": [], "tables": []}
        )
        overlay["tables"].append(
            {
                "route_table_id": route["route_table_id"],
                "action": route["action"],
                "before": before,
                "after": after,
                "error": route["error"],
            }
        )
        for side, holder in (("before", before), ("after", after)):
            if holder not in overlay[side]:
                overlay[side].append(holder)
    phases = {name: round(float(value), 3) for name, value in (seconds or {}).items()}
    return {
        "overlays": list(overlays.values()),
        "region": model["region"],
        "caller": model["caller"],
        "target": model.get("target"),
        "seconds": phases,
        "requests": _requests(results),
    }


def lines(report: Dict) -> list[str]:
    """The same, for a person to read."""
    told = []
    for overlay in report["overlays"]:
        before, after = (", ".join(holder or "nobody" for holder in overlay[side]) for side in ("before", "after"))
        tables = len(overlay["tables"])
        told.append(f"{overlay['destination']}: {before} -> {after} in {tables} route table{'s' * (tables != 1)}")
        told += [f"  {t['route_table_id']}: {t['error']['message']}" for t in overlay["tables"] if t["error"]]
    if report["seconds"]:
        told.append("seconds: " + ", ".join(f"{name} {value:.2f}" for name, value in report["seconds"].items()))
    if report["caller"]:
        told.append("asked for by " + report["caller"])
    return told


def _requests(results: Iterable[Dict]) -> dict[str, list[str]]:
    """The ids of the requests that wrote, by operation."""
    ids: dict[str, list[str]] = {}
    for result in results:
        for name, found in (result.get("requests") or {}).items():
            ids.setdefault(name, []).extend(found)
    return ids


def _routes(results: Iterable[Dict]) -> Iterable[Dict]:
    return (route for result in results for route in result.get("routes", ()))


def _key(route: Dict) -> tuple[str, str]:
    return route["route_table_id"], route["destination"]
