# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, spreads and paired ratios of the measurements."""

from __future__ import annotations

import json

import pytest

from bench.results import OURS, Row, Run, Section, from_json, paired_ratio, to_json
from bench.tasks import split


def row(who: str, *seconds: float, moved: int | None = None) -> Row:
    """Runs of so many seconds."""
    return Row("10 route tables", who, tuple(Run(s, 3, 0, 0.0, moved) for s in seconds), 10)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        pytest.param([6.0, 60.0, 6.0], [2.0, 20.0, 2.0], 3.0, id="a slow round slows both"),
        pytest.param([6.0], [2.0, 9.0, 9.0], 3.0, id="the slow peer has fewer rounds: only those count"),
        pytest.param([1.0, 2.0, 30.0], [1.0, 1.0, 1.0], 2.0, id="one wild round moves nothing"),
    ],
)
def test_ratios_pair_rounds(one: list[float], other: list[float], ratio: float) -> None:
    assert paired_ratio(one, other) == ratio


def test_a_row_has_median_and_spread() -> None:
    measured = row(OURS, 2.0, 9.0, 3.0)
    assert (measured.middle("seconds"), measured.spread()) == (3.0, (2.0, 9.0))


def test_what_was_not_measured_has_no_median() -> None:
    assert Row("case", OURS, (Run(1.0),)).middle("lost") is None


def test_a_run_that_was_stopped_makes_the_row_a_lower_bound() -> None:
    assert row("amazon.aws", 90.0, moved=13).stopped
    assert not row("amazon.aws", 90.0).stopped


def test_ratio_and_excess_refer_to_the_baseline_of_the_case() -> None:
    section = Section("switchover", "empty play", "now", (row(OURS, 4.0, 5.0), row("empty play", 1.0, 2.0)))
    assert section.ratio(section.rows[0]) == pytest.approx(3.25)
    assert section.excess(section.rows[0]) == 3.0
    assert section.excess(section.rows[1]) == 0.0


def test_without_its_baseline_a_row_has_neither() -> None:
    section = Section("moves-10", OURS, "now", (row("AWS CLI", 9.0),))
    assert section.ratio(section.rows[0]) is None
    assert section.excess(section.rows[0]) is None


def test_sections_survive_the_file() -> None:
    sections = [Section("moves-10", OURS, "now", (row(OURS, 2.0), row("amazon.aws", 90.0, moved=13)))]
    assert from_json(json.loads(json.dumps(to_json(sections)))) == sections


def test_a_task_lasts_until_the_next_begins() -> None:
    begun = [("ours", 0.0), ("floor", 2.0), ("ours", 3.0), ("floor", 4.5), ("", 5.0)]
    spans = split([{"task": task, "at": at} for task, at in begun])
    assert {who: [run.seconds for run in runs] for who, runs in spans.items()} == {
        "ours": [2.0, 1.5],
        "floor": [1.0, 0.5],
    }
