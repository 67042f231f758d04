# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of overlay IPs: their names and meanings, and the samples that follow from what was seen.

A node tells its own side, which the controller's status playbook tells of all nodes as well (`_report.metrics`). An
overlay IP is known by `destination` and `vpc_id` together. Every series says of which deployment it is: two on the same
nodes have a file each, and the collector refuses a series that is in both. What is not known has no sample: an alert on
it would lie.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._aws.errors import BAD_KEYS, EXPIRED, THROTTLED
from .._base.exposition import COUNTER, Family, Sample
from .._engine.health import Health
from .._route import plan
from . import moves
from .model import Config

READABLE = Family("overlay_ip_tables_readable", "Whether the route tables could be read at the last look.")
VERIFIED = Family(
    "overlay_ip_verified_timestamp_seconds", "When the route tables were last read, in seconds since the epoch."
)
HOLDER = Family(
    "overlay_ip_holder", "Whether every route table sends the overlay IP to this node, by a route that works."
)
HELD = Family("overlay_ip_held_tables", "Route tables that send the overlay IP to this node, by a route that works.")
TABLES = Family("overlay_ip_tables", "Route tables that are to have a route to the overlay IP.")
CONSISTENT = Family(
    "overlay_ip_tables_consistent", "Whether all route tables send the overlay IP to one and the same place."
)
BLACKHOLE = Family("overlay_ip_blackhole_tables", "Route tables whose route to the overlay IP cannot receive.")
MISSING = Family("overlay_ip_missing_tables", "Route tables that are to have a route to the overlay IP and have none.")
ADDRESS = Family("overlay_ip_address_up", "Whether all addresses of the overlay IP are up on this node.")
READY = Family("overlay_ip_ready", "Whether this node could take over, by what was checked.")
PEER = Family("overlay_ip_peer_heard", "Whether the failover engine of this node hears another node.")
READY_AT = Family("overlay_ip_ready_timestamp_seconds", "When that was checked, in seconds since the epoch.")
TAKEOVERS = Family(
    "overlay_ip_takeovers_total", "Moves of overlay IPs that this node made, by who asked for them.", COUNTER
)
FAILURES = Family("overlay_ip_takeover_failures_total", "Moves that failed, by the code of the error.", COUNTER)
FAILED = Family("overlay_ip_failed_moves_total", "Moves that failed, whatever the error: there from zero on.", COUNTER)
MOVED_AT = Family(
    "overlay_ip_last_move_timestamp_seconds",
    "When the last move on record here began, since the epoch; of a failure met again and again, the last time.",
)
MOVED_OK = Family("overlay_ip_last_move_success", "Whether the last move on record here succeeded.")
MOVED_IN = Family(
    "overlay_ip_last_move_duration_seconds", "How long the last move on record here took, by phase; all is all."
)
CALLS = Family("overlay_ip_api_calls_total", "Calls of this node's program to AWS, by operation.", COUNTER)
ERRORS = Family("overlay_ip_api_errors_total", "Answers of AWS that were errors, or none, by code.", COUNTER)
THROTTLES = Family("overlay_ip_api_throttles_total", "Calls that AWS throttled, retries counted.", COUNTER)
NODES = Family("overlay_ip_nodes", "Nodes that share the overlay IP, by this node's configuration.")
CONFIG = Family("overlay_ip_config_info", "The configuration that all nodes of the overlay IP must share, by its hash.")
CONFIG_AT = Family(
    "overlay_ip_config_timestamp_seconds", "When the configuration was written, in seconds since the epoch."
)
PROGRAM = Family("overlay_ip_program_info", "The version of aws-overlay-ip.")
WRITTEN = Family("overlay_ip_metrics_timestamp_seconds", "When these metrics were written, in seconds since the epoch.")
FINDINGS = Family("overlay_ip_findings", "What status found wrong with the overlay IP, by severity.")
NODE_FINDINGS = Family("overlay_ip_node_findings", "What status found wrong with the node, by severity.")
REACHABLE = Family("overlay_ip_node_reachable", "Whether the controller could ask the node.")
CLOCK = Family(
    "overlay_ip_node_clock_offset_seconds", "By how much the node's clock is ahead of the controller's, in seconds."
)
ENDED = Family(
    "overlay_ip_ended_timestamp_seconds",
    "When metrics were told no more because they were taken away on purpose, in seconds since the epoch.",
)

FAMILIES = (
    HOLDER,
    HELD,
    TABLES,
    CONSISTENT,
    BLACKHOLE,
    MISSING,
    ADDRESS,
    READABLE,
    VERIFIED,
    READY,
    READY_AT,
    PEER,
    TAKEOVERS,
    FAILURES,
    FAILED,
    MOVED_AT,
    MOVED_OK,
    MOVED_IN,
    CALLS,
    ERRORS,
    THROTTLES,
    NODES,
    CONFIG,
    CONFIG_AT,
    PROGRAM,
    FINDINGS,
    NODE_FINDINGS,
    REACHABLE,
    CLOCK,
    WRITTEN,
    ENDED,
)
"""All there are, in the order in which they are written."""

CREDENTIALS = BAD_KEYS | EXPIRED | {"NoCredentials", "Tls"}
"""Codes that say that AWS does not know the node, or the node not AWS: told from zero on, for an alert counts them."""
_REASONS = ("Deadline", "Foreign", "NoCredentials", "NotTaken", "Timeout", "UnauthorizedOperation", "Unreachable")


@dataclass(frozen=True)
class Seen:
    """What a node knows when it tells its metrics.

    Attributes:
        config: its configuration.
        now: seconds since the epoch.
        overlays: as :meth:`.node.Node.show` returns them; None where the tables cannot be read.
        up: the addresses that are up; None where that cannot be told.
        verified: when the tables were last read; None where that is not known.
        checks: of :func:`.check.run`, the last ones.
        checked: when they were made.
        engines: those that setup has configured here, by name, as they are now.
        counts: what the node has counted since it was started, by kind and name.
        last: the last move on record.
        written: when its configuration was written.
        version: of the program.
    """

    config: Config
    now: float
    overlays: Sequence[Mapping[str, Any]] | None = None
    up: Iterable[str] | None = None
    verified: float | None = None
    checks: Sequence[Mapping[str, Any]] = ()
    checked: float | None = None
    engines: Mapping[str, Health] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    last: Mapping[str, Any] | None = None
    written: float | None = None
    version: str = ""


def samples(seen: Seen) -> list[Sample]:
    """All samples of a node."""
    config = seen.config
    node = whose(config.deployment, config.name, (overlay.vpc_id for overlay in config.overlays))
    found = [*_overlays(seen, node), *_readiness(seen, node), *_moves(seen, node), *_calls(seen, node)]
    found.append(Sample(READABLE, node, float(seen.overlays is not None)))
    times = ((VERIFIED, seen.verified), (CONFIG_AT, seen.written), (WRITTEN, seen.now))
    found += [Sample(family, node, at) for family, at in times if at is not None]
    found.append(Sample(PROGRAM, {**node, "version": seen.version}, 1.0))
    return found


def whose(deployment: str, node: str, vpc_ids: Iterable[str | None]) -> dict[str, str]:
    """The labels of everything that is told of a node.

    Args:
        deployment: whose it is.
        node: its name in the inventory.
        vpc_ids: of the overlay IPs; where all are in one, the node is there, too.
    """
    known = set(vpc_ids)
    vpc_id = known.pop() if len(known) == 1 else None
    return {"deployment": deployment, "node": node, **({"vpc_id": vpc_id} if vpc_id else {})}


def of_tables(labels: Mapping[str, str], routes: Sequence[Mapping[str, Any] | None], here: int) -> list[Sample]:
    """The samples that follow from an overlay IP's routes, one a table, None where there is none.

    Args:
        labels: of the overlay IP and of the node.
        routes: with their `state`.
        here: how many of them lead to the node and work.
    """
    holds = {(r.get("network_interface_id") or r.get("target") or r.get("holder")) if r else None for r in routes}
    return [
        Sample(HOLDER, labels, float(bool(routes) and here == len(routes))),
        Sample(HELD, labels, float(here)),
        Sample(TABLES, labels, float(len(routes))),
        Sample(CONSISTENT, labels, float(len(holds) <= 1)),
        Sample(BLACKHOLE, labels, float(sum(1 for r in routes if r and r.get("state") == plan.BLACKHOLE))),
        Sample(MISSING, labels, float(sum(1 for r in routes if not r))),
    ]


def shared(config: Config) -> str:
    """A hash of what all nodes' configurations must say alike: who they are, what they move, where."""
    nodes = {**config.peers, config.name: config.network_interface_id}
    overlays = [
        [o.destination, sorted(o.addresses), sorted(o.route_table_ids), o.vpc_id, o.every]
        for o in sorted(config.overlays, key=lambda o: (o.destination, o.vpc_id or ""))
    ]
    told = [nodes, overlays, config.iam_scope, config.aws.get("region"), config.timeout, config.advert]
    told += ["apart"] if config.apart else []
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8")).hexdigest()[:12]


def _overlays(seen: Seen, node: Mapping[str, str]) -> Iterator[Sample]:
    read = {overlay["destination"]: overlay for overlay in seen.overlays or ()}
    up = None if seen.up is None else set(seen.up)
    told = shared(seen.config)
    for overlay in seen.config.overlays:
        labels = {**node, "vpc_id": overlay.vpc_id or "", "destination": overlay.destination}
        yield Sample(CONFIG, {**labels, "hash": told}, 1.0)
        yield Sample(NODES, labels, float(len({*seen.config.peers, seen.config.name})))
        if up is not None and overlay.addresses:
            yield Sample(ADDRESS, labels, float(up >= set(overlay.addresses)))
        if overlay.destination in read:
            one = read[overlay.destination]
            yield from of_tables(labels, [row["route"] for row in one["routes"]], one["held"])


def _readiness(seen: Seen, node: Mapping[str, str]) -> Iterator[Sample]:
    for check in seen.checks:
        if check["ok"] is not None:  # this node's role may not look
            yield Sample(READY, {**node, "check": str(check["check"])}, float(check["ok"]))
    if seen.checks and seen.checked is not None:
        yield Sample(READY_AT, node, seen.checked)
    for name, health in seen.engines.items():
        yield Sample(READY, {**node, "check": name}, float(health.able))
        if health.heard is not None:  # a master of VRRP hears nobody
            yield Sample(PEER, {**node, "engine": name}, float(health.heard))


def _moves(seen: Seen, node: Mapping[str, str]) -> Iterator[Sample]:
    # Those that never were are zero: the first failure must be an increase.
    for by in sorted({"keepalived", "pacemaker", "operator", *seen.counts.get("takeovers", ())}):
        yield Sample(TAKEOVERS, {**node, "by": by}, float(seen.counts.get("takeovers", {}).get(by, 0)))
    failures = seen.counts.get("failures", {})
    for reason in sorted({*_REASONS, *failures}):
        yield Sample(FAILURES, {**node, "reason": reason}, float(failures.get(reason, 0)))
    yield Sample(FAILED, node, float(sum(failures.values())))  # a reason has any name: alerts count this
    if seen.last is not None:
        at = moves.last_met(seen.last)
        if at is not None:
            yield Sample(MOVED_AT, node, at)
        yield Sample(MOVED_OK, node, float(bool(seen.last["done"])))
        for phase, seconds in sorted(seen.last["seconds"].items()):
            yield Sample(MOVED_IN, {**node, "phase": str(phase)}, float(seconds))


def _calls(seen: Seen, node: Mapping[str, str]) -> Iterator[Sample]:
    calls, errors = seen.counts.get("calls", {}), seen.counts.get("errors", {})
    for name, count in sorted(calls.items()):
        yield Sample(CALLS, {**node, "operation": name}, float(count))
    for code in sorted({*CREDENTIALS, *errors}):
        yield Sample(ERRORS, {**node, "code": code}, float(errors.get(code, 0)))
    yield Sample(THROTTLES, node, float(sum(count for code, count in errors.items() if code in THROTTLED)))
