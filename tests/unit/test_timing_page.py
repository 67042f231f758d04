# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of intervals: what is still to be played, what follows by arithmetic, and what docs/timing.md says."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from drill import timing
from drill.timing import FAULT_KINDS, QUIET_KINDS, Trial
from drill.timing_page import alarms, chance, down, harmless, page, spread

DOCS = Path(__file__).parents[2] / "docs"
LAST = {"when": "today", "commit": "commit 1", "cores": 2}
BUSY, LOSS, *PAUSED = QUIET_KINDS


def trial(what: str, setting: float = 0.2, **more: Any) -> Trial:
    plain: dict[str, Any] = {
        "engine": "keepalived",
        "holder": "node1",
        "silence": 0.0,
        "detected": None,
        "moved": False,
    }
    return Trial(**{**plain, "what": what, "setting": setting, "adverts": None, "verdict": "", "load": 0.1, **more})


@pytest.mark.parametrize("advert", [0.2, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("percent", [20.0, 50.0])
def test_the_chance_of_three_losses_in_a_row_is_counted_right(advert: float, percent: float) -> None:
    lost = percent / 100
    by_hand = 0.0
    for ways in itertools.product((True, False), repeat=round(1 / advert)):
        if any(all(three) for three in zip(ways, ways[1:], ways[2:], strict=False)):
            by_hand += lost ** sum(ways) * (1 - lost) ** (len(ways) - sum(ways))
    assert chance(advert, percent) == pytest.approx(by_hand)


def test_when_a_standby_takes_over() -> None:
    assert down(1.0) == (3 + 2 / 256, 3 + 16 / 256)
    assert harmless(0.2) == pytest.approx(0.4 + 0.2 * 2 / 256)


def test_the_skews_are_those_of_the_priorities_that_the_role_writes() -> None:
    template = (Path(__file__).parents[2] / "roles/keepalived/templates/keepalived.conf.j2").read_text()
    assert "priority {{ 254 if inventory_hostname == one.home else 240 }}" in template


def test_what_was_played_is_not_played_again() -> None:
    first = timing.missing([], "keepalived", 0.2, 2)
    assert {what: first.count(what) for what in first} == dict.fromkeys([*FAULT_KINDS, *QUIET_KINDS], 2)
    assert len(timing.missing([trial(first[0])], "keepalived", 0.2, 2)) == len(first) - 1
    assert timing.missing([trial(first[0], 0.5), trial(first[0], 0.2, engine="x")], "keepalived", 0.2, 2) == first
    assert timing.missing([trial(what) for what in first], "keepalived", 0.2, 2) == []
    assert set(timing.missing([], "pacemaker", 10, None)) == set(FAULT_KINDS)


def test_trials_outlive_their_run(tmp_path: Path) -> None:
    kept = [trial(LOSS, adverts=3), trial(BUSY, detected=0.5, moved=True)]
    timing.save(tmp_path / "docs" / "timing.json", kept)
    assert timing.load(tmp_path / "docs" / "timing.json") == kept
    assert timing.load(tmp_path / "none.json") == []


def test_the_tables() -> None:
    assert spread([]) == "not played"
    assert spread([0.7, 0.9, 0.8]) == "**0.80 s** (0.70 to 0.90, 3 times)"
    some = [trial(LOSS), trial(LOSS, moved=True, silence=0.25), trial(LOSS, 0.5)]
    assert alarms(some, 0.2, LOSS) == "1 / 2, 0.25 s missed"
    assert alarms(some, 0.5, LOSS) == "0 / 1"
    assert alarms(some, 1.0, LOSS) == "not played"


def test_a_trial_that_went_wrong_counts_in_no_median() -> None:
    bad = trial("power lost", silence=99.0, verdict="nobody served")
    text = page([trial("power lost", silence=0.7), bad], LAST)
    assert "| 0.2 s | **0.70 s** (0.70 to 0.70, 1 times) | not played | 1 |" in text


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({}, "**0.2 s**: the shortest"),
        ({0.2}, "**0.25 s**: the shortest"),
        ({0.2, 0.25}, "**0.5 s**: the shortest"),
        ({0.2, 0.25, 0.5, 1.0}, "None that was played"),
    ],
)
def test_the_safe_interval_is_the_shortest_with_which_nothing_moved(moved: set[float], expected: str) -> None:
    settings = timing.SETTINGS["keepalived"]
    trials = [trial(what, s, moved=s in moved and what == LOSS) for what in QUIET_KINDS for s in settings]
    text = page(trials, LAST)
    assert expected in text
    assert ("a takeover once in 48 times" in text) is (0.2 in moved)
    assert ("takeover but once in 48 times" in text) is (not moved)


def test_no_interval_is_called_safe_before_all_of_it_was_played() -> None:
    assert "Not all of it was played so far." in page([trial(what) for what in list(QUIET_KINDS)[1:]], LAST)


def test_the_page_is_what_the_trials_say() -> None:
    path = DOCS / "timing.json"
    raw = json.loads(path.read_text())
    assert (DOCS / "timing.md").read_text() == page(timing.load(path), raw["last"])
