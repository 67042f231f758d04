# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix of what others change: its data, and docs/world.md, which says what was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drill.bed import RATE
from world.changes import (
    CHANGES,
    DONE,
    EITHER,
    FAILOVER,
    FOLLOWERS,
    MOVES,
    PARTLY,
    REFUSED,
    REST,
    SETUP,
    STAYS,
    SWITCHOVER,
    WAITS,
)
from world.operators import BACK, SUMS, count
from world.operators import SWITCHOVER as MOVE
from world.page import page

DOCS = Path(__file__).parents[2] / "docs"
ALLOWED = {
    REST: {STAYS, EITHER, WAITS},
    FAILOVER: {MOVES, EITHER, WAITS},
    SWITCHOVER: {DONE, REFUSED, EITHER, PARTLY},
    SETUP: {DONE, REFUSED, EITHER},
}


def row(**changes: Any) -> dict[str, Any]:
    known = {"engine": "keepalived", "change": CHANGES[1].name, "then": REST, "lost": 0, "gap": 0.0, "after": None}
    return {**known, "who": ["node1"], "told": [], "playbook": "", "verdict": "", **changes}


def written(*rows: dict[str, Any]) -> str:
    return page({"when": "now", "commit": "commit 1", "load": 1.0, "cores": 2, "rows": rows}, RATE)


def test_each_change_says_what_must_come_of_each_follower() -> None:
    assert len({change.name for change in CHANGES}) == len(CHANGES)
    wrong = {
        (change.name, f): engine
        for change in CHANGES
        for f in FOLLOWERS
        for engine in change.engines
        if change.outcome(f, engine) not in ALLOWED[f]
    }
    assert wrong == {}


def test_a_row_says_what_was_lost_and_what_came_of_it() -> None:
    moved = row(then=FAILOVER, lost=868, gap=3.48, after=3.27, who=["node1", "node2"])
    bad = row(then=SWITCHOVER, playbook="refused: no | table", verdict="3 datagrams lost; and so on")
    text = written(moved, bad)
    assert "| a table is added to the VPC | failover | 868 | 3.48 | node1 → node2 | 3.3 s | ✓ |\n" in text
    assert "|  | switchover | 0 | 0.00 | node1 | refused | 3 datagrams lost; and so on |\n" in text


def test_what_differs_from_lab_to_lab_is_left_out_of_what_was_told() -> None:
    told = [
        "node2's journal, 3 s: rtb-0123456789abcdef0 has no route.",
        "node2's journal, 9 s: rtb-00000000000000000 has no route.",
    ]
    text = written(row(told=told))
    assert text.count("  * node2's journal: rtb-... has no route.\n") == 1


def test_the_rounds_of_two_operators_are_counted() -> None:
    def result(ok: list[bool], refused: list[bool], *faults: str) -> dict[str, Any]:
        return {"engine": "none", "pair": [MOVE, BACK], "ok": ok, "refused": refused, "faults": list(faults)}

    sums: list[dict[str, Any]] = []
    for one in (
        result([True, True], [False, False]),
        result([False, True], [True, False]),
        result([False, True], [False, False]),
        {"engine": "keepalived", "pair": [MOVE, BACK], "faults": ["DrillError: no rest | ever"]},
        result([True, True], [False, False], "a lease was left"),
    ):
        sums = count(sums, one)
    assert [[of[k] for k in ("engine", "rounds", "both", "refused", "failed")] for of in sums] == [
        ["none", 4, 2, 1, 1],
        ["keepalived", 1, 0, 0, 0],
    ]
    text = page({"when": "now", "commit": "commit 1", "load": 1.0, "cores": 2, "rows": []}, RATE, sums)
    assert "| none | switchover | switchover back | 4 | 2 | 1 | 1 | a lease was left |\n" in text
    assert "| keepalived | switchover | switchover back | 1 | 0 | 0 | 0 | DrillError: no rest / ever |\n" in text


def test_the_page_is_current() -> None:
    value = json.loads((DOCS / "world.json").read_text())
    operators = json.loads(SUMS.read_text()) if SUMS.exists() else []
    assert (DOCS / "world.md").read_text() == page(value, RATE, operators)
    assert {r["change"] for r in value["rows"]} <= {change.name for change in CHANGES}
