# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/scale.md, between its marks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fleet.plot import slowness, wasted
from fleet.scenarios import AGENT, EARLIER, INSTALLED, LOOP, TOLD

Row = Mapping[str, Any]

MARKS = "<!-- fleet: {} -->", "<!-- fleet: end -->"
_ORDER = (TOLD, INSTALLED, EARLIER, AGENT, LOOP)
_HEAD = (
    "who",
    "back",
    "first s",
    "median s",
    "99 % s",
    "last s",
    "last / limit",
    "99 % / limit",
    "writes (throttled)",
    "reads (throttled)",
    "throttled",
    "most of one pair",
)


def page(text: str, rows: Sequence[Row]) -> str:
    """The page with its tables written anew."""
    for part in dict.fromkeys(row["part"] for row in rows):
        begin, end = (re.escape(mark.format(part)) for mark in MARKS)
        places = list(re.finditer(f"{begin}\n(.*?){end}", text, flags=re.S))
        if len(places) != 1:
            raise ValueError(f"docs/scale.md needs the marks of {part} once, and has them {len(places)} times")
        lines = "\n".join(_part(rows, part))
        text = f"{text[: places[0].start(1)]}\n{lines}\n{text[places[0].end(1) :]}"
    return text


def tables(rows: Sequence[Row]) -> Iterable[str]:
    """All of them, for a terminal."""
    for part in dict.fromkeys(row["part"] for row in rows):
        yield from (f"## {part}", "", *_part(rows, part))


def _part(rows: Sequence[Row], part: str) -> Iterable[str]:
    mine = [row for row in rows if row["part"] == part]
    for pairs, tables_each in sorted({(row["pairs"], row["tables"]) for row in mine}):
        runs = [row for row in mine if (row["pairs"], row["tables"]) == (pairs, tables_each)]
        limit = max((row for row in runs if row["who"] == TOLD), key=slowness)["best"]
        yield f"**{pairs} pairs, {tables_each} route table{'s' if tables_each > 1 else ''} each.** The limit:"
        yield f"median {limit[0]:.1f} s, 99 % {limit[1]:.1f} s, last {limit[2]:.1f} s."
        yield from ("", f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}")
        for who in _ORDER:
            for told in dict.fromkeys(row["told"] for row in runs if row["who"] == who):
                ran = [row for row in runs if row["who"] == who and row["told"] == told]
                name = f"{who} ({told} routes)" if part == "told" else who
                yield f"| {name} | {' | '.join(_cells(max(ran, key=slowness)))} |"
        yield ""


def _cells(row: Row) -> list[str]:
    whole = row["last"] is not None
    refused = row["refused_writes"], row["refused_reads"]
    return [
        str(row["back"]) if whole else f"**{row['back']}**",
        *(_seconds(row[key]) for key in ("first", "median", "most", "last")),
        f"{row['last'] / row['best'][2]:.2f}" if whole else "-",
        f"{row['most'] / row['best'][1]:.2f}" if row["most"] is not None else "-",
        f"{row['writes']} ({refused[0]})",
        f"{row['reads']} ({refused[1]})",
        f"{100 * wasted(row):.0f} %",
        str(row["worst"]),
    ]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
