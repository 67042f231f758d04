# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the house: the roof, the floors between, the ground. tools/house.py reads what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, pairwise

_BOX, _TALL, _GAP, _LANE, _SPACE, _EDGE = 214, 76, 24, 30, 92, 24  # pixels
_COLOURS = """\
.page { fill: #ffffff; } .room { fill: #f6f8fa; stroke: #8b949e; } .roof { fill: #ddf4ff; stroke: #54aeff; }
._base { fill: #dafbe1; stroke: #2da44e; } ._aws { fill: #fff8c5; stroke: #d4a72c; }
text { fill: #57606a; } .name { fill: #1f2328; } .arrow { stroke: #57606a; } .head { fill: #57606a; }
.flow { fill: #0969da; stroke: #ffffff; }"""
_DARK = """\
.page { fill: #0d1117; } .room { fill: #161b22; stroke: #6e7681; } .roof { fill: #0f2540; stroke: #388bfd; }
._base { fill: #12261e; stroke: #2ea043; } ._aws { fill: #2b2310; stroke: #bb8009; }
text { fill: #a8b1bb; } .name { fill: #f0f6fc; } .arrow { stroke: #9198a1; } .head { fill: #9198a1; }
.flow { fill: #79c0ff; stroke: #0d1117; }"""
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
<title id="t">The rooms of plugins/</title>
<desc id="d">An arrow goes from a room to one that it uses, and says what it gets there; none goes up. Made by
tools/house.py --draw.</desc>
<style>
text {{ font: 13px system-ui, "Helvetica Neue", Arial, sans-serif; text-anchor: middle; }}
.name {{ font: 600 16px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }}
.chip {{ font: 11px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }}
.flow {{ font-size: 12px; stroke-width: 5; paint-order: stroke; stroke-linejoin: round; }}
.arrow {{ fill: none; stroke-width: 1.4; }}
{colours}
@media (prefers-color-scheme: dark) {{
{dark}
}}
</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path
 class="head" d="M0 0L10 5L0 10z"/></marker></defs>
{body}
</svg>
"""


@dataclass(frozen=True)
class House:
    """``rooms``: what each is for. ``used``: room -> the rooms that it uses. ``flows``: what it gets there."""

    rooms: Mapping[str, str]
    used: Mapping[str, Set[str]]
    flows: Mapping[tuple[str, str], str]
    ground: Sequence[str]
    roof: str

    @property
    def inner(self) -> dict[str, set[str]]:
        """What the rooms between roof and ground use of each other: the rest goes without saying."""
        between = [room for room in self.rooms if room not in (*self.ground, self.roof)]
        return {room: {r for r in between if r in self.used[room]} for room in between}


def draw(house: House) -> str:
    """The picture, as SVG: light or dark as the reader's page is."""
    inner = house.inner
    rows, ways = _laid_out(inner)
    width = max(sum(_wide(item) + _GAP for item in row) for row in rows) - _GAP + 2 * _EDGE
    x = {item: place for row in rows for item, place in _across(row, width).items()}
    top = {item: _EDGE + 98 + n * (_TALL + _SPACE) for n, row in enumerate(rows) for item in row}
    ground = max(top.values()) + _TALL + 36
    height = ground + 58 + _EDGE
    lines = [f'<rect class="page" width="{width}" height="{height}" rx="10"/>', *_roof(house, width)]
    lines += _arrows(ways, x, top, house.flows)
    for room in inner:
        lines += _box(house, room, x[room], top[room])
    half = (width - 2 * _EDGE - _GAP) / 2
    for n, room in enumerate(house.ground):
        left = _EDGE + n * (half + _GAP)
        lines += [
            f'<rect class="{room}" x="{left:.0f}" y="{ground}" width="{half:.0f}" height="58" rx="8"/>',
            f'<text class="name" x="{left + half / 2:.0f}" y="{ground + 24}">{room}</text>',
            f'<text x="{left + half / 2:.0f}" y="{ground + 44}">{house.rooms[room]}</text>',
        ]
    return _SVG.format(width=width, height=height, body="\n".join(lines), colours=_COLOURS, dark=_DARK)


def _roof(house: House, width: int) -> list[str]:
    middle = width / 2
    words = f"{house.rooms[house.roof]}; they use the rooms with a blue door"
    shape = f"M{_EDGE} {_EDGE + 62} L{_EDGE + 60} {_EDGE} H{width - _EDGE - 60} L{width - _EDGE} {_EDGE + 62} Z"
    return [
        f'<path class="roof" stroke-linejoin="round" d="{shape}"/>',
        f'<text class="name" x="{middle:.0f}" y="{_EDGE + 26}">{house.roof}</text>',
        f'<text x="{middle:.0f}" y="{_EDGE + 46}">{words}</text>',
    ]


def _box(house: House, room: str, x: float, y: int) -> list[str]:
    lines = [
        f'<rect class="room" x="{x - _BOX / 2:.0f}" y="{y}" width="{_BOX}" height="{_TALL}" rx="8"/>',
        f'<text class="name" x="{x:.0f}" y="{y + 24}">{room}</text>',
        f'<text x="{x:.0f}" y="{y + 43}">{house.rooms[room]}</text>',
    ]
    if room in house.used[house.roof]:
        lines.append(f'<rect class="roof" x="{x - _BOX / 2 - 5:.0f}" y="{y + 27}" width="10" height="22" rx="3"/>')
    stands_on = [ground for ground in house.ground if ground in house.used[room]]
    for n, ground in enumerate(stands_on):
        left = x + (n - len(stands_on) / 2) * 60 + 4
        lines += [
            f'<rect class="{ground}" x="{left:.0f}" y="{y + 52}" width="52" height="17" rx="8.5"/>',
            f'<text class="chip" x="{left + 26:.0f}" y="{y + 64}">{ground}</text>',
        ]
    return lines


def _laid_out(inner: dict[str, set[str]]) -> tuple[list[list[str]], list[list[str]]]:
    """Rows from the top, and each arrow as the items that it goes by; in an order with few crossings.

    Where an arrow passes a row, the row has an item for it: `upper lower n`.
    """

    def level(room: str) -> int:
        return max((level(r) + 1 for r in inner[room]), default=0)

    rows: list[list[str]] = [[] for _n in range(1 + max(level(room) for room in inner))]
    ways: list[list[str]] = []
    for upper, lowers in inner.items():
        rows[-1 - level(upper)].append(upper)
        for lower in sorted(lowers):
            passed = [f"{upper} {lower} {n}" for n in range(level(upper) - 1, level(lower), -1)]
            for item in passed:
                rows[-1 - int(item.split()[-1])].append(item)
            ways.append([upper, *passed, lower])
    for n in [*range(len(rows)), *reversed(range(len(rows)))] * 3:
        for _pass in rows[n]:
            rows[n] = min([rows[n], *_swapped(rows[n])], key=lambda row: _cost(rows, n, row, ways))
    return rows, ways


def _swapped(row: list[str]) -> Iterator[list[str]]:
    """The row with any two of it in each other's place."""
    for a, b in combinations(row, 2):
        yield [{a: b, b: a}.get(item, item) for item in row]


def _cost(rows: list[list[str]], n: int, row: list[str], ways: list[list[str]]) -> tuple[int, float]:
    """Crossings of the arrows above and below this row, in this order, then how far they go sideways."""
    x = {item: place for other in [*rows[:n], row, *rows[n + 1 :]] for item, place in _across(other, 0).items()}
    steps = [(a in row, x[a], x[b]) for way in ways for a, b in pairwise(way) if a in row or b in row]
    crossings = sum(
        one[0] == two[0] and (one[1] - two[1]) * (one[2] - two[2]) < 0 for one, two in combinations(steps, 2)
    )
    return crossings, sum(abs(a - b) for _side, a, b in steps)


def _wide(item: str) -> int:
    return _LANE if " " in item else _BOX


def _across(row: list[str], width: float) -> dict[str, float]:
    """The middle of each item of a row that is centred."""
    left = (width - sum(_wide(item) + _GAP for item in row) + _GAP) / 2
    places = {}
    for item in row:
        places[item] = left + _wide(item) / 2
        left += _wide(item) + _GAP
    return places


def _arrows(
    ways: list[list[str]], x: dict[str, float], top: dict[str, int], flows: Mapping[tuple[str, str], str]
) -> list[str]:
    """The arrows, and above them what flows: each leaves and arrives at a place of its own."""
    lines, words = [], []
    for way in ways:
        leaving = sorted((w for w in ways if w[0] == way[0]), key=lambda w: x[w[1]])
        arriving = sorted((w for w in ways if w[-1] == way[-1]), key=lambda w: x[w[-2]])
        text = flows.get((way[0], way[-1]), "").split(",")
        begin = _port(x[way[0]], leaving.index(way), len(leaving))
        below = top[way[0]] + _TALL
        words += [
            f'<text class="flow" x="{begin:.0f}" y="{below + 17 + 15 * n}">{t}</text>' for n, t in enumerate(text)
        ]
        at = begin, below + 9 + 15 * len(text)
        path = f"M{at[0]:.0f} {at[1]}"
        for item in way[1:]:
            to_x = _port(x[item], arriving.index(way), len(arriving)) if item == way[-1] else x[item]
            half = (at[1] + top[item]) // 2
            path += f" C{at[0]:.0f} {half} {to_x:.0f} {half} {to_x:.0f} {top[item] - (item == way[-1])}"
            if item != way[-1]:
                path += f" V{top[item] + _TALL}"
            at = to_x, top[item] + _TALL
        lines.append(f'<path class="arrow" marker-end="url(#head)" d="{path}"/>')
    return lines + words


def _port(middle: float, n: int, count: int) -> float:
    return middle + (n - (count - 1) / 2) * min(76, (_BOX - 40) / max(count - 1, 1))
