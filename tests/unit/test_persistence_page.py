# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/persistence.md says what the tests saw, for every row that they have, and nothing else."""

from __future__ import annotations

import json

from persistence import report
from persistence.events import EVENTS
from persistence.matrix import ROWS, events, expected_loss


def test_the_page_is_made_from_the_results() -> None:
    rows = json.loads(report.JSON.read_text())["rows"]
    assert report.MARKDOWN.read_text() == report.markdown(rows)


def test_every_row_and_event_has_been_run() -> None:
    ran = {
        (row["suite"], row["stack"], row["method"]): [cell["event"] for cell in row["cells"]]
        for row in json.loads(report.JSON.read_text())["rows"]
    }
    assert ran == {(r.suite, r.stack, r.method): [e.name for e in EVENTS[r.stack]] for r in ROWS}


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
