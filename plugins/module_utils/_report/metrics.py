# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of a fleet as the status playbook sees it: those of the nodes that the controller can tell, and findings.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._base.exposition import Sample
from .._base.exposition import text as exposition
from .._inventory.holders import Dict
from .._node import metrics
from .._route import plan
from . import clocks, history

_SEVERITIES = ("error", "warning")


def text(model: Dict, report: Dict, now: float) -> str:
    """The metrics in Prometheus's text format.

    Args:
        model: the inventory's.
        report: the status, by :func:`.status.report`.
        now: seconds since the epoch.
    """
    return text_of_many([(model, report)], now)


def text_of_many(told: Iterable[tuple[Dict, Dict]], now: float) -> str:
    """The same of several groups of nodes, each with its model and its report."""
    samples = (sample for model, report in told for sample in _samples(model, report, now))
    return exposition(samples, metrics.FAMILIES)


def rivals(told: Mapping[str, tuple[Dict, Dict]], now: float) -> dict[str, str]:
    """Why there are no metrics of some groups of nodes, as a sentence for each: they cannot be told apart.

    Prometheus refuses a file that has a series twice, and the alerts take all nodes that share a deployment, a VPC and
    an overlay IP for one pair: that each half sends its packets elsewhere would be a split.

    Args:
        told: the model and the report of each group, by its name.
        now: seconds since the epoch.
    """
    owners: dict[tuple[Any, ...], list[str]] = {}
    for name, (model, report) in told.items():
        for key in {*_series(model, report, now), *_places(model, report)}:
            owners.setdefault(key, []).append(name)
    shared: dict[str, set[str]] = {}
    for names in owners.values():
        for name in names if len(names) > 1 else ():
            shared.setdefault(name, set()).update(names)
    return {
        name: (
            f"{' and '.join(sorted(shared[name]))} have an overlay IP of one VPC, or a node, in common and the same"
            f" overlay_ip_name, {told[name][0]['deployment']}, so that metrics and alerts cannot tell them apart: there"
            " are none of them until each has an overlay_ip_name of its own."
        )
        for name in told
        if name in shared
    }


def _series(model: Dict, report: Dict, now: float) -> Iterator[tuple[Any, ...]]:
    for sample in _samples(model, report, now):
        yield sample.family.name, *sorted(sample.labels.items())


def _places(model: Dict, report: Dict) -> Iterator[tuple[Any, ...]]:
    for overlay in report["overlays"]:
        if overlay["vpc_id"]:
            yield model["deployment"], overlay["vpc_id"], overlay["destination"]


def _samples(model: Dict, report: Dict, now: float) -> Iterator[Sample]:
    deployment = model["deployment"]
    wanted = {overlay["destination"]: overlay for overlay in model["overlays"]}
    vpcs = {o["destination"]: o["vpc_id"] or wanted[o["destination"]]["vpc_id"] or "" for o in report["overlays"]}
    nodes = {name: metrics.whose(deployment, name, vpcs.values()) for name in report["nodes"]}
    places = {destination: {"vpc_id": vpc_id, "destination": destination} for destination, vpc_id in vpcs.items()}
    for overlay in report["overlays"]:
        place = places[overlay["destination"]]
        if overlay.get("unread") and not place["vpc_id"]:
            continue  # another VPC may have the same address; that it was not read is told of each node
        yield from _findings(metrics.FINDINGS, {"deployment": deployment, **place}, overlay)
        if overlay.get("unread"):
            continue
        asked = wanted[overlay["destination"]]
        for name, node in report["nodes"].items():
            labels = {**nodes[name], **place}
            yield from metrics.of_tables(labels, *_routes(overlay, name))
            if node["reachable"] and asked["node_addresses"]:
                up = set(asked["node_addresses"]) <= set(node["addresses"])
                yield Sample(metrics.ADDRESS, labels, float(up))
    for name, node in report["nodes"].items():
        yield from _node(nodes[name], node, report, now)


def _routes(overlay: Dict, node: str) -> tuple[list[Mapping[str, Any] | None], int]:
    """The routes of an overlay IP, None where there is none, and how many of them lead to the node and work."""
    routes = [table if table["holder"] else None for table in overlay["tables"]]
    return routes, sum(1 for r in routes if r and r["holder"] == node and r["state"] == plan.ACTIVE)


def _node(labels: Mapping[str, str], node: Dict, report: Dict, now: float) -> Iterator[Sample]:
    read = not any(overlay.get("unread") for overlay in report["overlays"])
    yield Sample(metrics.READABLE, labels, float(read))
    if read:
        yield Sample(metrics.VERIFIED, labels, now)
    yield Sample(metrics.WRITTEN, labels, now)
    if node.get("asked", True):
        yield Sample(metrics.REACHABLE, labels, float(node["reachable"]))
    if node.get("clock_offset") is not None:
        known = clocks.Clock(node["clock_offset"], node["clock_within"])
        yield Sample(metrics.CLOCK, labels, known.wrong)
    yield from _findings(metrics.NODE_FINDINGS, labels, node)
    mine = [record for record in report["moves"] if record["node"] == labels["node"]]
    if mine:
        yield Sample(metrics.MOVED_AT, labels, history.met(mine[-1]) or 0.0)  # by the clock of what is written here
        yield Sample(metrics.MOVED_OK, labels, float(mine[-1]["done"]))


def _findings(family: metrics.Family, labels: Mapping[str, str], place: Dict) -> Iterator[Sample]:
    found = [finding["severity"] for finding in place["findings"]]
    for severity in _SEVERITIES:
        yield Sample(family, {**labels, "severity": severity}, float(found.count(severity)))
