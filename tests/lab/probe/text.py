# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe saw, in sentences."""

from __future__ import annotations

import time

from lab.probe.report import Report


def event_line(who: str | None, seconds: float) -> str:
    """One change, as it happens."""
    return f"  {seconds:8.3f} s  {f'{who} answers' if who else 'no answer'}"


def report_lines(report: Report) -> list[str]:
    """The whole run."""
    lines = [f"{report.sent} datagrams to {report.address}, {report.lost} lost, longest silence {report.gap_ms:.0f} ms"]
    turns = [(holder.first, holder.last, f"{holder.who} answered {holder.answers}") for holder in report.holders]
    turns += [(gap.since, gap.until, f"{gap.lost} lost in {gap.seconds * 1000:.0f} ms") for gap in report.gaps]
    for first, last, what in sorted(turns, key=lambda turn: turn[1]):
        lines.append(f"  {clock(report, first)} - {clock(report, last)}  {what}")
    return lines


def clock(report: Report, seconds: float) -> str:
    """A time of the report as local time of day, to the millisecond."""
    moment = report.began + seconds
    return f"{time.strftime('%H:%M:%S', time.localtime(moment))}.{int(moment * 1000) % 1000:03d}"
