# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten and a hundred pairs that fail over at once, by the real program on a virtual clock; and the page."""

from __future__ import annotations

import json
import math

import pytest

from fleet import __main__ as fleet
from fleet import contenders, plot, program, report
from fleet.endpoint import Endpoint, Pair, Weather
from fleet.plot import wasted
from fleet.run import Result, run
from fleet.scenarios import INSTALLED, LOOP, PAIRS, Scenario, told
from fleet.world import World


def only(scenario: Scenario) -> Result:
    (result,) = scenario.results()
    return result


def once(scenario: Scenario, seed: int = 7) -> Result:
    return only(Scenario(**{**scenario.__dict__, "seeds": (seed,)}))


@pytest.mark.parametrize("scenario", [told("pairs", 10), Scenario("pairs", INSTALLED, 10)], ids=["told", "installed"])
def test_ten_pairs_are_no_fleet_and_nobody_waits(scenario: Scenario) -> None:
    result = once(scenario)
    assert (result.back, result.writes, result.reads) == (10, 20, 20), "one read before, one after"
    assert (result.refused_writes, result.refused_reads) == (0, 0)
    assert result.last is not None
    assert result.last < result.best[2] * 1.1


def test_a_hundred_pairs_that_were_told_are_back_near_the_limit() -> None:
    result = once(told("pairs", 100))
    assert result.last is not None
    assert result.most is not None
    assert result.last / result.best[2] < 1.15
    assert result.most / result.best[1] < 1.1
    assert result.worst < 10, "no pair starves"
    # Whoever comes when the bucket is empty must be throttled once to know it: 100 pairs, 50 tokens and a few.
    assert wasted(result.plain()) < 0.25


def test_a_hundred_pairs_that_were_not_told_come_back_too() -> None:
    result = once(Scenario("pairs", INSTALLED, 100))
    assert result.last is not None
    assert result.last < 60
    assert wasted(result.plain()) > 2 * wasted(once(told("pairs", 100)).plain())


def test_the_few_that_were_not_told_come_first() -> None:
    few, seconds = 5, []
    scenario, version = told("pairs", 100), program.now()
    ours = contenders.overlay_ip(version, scenario.seconds, scenario.routes, scenario.check, first=few)

    def failover(world: World, endpoint: Endpoint, pair: Pair) -> None:
        ours(world, endpoint, pair)
        if pair.number < few:
            seconds.append(pair.back or math.inf)

    result = run("", failover, scenario.engine, 100, 2, 7, Weather(), version)
    assert result.last is not None
    assert len(seconds) == few
    assert max(seconds) < result.last / 2


def test_a_loop_is_far_from_it() -> None:
    result = once(Scenario("pairs", LOOP, 100))
    assert result.last is None or result.last > 2 * result.best[2]


def test_the_same_seed_gives_the_same_run() -> None:
    assert once(told("pairs", 100)) == once(told("pairs", 100))
    assert once(told("pairs", 100)) != once(told("pairs", 100), seed=8)


def test_page_and_picture_are_made_from_the_results() -> None:
    rows = json.loads(fleet.JSON.read_text(encoding="utf-8"))
    page = fleet.PAGE.read_text(encoding="utf-8")
    assert report.page(page, rows) == page
    assert plot.render(rows) == fleet.PICTURE.read_text(encoding="utf-8")
    assert {row["pairs"] for row in rows if row["part"] == "pairs"} == set(PAIRS)


def test_a_page_without_its_marks_is_refused() -> None:
    rows = json.loads(fleet.JSON.read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="marks of pairs once, and has them 0 times"):
        report.page("# Scale\n", rows)
