# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of many pairs, each judged as `status` judges the one of its play, and all of them as one table.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.finding import INFO, Finding, as_dicts
from .._inventory import clusters
from .._inventory.holders import Dict
from .._report import engines, orphans, page, status
from .._report.sight import Sight

_HEAD = ("pair", "overlay IP", "state", "held by", "zone", "could take over")


def report(model: dict[str, Any], seen: Dict, hosts: Mapping[str, Dict]) -> dict[str, Any]:
    """The status of one pair.

    Args:
        model: the inventory's; what the nodes say of their cluster is filled in.
        seen: what `overlay_fleet_info` saw of it.
        hosts: what its nodes said, as `overlay_node_info` returns it; nothing of those that were not asked.
    """
    clusters.heed(model, {name: host["failover"] for name, host in hosts.items() if "failover" in host})
    left = orphans.judged(Sight(model, hosts, seen["overlays"], []))
    return status.report(model, seen["overlays"], hosts, left, seen["networks"])


def unread(model: Dict, why: str) -> dict[str, Any]:
    """The status of a pair of which AWS could not be asked: its nodes were not asked either."""
    told = status.report(model, (), {}, unread={overlay["destination"]: why for overlay in model["overlays"]})
    for name, node in told["nodes"].items():
        message = f"{name} was not asked: AWS did not tell who holds what."
        said = Finding("node_not_asked", INFO, message, "See to AWS's answer, then look again.")
        node.update(findings=as_dicts([said]), asked=False)
    return told


def table(reports: Mapping[str, Dict]) -> list[str]:
    """All overlay IPs of all pairs: a sum, and a row for each, in the inventory's order.

    Args:
        reports: of each pair, by its name.
    """
    rows = [_HEAD]
    for name, told in reports.items():
        found = {o["destination"]: o for o in page.page([told], "")["overlays"]}
        for overlay in told["overlays"]:
            row = found[overlay["destination"]]
            zone = _zone(told, row["holder"]) or row["zone"] or "-"
            rows.append((name, row["destination"], row["label"], row["holder"] or row["told"], zone, row["standby"]))
    wide = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, wide)).rstrip() for row in rows)
    return [f"{len(reports)} pairs, {status.total(list(reports.values()))}", *lines]


def wrong(reports: Mapping[str, Dict]) -> list[str]:
    """What is wrong with each pair, and how to mend it: errors and warnings, by pair."""
    told: list[str] = []
    for name, of in reports.items():
        places = [*of["overlays"], *of["nodes"].values(), {"findings": of["orphans"]}]
        found = [f for place in places for f in place["findings"] if f["severity"] != "info"]
        told += dict.fromkeys(f"{name}: {f['severity']}: {engines.sentence(f)}" for f in found)
    return told


def result(reports: Mapping[str, Dict], wrong_pairs: Mapping[str, str]) -> dict[str, Any]:
    """The stat ``overlay_ip_result``: who holds what, and which pairs are not well or could not be looked at."""
    return {
        "pairs": {
            name: {
                "healthy": of["healthy"],
                "overlays": {overlay["destination"]: overlay["holder"] for overlay in of["overlays"]},
            }
            for name, of in reports.items()
        },
        "wrong": dict(wrong_pairs),
        "healthy": not wrong_pairs and all(of["healthy"] for of in reports.values()),
    }


def _zone(report: Dict, node: str | None) -> str:
    """A node's zone by its id, which is the same in every account."""
    places = {name: place for network in report["networks"] for name, place in network["nodes"].items()}
    return str(places.get(node or "", {}).get("zone_id") or "")
