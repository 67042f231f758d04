# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page and the picture that the measurements become."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bench import plot, report
from bench.results import OURS, Row, Run, Section

SVG = "{http://www.w3.org/2000/svg}"


def moves(tables: int, *, stopped: bool = False, amazon: float = 66.0) -> Section:
    """overlay_ip in 2 s, amazon.aws in ``amazon`` s."""
    slow = Run(amazon, 4 * tables, 0, 0.0, 13 if stopped else None)
    rows = (
        Row(f"{tables} route tables", OURS, (Run(2.0, tables + 2, 0, 0.0), Run(2.2, tables + 2, 0, 0.0)), tables),
        Row(f"{tables} route tables", "amazon.aws", (slow,), tables),
    )
    return Section(f"moves-{tables}", OURS, "today", rows)


def plays(excess: float) -> Section:
    rows = (Row("case", OURS, (Run(1.0 + excess, 9, 0, 0.0),)), Row("case", "empty play", (Run(1.0),)))
    return Section("switchover", "empty play", "today", rows)


def floor(what: str, excess: float) -> Section:
    runs = (Row(f"{what}: 0 ms", OURS, (Run(1.0 + excess, 9),)), Row(f"{what}: 0 ms", "empty play", (Run(1.0),)))
    return Section("floor", "empty play", "today", runs)


def gap(lost: int) -> Section:
    return Section("gap", "", "today", (Row("exclusive, 50 ms", OURS, (Run(4.0, 9, lost, lost * 1.0),), 50.0),))


def tasks(ratio: float) -> Section:
    rows = (Row("overlay_route", OURS, (Run(ratio),)), Row("overlay_route", "bare module", (Run(1.0),)))
    return Section("tasks", "bare module", "today", rows)


@pytest.mark.parametrize(
    ("section", "measured", "met"),
    [
        (moves(10), "33.0 times", True),
        (moves(10, amazon=38.0), "19.0 times", False),
        (moves(200, stopped=True, amazon=90.0), "more than 45.0 times", True),
        (plays(2.9), "2.90 s", True),
        (plays(3.1), "3.10 s", False),
        (tasks(1.15), "1.15", True),
        (tasks(1.2), "1.20", False),
        (floor("switchover", 1.0), "1.00 s", True),
        (floor("switchover", 1.1), "1.10 s", False),
        (floor("setup with nothing to do", 2.0), "2.00 s", True),
        (floor("setup with nothing to do", 2.1), "2.10 s", False),
        (gap(50), "50 lost", True),
        (gap(51), "51 lost", False),
    ],
)
def test_targets_are_judged(section: Section, measured: str, met: bool) -> None:
    judged = [target for target in report.targets([section]) if target.met is not None]
    assert [(target.measured, target.met) for target in judged] == [(measured, met)]


def test_a_lower_bound_below_the_target_decides_nothing() -> None:
    (target,) = [t for t in report.targets([moves(200, stopped=True, amazon=8.0)]) if "200" in t.text]
    assert (target.measured, target.met) == ("more than 4.0 times", None)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {target.measured for target in report.targets([])} == {"not measured"}


def test_a_table_begins_with_the_ratio() -> None:
    lines = report.render([moves(10)], {}).splitlines()
    assert (
        "| time / ours | who | median s | fastest - slowest s | API calls | lost at 1 kHz | silence ms | runs |"
        in lines
    )
    assert "| 1.00 | **overlay_ip** | 2.10 | 2.00 - 2.20 | 12 | 0 | 0 | 2 |" in lines
    assert "| 33.0 | amazon.aws | 66.0 |  | 40 | 0 | 0 | 1 |" in lines


def test_a_run_that_was_stopped_shows_how_far_it_came() -> None:
    page = report.render([moves(200, stopped=True, amazon=90.0)], {})
    assert "| > 45.0 | amazon.aws | > 90.0 (13 moved) |" in page


def test_columns_that_nobody_measured_are_left_out() -> None:
    page = report.render([tasks(1.0)], {})
    assert "API calls |" not in page


def test_machine_and_versions_are_named() -> None:
    assert "| boto3 | 1.44.5 |" in report.render([], {"boto3": "1.44.5"})


def test_every_table_is_rectangular() -> None:
    page = report.render([moves(1), plays(2.0), tasks(1.0), gap(0)], {"a": "b"})
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert tables
    for table in tables:
        assert len({line.count("|") for line in table}) == 1


def test_the_picture_is_well_formed_and_names_everyone() -> None:
    tree = ElementTree.fromstring(plot.render([moves(1), moves(10, stopped=True), plays(2.0), tasks(1.1), gap(0)]))
    texts = {element.text for element in tree.iter(f"{SVG}text")}
    assert {OURS, "amazon.aws", "empty play", "overlay_route", "exclusive, 50 ms"} <= texts
    hollow = [dot for dot in tree.iter(f"{SVG}circle") if dot.get("fill") == "white"]
    assert len(hollow) == 1


def test_nothing_is_drawn_outside_the_picture() -> None:
    tree = ElementTree.fromstring(plot.render([moves(1), moves(200), plays(2.0), tasks(3.0), gap(500)]))
    for shape in tree.iter(f"{SVG}rect"):
        assert float(shape.get("x", 0)) + float(shape.get("width", 0)) <= plot.WIDTH
        assert float(shape.get("y", 0)) + float(shape.get("height", 0)) <= plot.HEIGHT


def test_a_logarithmic_scale_puts_ten_in_the_middle_of_one_and_a_hundred() -> None:
    assert plot.Scale(1, 100, 0, 200, log=True)(10) == pytest.approx(100)
