# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status page shows, as plain values: the report that `status` prints, sorted for eyes.

Nothing is judged anew here: findings, holders and the engines' views are the report's. What is added is one word for
each overlay IP and node, the commands that a remedy names, and the picture. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._base.finding import ERROR, INFO, WARNING
from .._inventory.holders import Dict, by_engine
from .._inventory.variables import BY_NAME
from .._node.moves import again, moment
from . import history, outside, readiness, remedies, status, topology

STATES: Mapping[str, tuple[str, str]] = {
    "split": ("Split", "bad"),
    "blackhole": ("Black hole", "bad"),
    "absent": ("No route", "bad"),
    "drifted": ("Drifted", "warn"),
    "unknown": ("Not known", "warn"),
    "unprotected": ("Unprotected", "warn"),
    "ok": ("OK", "ok"),
}
"""Of an overlay IP, the worst first: what people read, and its colour."""

FLEET = 10
"""More overlay IPs than this are shown as a table with a filter."""
_PICTURES = 4  # groups of nodes that are drawn; a fleet of hundreds is no picture
_SEVERITIES = (ERROR, WARNING, INFO)


def page(
    reports: Sequence[Dict], made: str, inventory: Sequence[str] = (), wrong: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """All that the template reads.

    Args:
        reports: of `status`, one for each group of nodes, by the name in its ``group``; or else in ``pair``.
        made: when they were made, in UTC as RFC 3339 has it.
        inventory: the inventories that Ansible was given, for the commands.
        wrong: of each group of which there is no report, why: a sentence.
    """
    overlays: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    pictures: list[dict[str, Any]] = []
    for given in reports:
        report = {**given, "pair": _pair(given)}
        mine = _nodes(report)
        serves = _serves(report)
        here = [_overlay(overlay, report, mine, serves) for overlay in report["overlays"]]
        findings += remedies.findings(report, here, mine, inventory)
        pictures += _pictures(report, here, mine) if len(reports) <= _PICTURES else []
        overlays += here
        nodes += mine.values()
    lost = wrong or {}
    findings += [remedies.unlooked(name, why) for name, why in lost.items()]
    findings.sort(key=lambda finding: _SEVERITIES.index(finding["severity"]))
    overlays.sort(key=lambda overlay: list(STATES).index(overlay["state"]))
    for number, overlay in enumerate(overlays):
        overlay["number"] = number
    counts = {state: sum(1 for o in overlays if o["state"] == state) for state in STATES}
    severities = {finding["severity"] for finding in findings}
    return {
        "made": made,
        "regions": sorted({report["region"] for report in reports}),
        "verdict": "bad" if ERROR in severities else "warn" if WARNING in severities else "ok",
        "headline": _with(_headline(overlays, counts) + _unreached(reports, counts, len(overlays)), overlays, lost),
        "summary": _with(status.total(reports), overlays, lost),
        "states": [
            {"state": state, "label": label, "kind": kind, "count": counts[state]}
            for state, (label, kind) in STATES.items()
        ],
        "fleet": len(overlays) > FLEET,
        "overlays": overlays,
        "nodes": nodes,
        "unproved": any(node["unproved"] for node in nodes),
        "proved": any(node["proof"] for node in nodes),
        "zones": sorted({zone for o in overlays for zone in [o["zone"]] if zone}),
        "findings": findings,
        "moves": list(_moves([record for report in reports for record in report.get("moves") or ()], made)),
        "pictures": pictures,
        "lines": [
            line
            for report in reports
            for line in [*status.lines(report, every_table=len(reports) == 1), *outside.lines(report)]
        ]
        + [remedies.unlooked(name, why)["message"] for name, why in lost.items()],
    }


def _pair(report: Dict) -> str:
    """The group's name as commands must give it; empty where it is the usual one, which they need not."""
    group = str(report.get("group") or "")
    return str(report.get("pair") or ("" if group == BY_NAME["overlay_ip_group"].default else group))


def _moves(records: Sequence[Dict], made: str) -> Iterator[dict[str, Any]]:
    """The moves, the last one first, each with how long it was until the one after it, or until the page was made.

    Each is where it was by the controller's clock, which made the page. A failure that was met again and again is where
    it was last met: nothing, where the next move began before that.
    """
    following, then = moment(made), "until now"
    ordered = sorted(enumerate(records), key=lambda one: (history.met(one[1]) or 0.0, one[0]), reverse=True)
    for _number, record in ordered:
        at, ended = moment(record["time"]), history.met(record)
        begun = None if at is None else at - record.get("ahead", 0.0)
        pause = ""
        if ended is not None and following is not None and following >= ended:
            pause = f"{readiness.while_(following - ended)} {then}"
        yield {**_move(record), "pause": pause}
        following, then = min((at for at in (begun, following) if at is not None), default=None), "until the next move"


def _move(record: Dict) -> dict[str, Any]:
    """A record of `_node.moves`, as the page shows it."""
    why, often = "; ".join(filter(None, (record["by"], record["why"], record["error"]))), again(record)
    seconds, ahead = record["seconds"].get("all"), float(record.get("ahead", 0.0))
    off = f"{readiness.while_(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}" if abs(ahead) >= 1 else ""
    return {
        "at": record["time"],
        "clock": f"by the clock of {record['node']}, {off}" if off else "",
        "destinations": ", ".join(dict.fromkeys(table["destination"] for table in record["tables"])),
        "from": ", ".join(record["from"]),
        "to": record["to"],
        "seconds": "" if seconds is None else f"{seconds:.2f}",
        "done": record["done"],
        "why": f"{why} ({often})" if often else why,
    }


def _headline(overlays: Sequence[Dict], counts: Mapping[str, int]) -> str:
    if len(overlays) == 1:
        (only,) = overlays
        if only["unread"]:
            return f"{only['destination']}: AWS could not be asked"
        told = {
            "blackhole": "is a black hole: AWS drops its packets",
            "absent": "has no route",
            "drifted": f"{only['says']}, but has drifted",
            "unknown": f"{only['says']}, which cannot be asked",
            "unprotected": f"{only['says']}, unprotected",
        }
        return f"{only['destination']} {told.get(only['state'], only['says'])}"
    if counts["ok"] == len(overlays):
        return f"All {len(overlays)} overlay IPs are well" if overlays else "There is no overlay IP"
    wrong = ", ".join(
        f"{count} {STATES[state][0].lower()}" for state, count in counts.items() if count and state != "ok"
    )
    return f"{len(overlays)} overlay IPs: {wrong}"


def _with(told: str, overlays: Sequence[Dict], wrong: Mapping[str, str]) -> str:
    """What is told, and what is not here at all; that alone where nothing is, for nothing is not well."""
    if not wrong:
        return told
    unlooked = f"{len(wrong)} pair{'s' * (len(wrong) > 1)} could not be looked at"
    return f"{told}, and {unlooked}" if overlays else unlooked


def _unreached(reports: Sequence[Dict], counts: Mapping[str, int], number: int) -> str:
    """What is to be added where all overlay IPs are well in their VPC."""
    found = [finding for report in reports for _client, found in outside.findings(report) for finding in found]
    lost = ERROR in {finding["severity"] for finding in found}
    return ", but not reached from everywhere" if lost and counts["ok"] == number else ""


def _nodes(report: Dict) -> dict[str, dict[str, Any]]:
    """The report's nodes by name, each with its place, and whether it could take over."""
    found = {}
    unread = any(overlay.get("unread") for overlay in report["overlays"])
    places = {name: place for network in report.get("networks", ()) for name, place in network["nodes"].items()}
    for name, node in report["nodes"].items():
        place = places.get(name, {})
        held = [overlay["destination"] for overlay in report["overlays"] if overlay["holder"] == name]
        judged = readiness.of(node, place)
        ready = judged.answer
        parts = [[table["holder"] == name for table in overlay["tables"]] for overlay in report["overlays"]]
        part = max((part for part in parts if any(part) and not all(part)), key=sum, default=None)
        role = "holder" if held else "in part" if part else "not known" if unread else "standby"
        says = could = {"yes": "could take over", "no": "could not take over", "unknown": "cannot be asked"}[ready]
        wrong = ERROR in {finding["severity"] for finding in node["findings"]}
        if held:
            count = f"{len(held)} overlay IPs" if len(held) > 1 else held[0]
            says = f"holds {count}" + ("" if node["reachable"] else ", cannot be asked")
        elif part:
            says = f"{sum(part)} of {len(part)} route tables lead{'s' * (sum(part) == 1)} here"
        found[name] = {
            "name": name,
            "role": role,
            "held": held,
            "ready": ready,
            "why": judged.why,
            "proof": judged.proof,
            "unproved": judged.unproved,
            "says": says,
            "could": could,
            "kind": _colour(bool(held) and node["reachable"], wrong=wrong, well=ready == "yes" and not part),
            "reachable": node["reachable"],
            "addresses": node["addresses"],
            "engines": [f"{view['engine']}: {view['state']}" for view in node["failover"]],
            "zone": place.get("zone"),
            "subnet_id": place.get("subnet_id"),
            "instance_id": place.get("instance_id"),
            "instance_state": place.get("state"),
            "private_ip": place.get("private_ip"),
            "source_dest_check": place.get("source_dest_check"),
            "where": " · ".join(part for part in (place.get("private_ip"), place.get("instance_id")) if part),
            "count": len(node["findings"]),
        }
    return found


def _colour(serves: bool, /, *, wrong: bool, well: bool) -> str:
    if serves:
        return "bad" if wrong else "ok"
    return "ok" if well else "warn"


def _overlay(overlay: Dict, report: Dict, nodes: Mapping[str, Dict], serves: Mapping[str, list[str]]) -> dict[str, Any]:
    state = _state(overlay, report, nodes)
    label, kind = STATES[state]
    holder = overlay["holder"] or _sole(overlay)
    others = [node for name, node in nodes.items() if name != holder]
    able = [node for node in others if node["ready"] == "yes"]
    ready = [node["name"] + (f" ({node['proof']})" if node["proof"] else "") for node in able]
    unread = bool(overlay.get("unread"))
    none = "not known" if unread else "none" if others else "no other node"
    if unread:  # one of them is the holder
        able, ready = [], []
    return {
        "destination": overlay["destination"],
        "pair": report.get("pair") or "",
        "carries": overlay.get("carries") or [],
        "state": state,
        "label": label,
        "kind": kind,
        "told": (told := status.holders(overlay).replace("SPLIT", "split")),
        "says": "AWS could not be asked" if unread else f"is {told}",
        "unread": unread,
        "holder": holder,
        "zone": nodes[holder]["zone"] if holder and holder in nodes else None,
        "tables": [
            {
                **table,
                "label": "black hole" if table["state"] == "blackhole" else table["state"] or "no route",
                "kind": _kind(table, state),
                "serves": serves.get(table["route_table_id"], []),
            }
            for table in overlay["tables"]
        ],
        "together": _together(overlay),
        "engines": overlay.get("engines", []),
        "ready": [node["name"] for node in able],
        "standby": remedies.named(ready) if ready else none,
        "proof": able[0]["proof"] if len(able) == 1 else "",
        "others": remedies.named([node["name"] for node in able]) if able else none,
        "count": len(overlay["findings"]),
    }


def _together(overlay: Dict) -> int:
    """How many of its tables are in order: they lead where the engine has it, or else where most of them lead."""
    leads = remedies.led(overlay)
    if holder := by_engine(overlay):
        return leads.count(holder)
    return max(map(leads.count, leads), default=0)


def _sole(overlay: Dict) -> str | None:
    """The one that all tables lead to which lead anywhere."""
    holders = {table["holder"] for table in overlay["tables"] if table["holder"]}
    return str(holders.pop()) if len(holders) == 1 else None


def _kind(table: Dict, state: str) -> str:
    if not table["holder"]:
        return "none"
    return "bad" if table["state"] == "blackhole" else "warn" if state == "split" else "ok"


def _state(overlay: Dict, report: Dict, nodes: Mapping[str, Dict]) -> str:
    """One of STATES."""
    if overlay.get("unread"):
        return "unknown"
    holders = {table["holder"] for table in overlay["tables"] if table["holder"]}
    if len(holders) > 1:
        return "split"
    if not holders:
        return "absent"
    if "blackhole" in {table["state"] for table in overlay["tables"]}:
        return "blackhole"
    holder = str(overlay["holder"] or _sole(overlay))
    of_holder = report["nodes"].get(holder, {}).get("findings", [])
    lacking = any(not table["holder"] for table in overlay["tables"])
    if lacking or ERROR in {finding["severity"] for finding in [*overlay["findings"], *of_holder]}:
        return "drifted"
    if holder and holder in nodes and not nodes[holder]["reachable"]:  # it may be dead, and EC2 calls it running
        return "unknown"
    others = [node for name, node in nodes.items() if name != holder]
    return "unprotected" if others and "yes" not in {node["ready"] for node in others} else "ok"


def _serves(report: Dict) -> dict[str, list[str]]:
    """By table the subnets that it serves, for people."""
    serves: dict[str, list[str]] = {}
    for network in report.get("networks", ()):
        for subnet in sorted(network["subnets"], key=lambda subnet: (subnet["cidr"], subnet["zone"])):
            serves.setdefault(subnet["route_table_id"], []).append(f"{subnet['cidr']} in {subnet['zone']}")
    return serves


def _pictures(report: Dict, overlays: Sequence[Dict], nodes: Mapping[str, Dict]) -> Iterator[dict[str, Any]]:
    ways = outside.ways(report)
    for network in report.get("networks", ()):
        if len(network["nodes"]) > topology.MOST_NODES:
            continue
        tables = {table["route_table_id"] for table in network["tables"]}
        mine = [o for o in overlays if any(table["route_table_id"] in tables for table in o["tables"])]
        here = {name: nodes[name] for name in network["nodes"]}
        yield {
            "vpc_id": network["vpc_id"],
            "cidrs": network["cidrs"],
            "wide": topology.drawing(network, mine, here, topology.WIDE, ways),
            "narrow": topology.drawing(network, mine, here, topology.NARROW, ways),
            "outside": bool(ways),
        }
