# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/scale.svg: seconds by number of pairs, both logarithmic. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.plot import Scale, _line, _text
from fleet.scenarios import AGENT, EARLIER, INSTALLED, LIMIT, LOOP, TOLD

WIDTH, HEIGHT = 960, 470
_COLOURS = {
    TOLD: "#0b6e4f",
    INSTALLED: "#6aa84f",
    EARLIER: "#e09f3e",
    AGENT: "#5b5f97",
    LOOP: "#c8553d",
    LIMIT: "#222222",
}
_FONT = "font-family='Helvetica, Arial, sans-serif'"

Row = Mapping[str, Any]


def render(rows: Sequence[Row]) -> str:
    """The picture: when the last pair was back, and which part of the calls was throttled."""
    of_pairs = [row for row in rows if row["part"] == "pairs"]
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {_FONT}>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        *_seconds(60, 40, of_pairs),
        *_wasted(560, 40, of_pairs),
    ]
    for place, who in enumerate(who for who in _COLOURS if who == LIMIT or any(r["who"] == who for r in of_pairs)):
        x, y = 60 + place % 3 * 290, 400 + place // 3 * 24
        parts += [_line(x, y - 4, x + 24, y - 4, _COLOURS[who]), _text(x + 30, y, who, 12, colour=_COLOURS[who])]
    told = "hollow: not all pairs came back; the time is that of the last one that did, and beside it how many did"
    parts.append(_text(60, 458, told, 11))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(x: float, y: float, title: str, across: Scale, up: Scale, unit: str = "") -> list[str]:
    parts = [_text(x, y, title, 14, bold=True)]
    for tick in up.ticks:
        parts += [_line(across.start, up(tick), across.end, up(tick))]
        parts += [_text(x - 8, up(tick) + 4, f"{tick:g}{unit}", anchor="end")]
    for tick in across.ticks:
        parts += [_line(across(tick), up.end, across(tick), up.start)]
        parts += [_text(across(tick), up.start + 18, f"{tick:g}", anchor="middle")]
    return [*parts, _text((across.start + across.end) / 2, up.start + 36, "pairs", anchor="middle")]


def _seconds(x: float, y: float, rows: Sequence[Row]) -> list[str]:
    across = Scale(8, 1250, x, x + 430, (10, 30, 100, 300, 1000), log=True)
    up = Scale(2, 2000, y + 290, y + 20, (2, 5, 10, 30, 100, 300, 1000), log=True)
    parts = _axes(x, y, "Seconds until the last pair is back", across, up)
    for who in dict.fromkeys(row["who"] for row in rows):
        parts += _way([_last(r) for r in _worst(rows, who)], across, up, _COLOURS[who])
        parts += [_back(row, across, up) for row in _worst(rows, who) if row["last"] is None]
    best = [(row["pairs"], row["best"][2], True) for row in _worst(rows, TOLD)]
    return parts + _way(best, across, up, _COLOURS[LIMIT], dashed=True)


def _back(row: Row, across: Scale, up: Scale) -> str:
    """How many came back, beside the dot of a run in which not all did."""
    at = row["latest"]
    y = up(at) - 10 if at > row["best"][2] else up(at) + 18
    return _text(across(row["pairs"]), y, f"{row['back']} back", 11, anchor="middle", colour=_COLOURS[row["who"]])


def _wasted(x: float, y: float, rows: Sequence[Row]) -> list[str]:
    across = Scale(8, 1250, x, x + 370, (10, 30, 100, 300, 1000), log=True)
    up = Scale(0, 100, y + 290, y + 20, (0, 20, 40, 60, 80, 100))
    parts = _axes(x, y, "Calls that were throttled, of all that were sent", across, up, "%")
    for who in dict.fromkeys(row["who"] for row in rows):
        points = [(row["pairs"], 100 * wasted(row), row["back"] == row["pairs"]) for row in _worst(rows, who)]
        parts += _way(points, across, up, _COLOURS[who])
    return parts


def _way(
    points: Sequence[tuple[float, float, bool]], across: Scale, up: Scale, colour: str, *, dashed: bool = False
) -> list[str]:
    """A line through the points, and a dot on each; hollow where it is not the whole truth."""
    way = " ".join(f"{across(n):.1f},{up(value):.1f}" for n, value, _whole in points)
    dash = " stroke-dasharray='6 4'" if dashed else ""
    parts = [f"<polyline points='{way}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>"]
    if not dashed:
        parts += [
            f"<circle cx='{across(n):.1f}' cy='{up(value):.1f}' r='4' fill='{colour if whole else 'white'}'"
            f" stroke='{colour}' stroke-width='1.5'/>"
            for n, value, whole in points
        ]
    return parts


def _last(row: Row) -> tuple[float, float, bool]:
    whole = row["last"] is not None
    return row["pairs"], row["last"] if whole else row["latest"], whole


def _worst(rows: Sequence[Row], who: str) -> list[Row]:
    """Of each number of pairs the slowest run."""
    found: dict[int, Row] = {}
    for row in sorted((r for r in rows if r["who"] == who), key=slowness):
        found[row["pairs"]] = row
    return [found[pairs] for pairs in sorted(found)]


def slowness(row: Row) -> tuple[int, float]:
    """How bad a run was: by the pairs that never came back, then by the last one."""
    return row["pairs"] - row["back"], row["last"] or row["latest"] or 0.0


def wasted(row: Row) -> float:
    """The part of the calls that was throttled."""
    return float((row["refused_writes"] + row["refused_reads"]) / (row["writes"] + row["reads"]))
