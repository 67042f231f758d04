# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's report: who answered, what was lost, from when to when."""

from __future__ import annotations

import pytest

from lab.probe.report import Gap, Holder, Report, Sample, analyse
from lab.probe.text import report_lines


def samples(text: str) -> list[Sample]:
    """One sample per letter, a millisecond apart: 1 and 2 are answers of node1 and node2, a dot is a loss."""
    who = {"1": "node1", "2": "node2", ".": None}
    return [Sample(number / 1000, who[letter], 0.0005 if who[letter] else 0.0) for number, letter in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "who", "lost", "gaps", "gap_ms"),
    [
        ("", (), 0, (), 0.0),
        ("1111", ("node1",), 0, (), 0.0),
        ("1122", ("node1", "node2"), 0, (), 0.0),
        ("11..22", ("node1", "node2"), 2, (Gap(0.001, 0.004, 2),), 3.0),
        ("1.1", ("node1",), 1, (Gap(0.0, 0.002, 1),), 2.0),
        ("..11", ("node1",), 2, (Gap(0.0, 0.002, 2),), 2.0),
        ("11..", ("node1",), 2, (Gap(0.001, 0.003, 2),), 2.0),
        ("....", (), 4, (Gap(0.0, 0.003, 4),), 3.0),
        ("1.1...2", ("node1", "node2"), 4, (Gap(0.0, 0.002, 1), Gap(0.002, 0.006, 3)), 4.0),
        ("121", ("node1", "node2", "node1"), 0, (), 0.0),
    ],
)
def test_report(text: str, who: tuple[str, ...], lost: int, gaps: tuple[Gap, ...], gap_ms: float) -> None:
    report = analyse("192.168.10.15", 0.0, samples(text))
    assert (report.sent, report.lost, report.who) == (len(text), lost, who)
    assert report.gaps == gaps
    assert report.gap_ms == pytest.approx(gap_ms)


def test_turns_have_times_and_counts() -> None:
    report = analyse("192.168.10.15", 0.0, samples("11.122"))
    assert report.holders == (Holder("node1", 0.0, 0.003, 3), Holder("node2", 0.004, 0.005, 2))
    assert report.slowest == 0.0005


def test_a_report_survives_json() -> None:
    report = analyse("192.168.10.15", 1_800_000_000.25, samples("11..22"))
    assert Report.from_json(report.to_json()) == report


def test_the_text_says_what_was_lost() -> None:
    lines = report_lines(analyse("192.168.10.15", 0.0, samples("11..22")))
    assert lines[0] == "6 datagrams to 192.168.10.15, 2 lost, longest silence 3 ms"
    assert [line.split("  ")[-1] for line in lines[1:]] == [
        "node1 answered 2",
        "2 lost in 3 ms",
        "node2 answered 2",
    ]
