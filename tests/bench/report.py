# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench.md: what was measured, ratios first. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.life import AGAIN, SWITCHOVER
from bench.results import OURS, Row, Section

Column = tuple[str, Callable[[Section, Row], str]]


@dataclass(frozen=True)
class Target:
    """One target, what was measured, and whether it is met (None: not measured)."""

    text: str
    measured: str
    met: bool | None


def render(sections: Sequence[Section], machine: Mapping[str, str]) -> str:
    """The whole page."""
    lines = [*_HEAD, *_table(("target", "measured", ""), [_verdict(t) for t in targets(sections)])]
    for section in sections:
        title, words, columns = _SHAPES[section.key]
        used = [c for c in columns if any(c[1](section, row) for row in section.rows)]
        lines += ["", f"## {title}", "", words, f"Taken {section.taken}.", ""]
        rows = [[read(section, row) for _name, read in used] for row in section.rows]
        lines += _table([name for name, _read in used], rows)
    lines += [
        "",
        "## Machine and versions",
        "",
        "Of the newest section; each has its own time and commit.",
        "",
    ]
    lines += _table(("what", "which"), machine.items())
    return "\n".join(lines) + "\n"


def summary(sections: Sequence[Section]) -> str:
    """The targets, for a terminal."""
    marks = {True: "ok", False: "MISSED", None: "?"}
    return "\n".join(f"{marks[target.met]:<8}{target.text}: {target.measured}" for target in targets(sections))


def targets(sections: Sequence[Section]) -> list[Target]:
    """The targets of the collection, judged by the medians."""
    by_key = {section.key: section for section in sections}
    found = []
    for tables, factor in ((1, 3.0), (10, 20.0), (200, 10.0)):
        moves = by_key.get(f"moves-{tables}")
        amazon = next((r for r in moves.rows if r.who == "amazon.aws"), None) if moves else None
        ratio = moves.ratio(amazon) if moves and amazon else None
        text = f"{tables} route table{'s' if tables > 1 else ''}: {factor:.0f} times as fast as amazon.aws"
        more = "more than " if amazon and amazon.stopped else ""
        target = _target(text, ratio, f"{more}{{:.1f}} times", at_least=factor)
        # A peer that was stopped would have taken longer: the target may be met, but that was not seen.
        found.append(replace(target, met=None) if more and not target.met else target)
    tasks = by_key.get("tasks")
    for row in tasks.rows if tasks else ():
        if row.who == OURS and tasks:
            text = f"a task of {row.case} within 1.15 of the floor"
            found.append(_target(text, tasks.ratio(row), "{:.2f}", at_most=1.15))
    plays = by_key.get("switchover")
    ours = next((r for r in plays.rows if r.who == OURS), None) if plays else None
    excess = plays.excess(ours) if plays and ours else None
    text = "`switchover.yml` within 3 s of an empty play"
    found.append(_target(text, excess, "{:.2f} s", at_most=3.0))
    floor = by_key.get("floor")
    for what, most in ((SWITCHOVER, 1.0), (AGAIN, 2.0)):
        cases = [r for r in floor.rows if r.case.startswith(what) and r.who == OURS] if floor else []
        text = f"{what}, an API that answers at once: within {most:.0f} s of an empty play"
        excess = floor.excess(cases[0]) if floor and cases else None
        found.append(_target(text, excess, "{:.2f} s", at_most=most))
    gap = by_key.get("gap")
    for row in gap.rows if gap else ():
        text = f"planned switchover, {row.case} propagation: no packet lost beyond that"
        found.append(_target(text, row.middle("lost"), "{:.0f} lost", at_most=row.size or 0.0))
    return found


def _target(
    text: str, value: float | None, form: str, at_least: float = -math.inf, at_most: float = math.inf
) -> Target:
    if value is None:
        return Target(text, "not measured", None)
    return Target(text, form.format(value), at_least <= value <= at_most)


def _verdict(target: Target) -> list[str]:
    return [target.text, target.measured, {True: "met", False: "**missed**", None: ""}[target.met]]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{'|'.join(' --- ' for dummy in names)}|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def seconds(value: float) -> str:
    """A time with three significant digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _ratio(section: Section, row: Row) -> str:
    ratio = section.ratio(row)
    return "" if ratio is None else f"{'> ' if row.stopped else ''}{ratio:.{2 if ratio < 3 else 1}f}"


def _excess(section: Section, row: Row) -> str:
    excess = section.excess(row)
    return "" if excess is None else f"{excess:+.2f}"


def _median(_section: Section, row: Row) -> str:
    middle = row.middle("seconds") or 0.0
    return f"> {seconds(middle)} ({row.runs[-1].moved} moved)" if row.stopped else seconds(middle)


def _spread(_section: Section, row: Row) -> str:
    low, high = row.spread()
    return f"{seconds(low)} - {seconds(high)}" if len(row.runs) > 1 else ""


def _milliseconds(_section: Section, row: Row) -> str:
    low, high = row.spread()
    return f"{(row.middle('seconds') or 0.0) * 1000:.0f} ({low * 1000:.0f} - {high * 1000:.0f})"


def _case(_section: Section, row: Row) -> str:
    return row.case


def _who(_section: Section, row: Row) -> str:
    return f"**{row.who}**" if row.who == OURS else row.who


def _of(name: str) -> Callable[[Section, Row], str]:
    return lambda _section, row: _number(row.middle(name))


def _runs(_section: Section, row: Row) -> str:
    return str(len(row.runs))


_TIMES: list[Column] = [("median s", _median), ("fastest - slowest s", _spread)]
_PACKETS: list[Column] = [("API calls", _of("calls")), ("lost at 1 kHz", _of("lost")), ("silence ms", _of("gap_ms"))]
_COUNT: list[Column] = [("runs", _runs)]
_NAMES: list[Column] = [("case", _case), ("who", _who)]
_MOVES: list[Column] = [("time / ours", _ratio), *_NAMES[1:], *_TIMES, *_PACKETS, *_COUNT]

_HEAD = [
    "# Measurements",
    "",
    "Written by `make bench`; [bench.json](bench.json) has every run. Everything runs on the lab of `tests/lab`: an",
    "EC2 endpoint on loopback and machines whose packets move. Where a section says so, the endpoint adds 50 ms to",
    "each API call, and EC2's token buckets (50 calls at once, then 5 a second) are in force.",
    "",
    "All contenders of a case run by turns; a ratio is the median of the ratios of runs of the same round, so that a",
    "busy machine weighs on both. A run is checked: every table must point at the target afterwards.",
    "",
    "![Plot](bench.svg)",
    "",
    "## Targets",
    "",
]

_SHAPES: dict[str, tuple[str, str, list[Column]]] = {
    **{
        f"moves-{n}": (
            f"Moving the route in {n} table{'s' if n > 1 else ''}",
            "One playbook with one task for overlay_ip and for amazon.aws (`ec2_vpc_route_table` in a loop); `aws ec2 "
            "replace-route` in a shell loop; Pacemaker's agent by hand, stop on one node and start on the other. For "
            "the first three the address is up on both nodes. 50 ms API latency, token buckets. A peer is stopped "
            "after a limit: then time and ratio are lower bounds, and the tables that were moved until then are "
            "counted.",
            _MOVES,
        )
        for n in (1, 10, 50, 200)
    },
    "switchover": (
        "The whole switchover",
        "`switchover.yml` with all its checks, the smallest play that one could write with amazon.aws, and ansible's "
        "own play of no task with the same hosts. 50 ms API latency, token buckets.",
        [("s over the empty play", _excess), *_NAMES[1:], *_TIMES, *_PACKETS, *_COUNT],
    ),
    "spans": (
        "Where the seconds of a switchover go",
        "The profile of the section above: from the start of a task to the start of the next. The bare play looks at "
        "the target's addresses, reads, replaces the route in both tables, and reads again, with the modules of the "
        "section below and no check of anything. A module costs most before its first line: ansible gathers and packs "
        "370 kB of its own sources on the first task of its kind, and the Python at the other end compiles them each "
        "time. Where the target of 3 s is missed, the bare play shows how much of it the two modules alone take on "
        "this machine.",
        [("part", _case), *_NAMES[1:], ("median ms (fastest - slowest)", _milliseconds), *_COUNT],
    ),
    "tasks": (
        "A task with nothing to do",
        "Time from the start of a task to the start of the next, in one play in which both take turns. The bare "
        "module imports boto3 (on nodes: pyroute2) and makes the same calls, no more. No added latency.\n\n"
        "What the modules on nodes do above the floor: they ask systemd once which network stack owns the interface "
        "and which agents and failover engines run, load the modules that ansible sends as source (14 ms by cProfile), "
        "and read the configuration files.\n",
        [
            ("time / floor", _ratio),
            ("module", _case),
            *_NAMES[1:],
            ("median ms (fastest - slowest)", _milliseconds),
            ("tasks", _runs),
        ],
    ),
    "gap": (
        "The gap of a planned switchover",
        "What a client at 1 kHz loses during `switchover.yml`, by the delay between the API's answer and the data "
        "path. 50 ms API latency.",
        [("case", _case), *_PACKETS[1:], *_TIMES, *_COUNT],
    ),
    "floor": (
        "What the playbooks themselves cost",
        "One overlay IP, two nodes, two route tables, and an API that answers at once and refuses nothing: what is "
        "above ansible's own play of no task with the same hosts.",
        [("s over the empty play", _excess), *_NAMES, *_TIMES, *_PACKETS[:1], *_COUNT],
    ),
    "life": (
        "Setup and status",
        "From nothing, which a teardown has left, again with nothing to do, and status; two nodes, no failover engine. "
        "50 ms API latency, token buckets, which are full when a playbook begins.",
        [("s over the empty play", _excess), *_NAMES, *_TIMES, *_PACKETS[:1], *_COUNT],
    ),
    "addresses": (
        "Many addresses of one pair",
        "`switchover.yml` for 16 addresses in 10 route tables: with a route for each address, 160 calls, and behind "
        "one prefix or one managed prefix list (`route` in the entries of `overlay_ips`), 10 calls. 50 ms API latency, "
        "token buckets.",
        [("time / one prefix", _ratio), *_NAMES, *_TIMES, *_PACKETS, *_COUNT],
    ),
    "growth": (
        "Growth",
        "`switchover.yml` for more overlay IPs and for more nodes, two route tables. 50 ms API latency, token buckets.",
        [("s over the empty play", _excess), *_NAMES, *_TIMES, *_PACKETS[:2], *_COUNT],
    ),
}

ORDER = tuple(_SHAPES)
"""The sections' keys, in the order of the page."""
