# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/platforms.md claims nothing that no test has run."""

from __future__ import annotations

import json
import re
from typing import Any

import platforms
import pytest
from persistence.matrix import ROWS

DATA = json.loads(platforms.DATA.read_text())["rows"]
TESTS = sorted({test for row in DATA for cell in row["cells"].values() for test in cell.get("tests", ())})


def test_the_page_is_made_from_the_data() -> None:
    assert platforms.PAGE.read_text() == platforms.page(DATA)


def test_the_words_are_of_the_four_and_every_run_names_its_tests() -> None:
    assert platforms.wrong(DATA) == []
    assert [set(row["cells"]) for row in DATA] == [set(platforms.COLUMNS)] * len(DATA)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (None, "there is no such cell"),
        ({"proof": "works", "tests": []}, "'works' is none of the four words"),
        ({"proof": platforms.OWN, "tests": []}, "a run names its tests, and what was not run has none"),
        (
            {"proof": platforms.NOT, "note": "why", "tests": ["a"]},
            "a run names its tests, and what was not run has none",
        ),
        ({"proof": platforms.NOT}, "it does not say why"),
        ({"proof": platforms.OWN, "tests": ["tests/none.py::test_x"]}, "there is no test tests/none.py::test_x"),
        (
            {"proof": platforms.OWN, "tests": ["tests/unit/test_platforms.py::test_none"]},
            "there is no test tests/unit/test_platforms.py::test_none",
        ),
    ],
)
def test_a_claim_without_a_test_is_noticed(cell: dict[str, Any] | None, fault: str) -> None:
    cells = {**DATA[0]["cells"], "persist": cell}
    if cell is None:
        del cells["persist"]
    assert f"X, persist: {fault}." in platforms.wrong([{"distribution": "X", "cells": cells}])


def test_the_rows_of_the_persistence_matrix_are_there() -> None:
    named = {match[1] for test in TESTS if (match := re.search(r"test_survives\[(.+)\]$", test))}
    assert named <= {row.id for row in ROWS}
    assert len(named) > 15


def test_only_debian_is_run_on_its_own_packages() -> None:
    """No package of another distribution can be had for the test machines."""
    own = {row["distribution"] for row in DATA for cell in row["cells"].values() if cell["proof"] == platforms.OWN}
    assert own == {"Debian 12", "Debian 13", "Debian 14 (testing)"}
