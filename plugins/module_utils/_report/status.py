# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds what, and every finding: AWS's and the nodes' own.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._base import net
from .._base.finding import as_dicts
from .._inventory import former, listed
from .._inventory.holders import Dict, node_of
from .._inventory.settling import replaced
from . import advice, clocks, engines, history, outside, places


def report(
    model: Dict,
    seen: Iterable[Dict],
    hosts: Mapping[str, Dict],
    left: Mapping[str, Any] | None = None,
    networks: Iterable[Dict] = (),
    unread: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Who holds what, and every finding: AWS's (``seen``), the nodes' own (``hosts``, by name), and what an earlier
    inventory left (``left``, by :func:`.orphans.judged`); with what overlay_route_info told of ``networks``, where; and
    of ``unread`` overlay IPs why AWS could not be asked.
    """
    left_over = left["findings"] if left else []
    told = {route["destination"] for route in left["routes"]} if left else set()
    seen, overlays = list(seen), []
    known = former.routed((h["record"] for h in hosts.values() if h.get("record")), model["overlays"])
    rows = replaced(model, seen, known)
    by_name = {o["destination"]: [o] for o in model["overlays"] if net.is_list(o["destination"])}
    carried = {o["destination"]: _carried(o) for o in model["overlays"]}
    for overlay in seen:
        tables = [{"route_table_id": r["route_table_id"], **_holder(r, model)} for r in overlay["routes"]]
        overlays.append(
            {
                "destination": overlay["destination"],
                "carries": carried.get(overlay["destination"], []),
                "vpc_id": overlay.get("vpc_id"),
                "consistent": overlay["consistent"],
                "holder": node_of(overlay["holder"], model["nodes"]),
                "tables": tables,
                "findings": [
                    *(f for f in overlay["findings"] if not _told_elsewhere(f, overlay["destination"] in told, rows)),
                    *(former.finding(row) for row in rows if row.narrow and row.by[0] == overlay["destination"]),
                    *(f for of in by_name.get(overlay["destination"], ()) for f in listed.findings(of, overlay)),
                ],
            }
        )
    read = list(overlays)
    overlays += [_unread(destination, why) for destination, why in (unread or {}).items()]
    nodes = {name: _node(name, hosts.get(name, {}), model, overlays) for name in model["nodes"]}
    for name, found in engines.findings(model, nodes, read, left["strangers"] if left else ()).items():
        nodes[name]["findings"] += found
    for overlay in overlays:
        overlay["engines"] = engines.views(model, nodes, overlay)
        if overlay.get("unread"):  # nothing is known that they could disagree with
            overlay["engines"] = [{**view, "agrees": None} for view in overlay["engines"]]
    made = {"overlays": overlays, "nodes": nodes, "region": model["region"], "orphans": left_over}
    made["group"] = model.get("group", "")
    made.update(networks=places.networks(model, networks), moves=history.last(hosts))
    advice.advise(made, model)
    return {**made, "healthy": "error" not in {finding["severity"] for finding in _all(made)}}


def _carried(overlay: Dict) -> list[str]:
    """The addresses that share a route, each with its name."""
    return [" ".join(filter(None, (e["name"], e["address"]))) for e in overlay.get("entries", ()) if e["route"]]


def _told_elsewhere(finding: Dict, left_over: bool, rows: Sequence[former.Former]) -> bool:
    """A route that is left over is told with the command that removes it, one that is replaced with what does so."""
    if finding["id"] == "unmanaged_route":
        return left_over
    about = (f"{row.route_table_id} also has {row.destination} to " for row in rows)
    return finding["id"] in ("more_specific_route", "overlap", "propagated_route") and finding["message"].startswith(
        tuple(about)
    )


def lines(report: Dict, *, every_table: bool = False) -> list[str]:
    """The same, for a person to read: a sum, a line for each overlay IP and node, and what is wrong.

    Tables are told where they differ; with ``every_table`` always.
    """
    told = [total([report])]
    for overlay in report["overlays"]:
        carries = f" ({', '.join(overlay['carries'])})" if overlay.get("carries") else ""
        told.append(f"{overlay['destination']}{carries}: {holders(overlay)}")
        if every_table or not overlay["consistent"] or any(t["state"] != "active" for t in overlay["tables"]):
            told += [_table_line(t) for t in overlay["tables"]]
        told += _finding_lines(overlay["findings"])
    for name, node in report["nodes"].items():
        told.append(f"{name}: {_node_line(node)}")
        told += _finding_lines(node["findings"])
    if report["orphans"]:
        told += ["left by an earlier inventory:", *_finding_lines(report["orphans"])]
    return told + history.last_lines(report["moves"])


def total(reports: Sequence[Dict]) -> str:
    """All of it in one line."""
    overlays = [overlay for report in reports for overlay in report["overlays"]]
    tables = {table["route_table_id"] for overlay in overlays for table in overlay["tables"]}
    found = [finding["severity"] for report in reports for finding in _all(report)]
    wrong = [_count(found.count(severity), severity) for severity in ("error", "warning") if severity in found]
    what = f"{_count(len(overlays), 'overlay IP')} in {_count(len(tables), 'route table')}"
    return f"{what}: {', '.join(wrong) or 'all is well'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _node_line(node: Dict) -> str:
    if not node["reachable"]:
        return "cannot be asked"
    said = (f"; {_engine(view)}: {view['state']}" for view in node["failover"])
    return f"has {', '.join(node['addresses']) or 'no overlay IP'}{''.join(said)}"


def _engine(view: Dict) -> str:
    """The engine, with what in it moves the overlay IPs where that is not setup's."""
    return f"{view['engine']} ({'; '.join(view['by'])})" if view.get("by") else str(view["engine"])


def holders(overlay: Dict) -> str:
    """Who holds an overlay IP, for people."""
    if overlay.get("unread"):
        return "not known"
    if overlay["holder"]:
        return f"held by {overlay['holder']}"
    holders = sorted({t["holder"] for t in overlay["tables"] if t["holder"]})
    return f"SPLIT between {', '.join(holders)}" if len(holders) > 1 else "held by " + (holders or ["nobody"])[0]


def _unread(destination: str, why: str) -> dict[str, Any]:
    """An overlay IP of which AWS told nothing."""
    message = f"Who holds {destination} is not known: AWS could not be asked: {why.rstrip('.')}."
    remedy = "Mend that, and look again. Whoever holds it goes on to serve."
    return {
        "destination": destination,
        "vpc_id": None,
        "consistent": False,
        "holder": None,
        "tables": [],
        "findings": [_finding("not_read", "error", message, remedy)],
        "unread": why,
    }


def _table_line(table: Dict) -> str:
    state = "" if table["state"] in ("active", None) else " " + table["state"]
    return f"  {table['route_table_id']}: {table['holder'] or 'no route'}{state}"


def _finding_lines(findings: Sequence[Dict]) -> list[str]:
    return [f"  {f['severity']}: {engines.sentence(f)}" for f in findings]


def _holder(route: Dict, model: Dict) -> dict[str, Any]:
    return {"holder": node_of(route, model["nodes"]), "state": route["state"]}


def _node(name: str, host: Dict, model: Dict, overlays: Sequence[Dict]) -> dict[str, Any]:
    """What a node says of itself, and whether that fits what AWS says."""
    if not host or host.get("unreachable") or host.get("failed"):
        why = str(host.get("msg") or "no answer").strip().splitlines()[0]
        found = [_unasked(name, why, away=not host.get("failed") or bool(host.get("unreachable")))]
        return {"reachable": False, "addresses": [], "findings": found, "failover": [], **clocks.shown(None)}
    held = [a["address"] for a in host.get("addresses") or () if a["live"]]
    clock = clocks.of(host)
    found = [*host.get("findings", ()), *_at_work(name, host), *as_dicts(filter(None, [clocks.finding(name, clock)]))]
    by_destination = {wanted["destination"]: wanted for wanted in model["overlays"]}
    for overlay in overlays:
        wanted = by_destination[overlay["destination"]]  # read per group of tables, so in an order of its own
        missing = [a for a in wanted["node_addresses"] if a not in held]
        holds = overlay["holder"] == name
        by = wanted.get("moved_by")
        if missing and (holds or model["persistent"]) and not ((model["exclusive"] or by) and not holds):
            found.append(
                _finding(
                    "address_missing",
                    "error" if holds else "warning",
                    f"{name} does not have {', '.join(missing)} on an interface.",
                    f"See to {by['resource']} of {by['engine']}, which should bring it up."
                    if by
                    else "Run setup: it brings the address up and makes it permanent.",
                )
            )
    mine = [a for o in model["overlays"] for a in o["node_addresses"] if a in held]
    return {
        "reachable": True,
        "addresses": mine,
        "findings": found,
        "failover": _views(host, model),
        "proof": host.get("proof"),
        **clocks.shown(clock),
    }


def _views(host: Dict, model: Dict) -> list[dict[str, Any]]:
    """What the engines say that have to do with the overlay IPs, in the inventory's names; `by`: what moves them."""
    views = []
    for view in host.get("failover", []):
        if engines.concerns(view, model):
            by = [o["moved_by"] for o in model["overlays"] if o.get("moved_by")]
            named = [f"{b['resource']}, {b['agent']}" for b in by if b["engine"] == view["engine"]]
            known = {**view, "state": engines.inventory_words(view["state"], model)}
            views.append({**known, "by": named} if named else known)
    return views


def _at_work(name: str, host: Dict) -> list[dict[str, str]]:
    """A playbook that is at work there, by which another one would be refused."""
    if not (held := host.get("at_work", {}).get("held")):
        return []
    remedy = "Wait until it has ended; where it is dead, overlay_ip_break_lease=true goes on."
    return [_finding("at_work", "info", f"{name} is at work for {held}.", remedy)]


def _unasked(name: str, why: str, *, away: bool) -> dict[str, str]:
    """A node that did not answer, or one that did and could not do what it was asked."""
    why = f"{why.rstrip('.')}."  # ssh ends no sentence
    if away:
        return _finding("node_unreachable", "warning", f"{name} cannot be asked: {why}", "See to the node or its ssh.")
    remedy = "The node answers: see to what it says, then look again."
    return _finding("node_failed", "warning", f"{name} could not look at itself: {why}", remedy)


def _finding(name: str, severity: str, message: str, remedy: str) -> dict[str, str]:
    return {"id": name, "severity": severity, "message": message, "remedy": remedy}


def _all(report: Dict) -> list[Dict]:
    places = [*report["overlays"], *report["nodes"].values()]
    outer = {(f["id"], f["message"]): f for _client, found in outside.findings(report) for f in found}
    return [*(finding for place in places for finding in place["findings"]), *report["orphans"], *outer.values()]
