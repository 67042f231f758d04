# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/persistence.md says what the tests saw, for every row that they have, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

from persistence import report, under_engines
from persistence.events import EVENTS
from persistence.matrix import NATIVE, ROWS, events, expected_loss
from persistence.under_engines import ENGINES


def test_the_page_is_made_from_the_results() -> None:
    found = json.loads(report.JSON.read_text())
    assert report.MARKDOWN.read_text() == report.markdown(found["rows"], found["engines"])


def test_every_row_and_event_has_been_run() -> None:
    ran = {
        (row["suite"], row["stack"], row["method"]): [cell["event"] for cell in row["cells"]]
        for row in json.loads(report.JSON.read_text())["rows"]
    }
    assert ran == {(r.suite, r.stack, r.method): [e.name for e in EVENTS[r.stack]] for r in ROWS}


def test_a_stack_that_ran_with_an_engine_went_through_every_event_and_the_others_are_named() -> None:
    found = json.loads(report.JSON.read_text())
    ran = {(row["stack"], row["engine"]): [cell["event"] for cell in row["cells"]] for row in found["engines"]}
    assert ran == {(s, e): [event.name for event in under_engines.events(s)] for s, e in ran}
    page = report.markdown([], found["engines"])
    assert page.count("Not run with ") == sum(any((s, e) not in ran for e in ENGINES) for s in NATIVE)
    assert report.markdown([]).count("Not run with keepalived and pacemaker.") == len(NATIVE)


def test_no_event_of_an_engines_table_moved_anything_or_was_silent_for_long() -> None:
    for row in json.loads(report.JSON.read_text())["engines"]:
        for raw in row["cells"]:
            silences = {name: under_engines.Silence(**raw[name]) for name in ("overlay4", "overlay6", "own4", "own6")}
            cost = under_engines.Cost(**{**raw, **silences, "answered": tuple(raw["answered"])})
            assert cost.wrong == "", (row["stack"], row["engine"], raw["event"])


def test_what_is_wrong_with_an_event_is_told() -> None:
    none, long = under_engines.Silence(0, 0), under_engines.Silence(900, 180)
    fine = under_engines.Cost("x", "something", long, none, long, none, ("node1",), 0)
    assert fine.wrong == ""
    assert replace(fine, own4=none).wrong == "IPv4 silent for 900 ms, the node itself for 0 ms"
    assert replace(fine, overlay6=long).wrong == "IPv6 silent for 900 ms, the node itself for 0 ms"
    assert "moved: node1 -> node2" in replace(fine, answered=("node1", "node2")).wrong
    assert "moved: node1, 2 routes" in replace(fine, writes=2).wrong


def test_a_loss_is_never_shown_as_kept() -> None:
    def row(kept4: bool, kept6: bool) -> dict[str, object]:
        cell = {"event": "x", "title": "something", "kept4": kept4, "kept6": kept6, "label": "", "own_first": False}
        return {"suite": "bookworm", "stack": "ifupdown", "method": "ifupdown", "cells": [{**cell, "dhcp": {}}]}

    def line(kept4: bool, kept6: bool) -> str:
        page = report.markdown([row(kept4, kept6)])
        return next(text for text in page.splitlines() if text.startswith("| something"))

    assert line(True, True) == "| something | kept (no label, listed before the own address) |"
    assert line(True, False) == "| something | IPv4 kept, **IPv6 lost** (no label, listed before the own address) |"
    assert line(False, True) == "| something | IPv6 kept, **IPv4 lost** |"
    assert line(False, False) == "| something | **lost** |"


def test_rows_that_did_not_run_are_said_to_have_not() -> None:
    page = report.markdown([])
    rows = [row for row in report.DISTRIBUTIONS if row[3]]
    assert page.count("| **not run** |") == len(rows)
    assert page.count("| run by hand from upstream sources, not the distribution's build |") == 2


def test_native_methods_lose_nothing_but_what_the_kernel_drops() -> None:
    losses = {
        (row.stack, event.name): loss
        for row in ROWS
        if row.method != "systemd_unit"
        for event in events(row)
        if (loss := expected_loss(row, event))
    }
    assert losses == {("ifupdown", "link"): "6"}
