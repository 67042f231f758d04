# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: so many pairs lose a node at the same moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from fleet import detection, limit
from fleet.contenders import Failover
from fleet.endpoint import WRITES, Endpoint, Pair, Weather
from fleet.program import Program
from fleet.world import World

SLOWEST = 2.0
"""A run is stopped after so many times the limit, and a minute."""


@dataclass(frozen=True)
class Result:
    """What came of one run. Times in seconds since the node was lost; None: not all came back until the run ended.

    Attributes:
        first, median, most, last: when so many pairs were back in all tables: one, half, 99 of 100, all.
        clients: when the first table of the last pair led to the node that is left.
        best: the limit's median, 99th percentile and last.
        back: pairs that came back.
        writes, reads: calls sent; refused_writes, refused_reads: those of them that were throttled.
        worst: calls of one pair that were throttled, the most.
        latest: the last one that came back.
        told: routes of which the program was told.
    """

    who: str
    pairs: int
    tables: int
    seed: int
    first: float | None
    median: float | None
    most: float | None
    last: float | None
    clients: float | None
    best: tuple[float, float, float]
    back: int
    writes: int
    refused_writes: int
    reads: int
    refused_reads: int
    worst: int
    latest: float | None
    told: int

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def run(
    who: str,
    failover: Failover,
    engine: str,
    pairs: int,
    tables: int,
    seed: int,
    weather: Weather,
    program: Program | None = None,
    told: int = 0,
) -> Result:
    """Let them fail over."""
    world = World(seed)
    detected = detection.draw(engine, pairs, world.random)
    best = limit.best(detected, tables, *WRITES, weather.latency)
    there = [Pair(n, tuple(f"rtb-{n:05}{t}" for t in range(tables))) for n in range(pairs)]
    endpoint = Endpoint(world, there, weather)

    def begin(pair: Pair) -> None:
        world.spawn(lambda: failover(world, endpoint, pair), detected[pair.number])

    for pair in there:
        begin(pair)
    with program.in_world(world) if program else nullcontext():
        world.run(SLOWEST * best[-1] + 60.0)
    back = sorted(pair.back if pair.back is not None else math.inf for pair in there)
    first = sorted(pair.first if pair.first is not None else math.inf for pair in there)
    return Result(
        who,
        pairs,
        tables,
        seed,
        _at(back, 0.0),
        _at(back, 0.5),
        _at(back, 0.99),
        _at(back, 1.0),
        _at(first, 1.0),
        (_of(best, 0.5), _of(best, 0.99), _of(best, 1.0)),
        sum(pair.back is not None for pair in there),
        endpoint.sent["ReplaceRoute"],
        endpoint.refused["ReplaceRoute"],
        endpoint.sent["DescribeRouteTables"],
        endpoint.refused["DescribeRouteTables"],
        max(pair.refused for pair in there),
        max((round(pair.back, 3) for pair in there if pair.back is not None), default=None),
        told,
    )


def _of(seconds: Sequence[float], share: float) -> float:
    """The time by which this share of them was done."""
    return round(seconds[max(0, math.ceil(share * len(seconds)) - 1)], 3)


def _at(seconds: Sequence[float], share: float) -> float | None:
    found = _of(seconds, share) if math.isfinite(seconds[max(0, math.ceil(share * len(seconds)) - 1)]) else None
    return found
