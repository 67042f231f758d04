# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: who, with which configuration, how many pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fleet import contenders, program
from fleet.contenders import CHECK, Failover
from fleet.endpoint import Weather
from fleet.program import Program
from fleet.run import Result, run

BEFORE = "630a15d"
"""The last commit in which nodes paced themselves as if they were alone."""

PAIRS = (10, 100, 300, 1000)
TABLES = 2
SEEDS = (1, 2, 3)

TOLD, INSTALLED, EARLIER = "overlay_ip, told of the fleet", "overlay_ip, as installed", f"overlay_ip before ({BEFORE})"
AGENT, LOOP, LIMIT = "aws-vpc-move-ip", "a loop with boto3", "the limit"

KEEPALIVED, PACEMAKER = "keepalived", "pacemaker"
MOST_READS = 5.0
"""Reads a second that the checks of all nodes should take at most, of the 20 that EC2 gives."""


@dataclass(frozen=True)
class Scenario:
    """One line of the page.

    Attributes:
        part: of the page: ``pairs``, ``told`` (of how many), ``tables``, ``pacemaker``.
        routes: overlay_ip_fleet; seconds: overlay_ip_timeout; check: overlay_ip_route_interval.
    """

    part: str
    who: str
    pairs: int
    tables: int = TABLES
    engine: str = KEEPALIVED
    routes: int = 0
    seconds: float = 20.0
    check: float = CHECK
    seeds: tuple[int, ...] = SEEDS

    def results(self) -> list[Result]:
        """Run it with each seed. Nothing where its program cannot be had."""
        failover, version = self._failover()
        if failover is None:
            return []
        weather = Weather(background=self.pairs / self.check if version and self.engine == KEEPALIVED else 0.0)
        return [
            run(self.who, failover, self.engine, self.pairs, self.tables, seed, weather, version, self.routes)
            for seed in self.seeds
        ]

    def _failover(self) -> tuple[Failover | None, Program | None]:
        if self.who == LOOP:
            return contenders.loop, None
        if self.who == AGENT:
            return contenders.stock_agent, None
        version = _earlier() if self.who == EARLIER else program.now()
        if version is None:
            return None, None
        once = self.engine == PACEMAKER
        check = 60.0 if once else self.check
        return contenders.overlay_ip(version, self.seconds, self.routes, check, once=once), version


@cache
def _earlier() -> Program | None:
    return program.of_commit(BEFORE)


def told(part: str, pairs: int, tables: int = TABLES, engine: str = KEEPALIVED, of: int | None = None) -> Scenario:
    """Configured as docs/scale.md says; ``of``: it was told of so many pairs, which may be wrong."""
    routes = (of or pairs) * tables
    return Scenario(
        part,
        TOLD,
        pairs,
        tables,
        engine,
        routes,
        max(20.0, math.ceil(1.1 * program.now().pace.seconds_for_all(routes) + 15)),
        check_interval(of or pairs),
    )


def check_interval(pairs: int) -> float:
    """overlay_ip_route_interval: the checks of both nodes of every pair leave EC2's reads to those that move."""
    return max(CHECK, math.ceil(2 * pairs / MOST_READS))


def scenarios() -> Iterator[Scenario]:
    """All of them; those that take longest first."""
    for pairs in reversed(PAIRS):
        seeds = SEEDS if pairs <= 100 else SEEDS[:1]  # what takes a processor minutes is run once
        yield Scenario("pairs", EARLIER, pairs, seeds=seeds)
        yield Scenario("pairs", INSTALLED, pairs, seeds=seeds)
        yield Scenario("pairs", LOOP, pairs, seeds=seeds)
        yield Scenario("pairs", AGENT, pairs, engine=AGENT)
        yield told("pairs", pairs)
    for of in (150, 600, 1200):
        yield told("told", 300, of=of)
    for tables in (1, 4):
        yield told("tables", 300, tables)
    for pairs in (100, 300):
        yield Scenario("pacemaker", EARLIER, pairs, engine=PACEMAKER, seconds=27.0)
        yield Scenario("pacemaker", AGENT, pairs, engine=AGENT)
        yield told("pacemaker", pairs, engine=PACEMAKER)
