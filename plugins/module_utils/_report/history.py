# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes have on record of their moves, side by side; and the record of a move that a playbook made.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._inventory.holders import Dict
from .._node import moves
from . import clocks

LAST = 5
"""Moves that status shows."""


def records(model: Dict, report: Dict, by: str, who: str, error: str = "") -> dict[str, dict[str, Any]]:
    """The record of what a playbook moved, for each node that it was, or should have been, moved to.

    Args:
        model: the inventory's.
        report: the move's, by :func:`.move.report`.
        by: the playbook.
        who: ran it.
        error: why it failed, and what state things are in; empty where it did not.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for overlay in report["overlays"]:
        for table in overlay["tables"]:
            if table["before"] == table["after"] and not (error and table["action"] not in ("none", "kept")):
                continue
            to = report["target"] or table["after"]
            found.setdefault(str(to), []).append(
                {
                    "route_table_id": table["route_table_id"],
                    "destination": overlay["destination"],
                    "action": table["action"],
                    "from": table["before"],
                    "to": table["after"],
                    "error": (table["error"] or {}).get("code"),
                }
            )
    return {
        node: {
            "by": by,
            "who": who,
            "command": " ".join(filter(None, (by, report["target"]))),
            "why": "",
            "done": not error,
            "error": error,
            "reason": next((str(t["error"]) for t in tables if t["error"]), "Failed") if error else "",
            "to": node,
            "tables": tables,
            "seconds": {**report["seconds"], **({"all": sum(report["seconds"].values())} if report["seconds"] else {})},
            "requests": report["requests"],
        }
        for node, tables in found.items()
        if node in model["nodes"]
    }


def last(hosts: Mapping[str, Dict]) -> list[dict[str, Any]]:
    """The last moves that any node tells of, as overlay_node_info returns them, the oldest first.

    One that was written by a clock that is wrong has besides, as `ahead`, by how many seconds that is ahead of the
    controller's. A failure that is met again and again may have begun long ago: it is as young as when it was last met.
    """
    found: list[dict[str, Any]] = []
    for host in hosts.values():
        clock = clocks.of(host)
        ahead = {"ahead": clock.wrong} if clock and clock.wrong else {}
        found += [{**record, **ahead} for record in host.get("moves") or ()]
    return sorted(found, key=lambda record: met(record) or 0.0)[-LAST:]


def met(record: Dict) -> float | None:
    """When a record of :func:`last` was last met, by the controller's clock; in seconds since the epoch."""
    at = moves.last_met(record)
    return None if at is None else at - float(record.get("ahead", 0.0))


def report(model: Dict, histories: Mapping[str, Dict], wanted: str, now: float) -> dict[str, Any]:
    """The moves of all nodes in order, and how far the clock of each is from the controller's.

    Times are those of the node that wrote the record; the order is by the controller's clock, as far as a node's clock
    now tells what it was then.

    Args:
        model: the inventory's.
        histories: per node, what overlay_history returned.
        wanted: since when, see :func:`._node.moves.since`; empty for all there are.
        now: seconds since the epoch.

    Raises:
        ValueError: `wanted` is no time.
    """
    begin = moves.since(wanted, now) if wanted else None
    nodes: dict[str, dict[str, Any]] = {}
    found: list[tuple[float, dict[str, Any]]] = []
    for name in model["nodes"]:
        told = histories.get(name, {})
        clock = clocks.of(told)
        why = "" if clock else str(told.get("msg") or "no answer").strip().splitlines()[0]
        nodes[name] = {"reachable": clock is not None, **clocks.shown(clock), "error": why}
        if clock is None:
            continue
        wrong = clock.wrong
        for record in told["moves"] if begin is None else moves.later(told["moves"], begin + wrong):
            found.append(((moves.moment(record["time"]) or 0.0) - wrong, dict(record)))
    found.sort(key=lambda one: one[0])
    return {
        "moves": [record for _at, record in found],
        "nodes": nodes,
        "since": moves.stamp(begin) if begin is not None else "",
        "region": model["region"],
    }


def lines(report: Dict) -> list[str]:
    """The same, for a person to read."""
    count = len(report["moves"])
    what = f"{count} move{'s' * (count != 1)} on record"
    told = [f"{what} since {report['since']}" if report["since"] else what]
    away = [name for name, node in report["nodes"].items() if not node["reachable"]]
    if len(away) == len(report["nodes"]):
        told = ["nothing was read: no node could be asked"]
    elif away:
        told[0] += f", without what {' and '.join(away)} {'has' if len(away) == 1 else 'have'}"
    told += [_clock(name, node) for name, node in report["nodes"].items()]
    return [*told, *(told_by(record) for record in report["moves"])]


def told_by(record: Dict) -> str:
    """A record in a line, with the node that wrote it."""
    return f"{record['node']}: {moves.line(record)}"


def last_lines(found: Sequence[Dict]) -> list[str]:
    """What status says of the last moves."""
    return ["last moves (all of them: history.yml):", *(f"  {told_by(record)}" for record in found)] if found else []


def _clock(name: str, node: Dict) -> str:
    if not node["reachable"]:
        return f"{name}: cannot be asked, so that what it has on record is not here: {node['error']}"
    clock = clocks.Clock(node["clock_offset"], node["clock_within"])
    if not clock.off:
        return f"{name}: its clock agrees with the controller's, within {abs(clock.ahead) + clock.within:.1f} s"
    return (
        f"{name}: its clock is {clock.words}. Its times are its own; the order is the controller's. See that chrony or"
        " systemd-timesyncd keeps both."
    )
