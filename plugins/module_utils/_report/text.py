# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks work out of the modules' results: whom to route to, what to take back, what to tell.

Pure; the filter plugins are its only callers.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._inventory import calls
from .._route import plan

Dict = Mapping[str, Any]


def node_of(shown: Dict | None, nodes: Mapping[str, Dict]) -> str | None:
    """The node that a route points at; else its instance or interface; None where there is no route."""
    if not shown:
        return None
    ids = (shown.get("instance_id"), shown.get("network_interface_id"))
    for name, node in nodes.items():
        if (node["instance_id"] and node["instance_id"] == ids[0]) or (
            node["network_interface_id"] and node["network_interface_id"] == ids[1]
        ):
            return name
    return ids[0] or ids[1] or shown.get("target")


def setup_calls(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The calls of overlay_route that setup makes, each with its node.

    A new route goes where the other tables' healthy routes point already, else to the home node: after a failover a
    table that was added meanwhile must not split the overlay.
    """
    return calls.route_calls(_settled(model, seen), by_home=True)


def held_calls(model: Dict, seen: Iterable[Dict], node: str) -> list[dict[str, Any]]:
    """The calls of overlay_interface for the addresses that a node holds, or will hold once setup is done."""
    return calls.interface_calls([o for o in _settled(model, seen) if o["home"] == node])


def _settled(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The overlays, each with the node that holds it or that setup will give it to as its home."""
    holders = {}
    for overlay in seen:
        healthy = {node_of(r, model["nodes"]) for r in overlay["routes"] if r["state"] == "active"}
        if len(healthy) == 1 and (holder := healthy.pop()) in model["nodes"]:
            holders[overlay["destination"]] = holder
    return [{**o, "home": holders.get(o["destination"], o["home"])} for o in model["overlays"]]


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


def move_report(
    model: Dict, results: Iterable[Dict], seconds: Dict | None = None, seen: Iterable[Dict] = ()
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
    return {
        "overlays": list(overlays.values()),
        "region": model["region"],
        "caller": model["caller"],
        "target": model.get("target"),
        "seconds": {name: round(float(value), 3) for name, value in (seconds or {}).items()},
    }


def move_lines(report: Dict) -> list[str]:
    """The same, for a person to read."""
    lines = []
    for overlay in report["overlays"]:
        before, after = (", ".join(holder or "nobody" for holder in overlay[side]) for side in ("before", "after"))
        tables = len(overlay["tables"])
        lines.append(f"{overlay['destination']}: {before} -> {after} in {tables} route table{'s' * (tables != 1)}")
        lines += [f"  {t['route_table_id']}: {t['error']['message']}" for t in overlay["tables"] if t["error"]]
    if report["seconds"]:
        lines.append("seconds: " + ", ".join(f"{name} {value:.2f}" for name, value in report["seconds"].items()))
    if report["caller"]:
        lines.append("asked for by " + report["caller"])
    return lines


def status_report(model: Dict, seen: Iterable[Dict], hosts: Mapping[str, Dict]) -> dict[str, Any]:
    """Who holds what, and every finding: AWS's (``seen``) and the nodes' own (``hosts``, by name)."""
    overlays = []
    for overlay in seen:
        tables = [{"route_table_id": r["route_table_id"], **_holder(r, model)} for r in overlay["routes"]]
        overlays.append(
            {
                "destination": overlay["destination"],
                "consistent": overlay["consistent"],
                "holder": node_of(overlay["holder"], model["nodes"]),
                "tables": tables,
                "findings": overlay["findings"],
            }
        )
    nodes = {name: _node(name, hosts.get(name, {}), model, overlays) for name in model["nodes"]}
    return {"overlays": overlays, "nodes": nodes, "region": model["region"], "healthy": not _errors(overlays, nodes)}


def status_lines(report: Dict) -> list[str]:
    """The same, for a person to read."""
    lines = []
    for overlay in report["overlays"]:
        lines.append(f"{overlay['destination']}: {_holders(overlay)}")
        lines += [_table_line(t) for t in overlay["tables"]]
        lines += _finding_lines(overlay["findings"])
    for name, node in report["nodes"].items():
        holds = ", ".join(node["addresses"]) or "no overlay IP"
        engines = "".join(f"; {view['engine']}: {view['state']}" for view in node["failover"])
        lines.append(f"{name}: {'has ' + holds + engines if node['reachable'] else 'cannot be reached'}")
        lines += _finding_lines(node["findings"])
    return lines


def _holders(overlay: Dict) -> str:
    if overlay["holder"]:
        return f"held by {overlay['holder']}"
    holders = sorted({t["holder"] for t in overlay["tables"] if t["holder"]})
    return f"SPLIT between {', '.join(holders)}" if len(holders) > 1 else "held by " + (holders or ["nobody"])[0]


def _table_line(table: Dict) -> str:
    state = "" if table["state"] in ("active", None) else " " + table["state"]
    return f"  {table['route_table_id']}: {table['holder'] or 'no route'}{state}"


def _finding_lines(findings: Sequence[Dict]) -> list[str]:
    return [f"  {f['severity']}: {f['message']} {f['remedy']}" for f in findings]


def _holder(route: Dict, model: Dict) -> dict[str, Any]:
    return {"holder": node_of(route, model["nodes"]), "state": route["state"]}


def _node(name: str, host: Dict, model: Dict, overlays: Sequence[Dict]) -> dict[str, Any]:
    """What a node says of itself, and whether that fits what AWS says."""
    if not host or host.get("unreachable") or host.get("failed"):
        why = str(host.get("msg") or "no answer").strip().splitlines()[0]
        found = [
            _finding("node_unreachable", "warning", f"{name} cannot be asked: {why}", "See to the node or its ssh.")
        ]
        return {"reachable": False, "addresses": [], "findings": found, "failover": []}
    held = [a["address"] for a in host.get("addresses") or () if a["live"]]
    found = list(host.get("findings", []))
    by_destination = {wanted["destination"]: wanted for wanted in model["overlays"]}
    for overlay in overlays:
        wanted = by_destination[overlay["destination"]]  # read per group of tables, so in an order of its own
        missing = [a for a in wanted["node_addresses"] if a not in held]
        holds = overlay["holder"] == name
        if missing and (holds or model["persistent"]) and not (model["exclusive"] and not holds):
            found.append(
                _finding(
                    "address_missing",
                    "error" if holds else "warning",
                    f"{name} does not have {', '.join(missing)} on an interface.",
                    "Run setup: it brings the address up and makes it permanent.",
                )
            )
    mine = [a for o in model["overlays"] for a in o["node_addresses"] if a in held]
    views = host.get("failover", [])
    found += [f for overlay in overlays for view in views for f in _disagreement(name, view, overlay)]
    return {"reachable": True, "addresses": mine, "findings": found, "failover": views}


def _disagreement(name: str, view: Dict, overlay: Dict) -> list[dict[str, str]]:
    """A failover engine that takes another node for the holder than AWS does."""
    says = name if view["holder"] == "self" else view["holder"]
    holder = overlay["holder"]
    if says == holder or (not says and holder != name):
        return []
    return [
        _finding(
            "engine_disagrees",
            "error",
            f"{view['engine']} on {name} ({view['state']}) takes {says or 'nobody'} for the holder of"
            f" {overlay['destination']}, but AWS routes it to {holder or 'no single node'}.",
            "Wait a moment and look again; if it stays, run the switchover to the node that shall have it.",
        )
    ]


def _finding(name: str, severity: str, message: str, remedy: str) -> dict[str, str]:
    return {"id": name, "severity": severity, "message": message, "remedy": remedy}


def _errors(overlays: Sequence[Dict], nodes: Mapping[str, Dict]) -> list[Dict]:
    places = [*overlays, *nodes.values()]
    return [f for place in places for f in place["findings"] if f["severity"] == "error"]


def _routes(results: Iterable[Dict]) -> Iterable[Dict]:
    return (route for result in results for route in result.get("routes", ()))


def _key(route: Dict) -> tuple[str, str]:
    return route["route_table_id"], route["destination"]
