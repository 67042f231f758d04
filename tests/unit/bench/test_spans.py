# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time goes: what takes long has a row, and the rows add up to the whole."""

from __future__ import annotations

import pytest

from bench.results import OURS
from bench.spans import FIRST, LAST, rows

LONG, SHORT, OTHER = "aws_ha.overlay_ip.switchover : Move the route", "Note", "Tell"


def test_long_tasks_have_rows_and_all_add_up() -> None:
    seen = [
        {FIRST: 1.0, LONG: 2.0, SHORT: 0.1, OTHER: 0.05, LAST: 0.2},
        {FIRST: 1.2, LONG: 2.2, SHORT: 0.1, OTHER: 0.05, LAST: 0.2},
        {FIRST: 1.1, LONG: 1.0, SHORT: 0.9, OTHER: 0.05, LAST: 0.2},
    ]
    found = {row.case: row.middle("seconds") for row in rows(OURS, seen)}
    assert found == {
        FIRST: 1.1,
        "Move the route": 2.0,
        "all other tasks (2)": pytest.approx(0.15),
        LAST: 0.2,
        "**in all**": pytest.approx(3.35),
    }


def test_a_long_task_is_one_that_is_long_in_most_rounds() -> None:
    once = [{FIRST: 1.0, SHORT: 3.0, LAST: 0.1}, *[{FIRST: 1.0, SHORT: 0.01, LAST: 0.1}] * 2]
    assert [row.case for row in rows(OURS, once)] == [FIRST, "all other tasks (1)", LAST, "**in all**"]
