# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench.svg: four panels, drawn by hand so that no plotting library is needed. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from bench.results import OURS, Row, Section

#: Name, value, and who it is of (for the colour).
Bar = tuple[str, float, str]

WIDTH, HEIGHT = 960, 680
_LABELS = 160  # pixels for the names left of bars
_COLOURS = {OURS: "#0b6e4f", "amazon.aws": "#c8553d", "AWS CLI": "#e09f3e", "aws-vpc-move-ip": "#5b5f97"}
_GREY, _FONT = "#8a8f98", "font-family='Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class Scale:
    """A logarithmic or linear way from values to pixels; ``ticks`` are the values that get a mark."""

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float] = field(default_factory=tuple)
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        change: Callable[[float], float] = math.log10 if self.log else float
        low, high = change(self.low), change(self.high)
        return self.start + (change(value) - low) / (high - low) * (self.end - self.start)


def render(sections: Sequence[Section]) -> str:
    """The picture."""
    by_key = {section.key: section for section in sections}
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {_FONT}>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
    ]
    moves = [row for key, section in by_key.items() if key.startswith("moves-") for row in section.rows]
    if moves:
        parts += _moves(60, 40, moves)
        parts += _losses(540, 230, moves)
    if "switchover" in by_key:
        rows = [(row.who, row.middle("seconds") or 0.0, row.who) for row in by_key["switchover"].rows]
        parts += _bars(540, 40, "A whole switchover: seconds", rows)
    if "tasks" in by_key:
        parts += _bars(30, 430, "A task with nothing to do: time / floor", _ratios(by_key["tasks"]), mark=1.0)
    if "gap" in by_key:
        rows = [(row.case, row.middle("lost") or 0.0, OURS) for row in by_key["gap"].rows]
        parts += _bars(540, 430, "Lost at 1 kHz in a switchover, by propagation delay", rows)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _ratios(section: Section) -> list[Bar]:
    return [(row.case, section.ratio(row) or 0.0, OURS) for row in section.rows if row.who == OURS]


def _moves(x: float, y: float, rows: Sequence[Row]) -> list[str]:
    """Seconds over tables, both logarithmic; hollow points are runs that were stopped: it takes longer than that."""
    across = Scale(0.8, 260, x, x + 400, (1, 10, 50, 200), log=True)
    up = Scale(0.5, 2000, y + 270, y + 20, (1, 10, 100, 1000), log=True)
    parts = [_text(x, y, "Moving the route: seconds by number of route tables", 14, bold=True)]
    for tick in up.ticks:
        parts += [_line(x, up(tick), x + 400, up(tick)), _text(x - 8, up(tick) + 4, f"{tick:g}", anchor="end")]
    for tick in across.ticks:
        parts += [_line(across(tick), y + 20, across(tick), y + 270)]
        parts += [_text(across(tick), y + 288, f"{tick:g}", anchor="middle")]
    for place, who in enumerate(dict.fromkeys(row.who for row in rows)):
        points = sorted((row.size or 1.0, row.middle("seconds") or 1.0, row.stopped) for row in rows if row.who == who)
        colour = _COLOURS.get(who, _GREY)
        way = " ".join(f"{across(n):.1f},{up(s):.1f}" for n, s, _stopped in points)
        parts.append(f"<polyline points='{way}' fill='none' stroke='{colour}' stroke-width='2'/>")
        for number, taken, stopped in points:
            fill = "white" if stopped else colour
            dot = f"<circle cx='{across(number):.1f}' cy='{up(taken):.1f}' r='4.5' fill='{fill}' stroke='{colour}'/>"
            parts.append(dot)
        parts += [_text(x + place * 100, y + 312, who, 12, colour=colour, bold=True)]
    if any(row.stopped for row in rows):
        parts += [_text(x, y + 330, "hollow: stopped at the limit, takes longer", 11, colour=_GREY)]
    return parts


def _losses(x: float, y: float, rows: Sequence[Row]) -> list[str]:
    """What was lost in the largest case that nobody was stopped in."""
    stopped = {row.size for row in rows if row.stopped}
    most = max((row.size or 0.0 for row in rows if row.size not in stopped), default=0.0)
    bars = [(row.who, row.middle("lost") or 0.0, row.who) for row in rows if row.size == most]
    return _bars(x, y, f"Lost at 1 kHz while {most:.0f} route tables are moved", bars) if bars else []


def _bars(x: float, y: float, title: str, rows: Sequence[Bar], mark: float | None = None) -> list[str]:
    """Horizontal bars with their values; ``mark`` draws a line at a value."""
    most = max([value for _name, value, _who in rows] + [mark or 0.0, 1e-9])
    start = x + _LABELS
    along = Scale(0, most, start, start + 190)
    parts = [_text(x, y, title, 14, bold=True)]
    for place, (name, value, who) in enumerate(rows):
        top = y + 22 + place * 34
        parts += [_text(start - 8, top + 15, name, anchor="end")]
        width = max(along(value) - start, 1.0)
        parts += [f"<rect x='{start}' y='{top}' width='{width:.1f}' height='20' fill='{_COLOURS.get(who, _GREY)}'/>"]
        parts += [_text(start + width + 6, top + 15, f"{value:.2f}" if value < 10 and value % 1 else f"{value:.0f}")]
    if mark is not None:
        parts += [_line(along(mark), y + 14, along(mark), y + 22 + len(rows) * 34, "#333")]
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = "#dfe2e6") -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"


def _text(x: float, y: float, text: str, size: int = 12, *, anchor: str = "start", colour: str = "#222",
          bold: bool = False) -> str:  # fmt: skip
    weight = " font-weight='bold'" if bold else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}'{weight}>"
        f"{escape(text)}</text>"
    )
