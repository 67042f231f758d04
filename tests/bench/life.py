# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks above a play of no task: setup from nothing, setup with nothing to do, status, and switchover."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.command import BenchError, playbook
from bench.moves import PLAYS
from bench.results import OURS, Row, Run
from bench.stage import Stage, stage

EMPTY = "empty play"
FIRST, AGAIN, STATUS, SWITCHOVER = "setup from nothing", "setup with nothing to do", "status", "switchover"
_CHANGED = re.compile(r"changed=([0-9]+)")


def sizes(numbers: Sequence[tuple[int, int]], rounds: int) -> list[Row]:
    """Setup from nothing, setup again, and status, for so many route tables and overlay IPs each."""
    rows = []
    for tables, overlays in numbers:
        with stage(tables=max(tables, 2)) as ready:
            words = f"{_many(tables, 'table')}, {_many(overlays, 'overlay IP')}"
            # EC2 gives five writes a second when its bucket is empty: a thousand routes take minutes, twice a round.
            some = min(rounds, 2) if tables * overlays > 100 else rounds
            rows += _life(ready, words, ready.inventory(tables, overlays), some)
    return rows


def at_once(rounds: int) -> list[Row]:
    """What the playbooks themselves cost: an API that answers at once, one overlay IP in two tables."""
    with stage(tables=2, latency=0) as ready:
        inventory = ready.inventory(2)
        playbook("setup.yml", inventory)
        empty: list[Run] = []
        runs: dict[str, list[Run]] = {AGAIN: [], STATUS: [], SWITCHOVER: []}
        for turn in range(rounds):
            target = ("node2", "node1")[turn % 2]
            print(f"  0 ms, round {turn + 1} of {rounds}", flush=True)
            runs[AGAIN].append(_unchanged(ready, inventory))
            runs[STATUS].append(_run(ready, "status.yml", inventory))
            runs[SWITCHOVER].append(_run(ready, "switchover.yml", inventory, "-e", f"target={target}"))
            if set(ready.lab.holders().values()) != {target}:
                raise BenchError(f"the switchover to {target} ended, and the routes are {ready.lab.holders()}")
            empty.append(_empty(inventory))
    return _rows("0 ms", runs, empty)


def _life(ready: Stage, words: str, inventory: Path, rounds: int) -> list[Row]:
    empty: list[Run] = []
    runs: dict[str, list[Run]] = {FIRST: [], AGAIN: [], STATUS: []}
    for turn in range(rounds):
        print(f"  {words}, round {turn + 1} of {rounds}", flush=True)
        playbook("teardown.yml", inventory)
        runs[FIRST].append(_run(ready, "setup.yml", inventory))
        runs[AGAIN].append(_unchanged(ready, inventory))
        runs[STATUS].append(_run(ready, "status.yml", inventory))
        empty.append(_empty(inventory))
    return _rows(words, runs, empty)


def _rows(words: str, runs: dict[str, list[Run]], empty: list[Run]) -> list[Row]:
    """A round's empty play is what each of its playbooks is compared with."""
    return [
        row
        for what, found in runs.items()
        for row in (
            Row(f"{what}: {words}", OURS, tuple(found)),
            Row(f"{what}: {words}", EMPTY, tuple(empty)),
        )
    ]


def _run(ready: Stage, name: str, inventory: Path, *arguments: str, check: Callable[[str], None] | None = None) -> Run:
    ready.fill_buckets()
    ready.lab.control.clear("calls")
    done = playbook(name, inventory, *arguments, limit=900.0)
    if not done.finished:
        raise BenchError(f"{name} did not end in 15 minutes:\n{done.output[-2000:]}")
    if check:
        check(done.output)
    return Run(round(done.seconds, 3), len(ready.lab.control.calls()))


def _unchanged(ready: Stage, inventory: Path) -> Run:
    def check(output: str) -> None:
        if set(_CHANGED.findall(output)) != {"0"}:
            raise BenchError(f"setup had something to do:\n{output[-2000:]}")

    return _run(ready, "setup.yml", inventory, check=check)


def _empty(inventory: Path) -> Run:
    return Run(round(playbook(PLAYS / "empty.yml", inventory).seconds, 3))


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
