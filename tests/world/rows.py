# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the matrix: a change, what follows it, and what comes of both; measured as a client sees it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from drill.bed import DrillError, View
from lab.probe.session import ProbeSession
from world.changes import (
    DONE,
    EITHER,
    FAILOVER,
    MOVES,
    PARTLY,
    REFUSED,
    REST,
    STAYS,
    SWITCHOVER,
    WAITS,
    Change,
    WorldBed,
)
from world.tables import journal

SOON = 60.0
"""Seconds within which a node tells what it looks for at every check."""
LOOKS = {"keepalived": 8.0, "pacemaker": 24.0}
"""Seconds for several looks of an engine at the routes."""
SILENCE = {"keepalived": 12.0, "pacemaker": 25.0}
"""Seconds that a failover may take on two busy cores."""
STUCK = 12.0
BACK, AGAIN = 60.0, 120.0
_LONGEST = 200


@dataclass
class Row:
    """What was seen.

    Attributes:
        lost: datagrams without an answer, from before the change until all is at rest again.
        gap: the longest silence, in seconds.
        after: of a failover the seconds until the standby answered.
        who: who answered, in order.
        told: where it was told, and in which words.
        playbook: how the playbook ended, and what it said if it did not go on.
        end: who holds what when the change was taken back.
        verdict: empty, or what was not as it must be.
    """

    engine: str
    change: str
    then: str
    lost: int = 0
    gap: float = 0.0
    after: float | None = None
    who: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)
    playbook: str = ""
    end: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def play(bed: WorldBed, change: Change, then: str) -> Row:
    """Play one row; the world is as before afterwards, or DrillError says that it is not."""
    began = time.monotonic()
    wrong: list[str] = []
    row = Row(bed.engine, change.name, then)
    holder = bed.rest(seconds=AGAIN).holder or ""
    standby = next(node for node in bed.nodes if node != holder)
    said = {node: len(journal(bed, node)) for node in bed.nodes}
    crashed = False
    with bed.probe() as probe:
        probe.wait_for(holder)
        try:
            with change.make(bed, holder, standby) as word:
                if then == REST:
                    wrong += _at_rest(bed, change, word, row, said)
                elif then == FAILOVER:
                    time.sleep(LOOKS["keepalived"] / 2)
                    bed.crash(holder)
                    crashed = True
                    wrong += _failed_over(bed, change, probe, row, standby)
                else:
                    wrong += _played(bed, change, word, row, then, standby)
            if crashed:
                if (
                    change.outcome(FAILOVER, bed.engine) == WAITS
                ):  # who was kept from it takes over now, with the other one still off
                    probe.wait_for(standby, BACK)
                bed.boot(holder)
            if change.setup:
                bed.play("setup.yml")
            end = bed.rest(seconds=AGAIN)
            probe.wait_for(end.holder, BACK)
            row.end = end.to_json()
            wrong += _ended(change.outcome(then, bed.engine), then, end, holder, standby)
        except Exception as exc:  # told in the table; whoever plays gives this lab up
            wrong.append(f"{type(exc).__name__}: {exc}"[:600])
            row.end = bed.view().to_json()
    report = probe.report
    row.lost, row.gap, row.who = report.lost, round(report.gap_ms / 1000, 2), report.who
    if report.lost and not change.silent and then != FAILOVER and change.outcome(then, bed.engine) != EITHER:
        wrong.append(f"{report.lost} datagrams lost")
    row.verdict, row.seconds = "; ".join(wrong), round(time.monotonic() - began, 1)
    return row


def _at_rest(bed: WorldBed, change: Change, word: str, row: Row, said: dict[str, int]) -> Iterator[str]:
    """Time goes by; who is told, and in which words."""
    began, looks = time.monotonic(), LOOKS[bed.engine]
    found: list[str] = []
    while word and change.journal and not found and time.monotonic() < began + SOON:
        time.sleep(0.5)
        found = [f"{node}'s journal, {time.monotonic() - began:.0f} s: {line}" for node, line in _new(bed, word, said)]
    time.sleep(max(0.0, began + looks - time.monotonic()))
    if word and not found:  # no node tells it by itself, or not yet
        found += [
            f"{node}'s check: {text}" for node in bed.nodes for text in _checks(bed, node) if re.search(word, text)
        ]
    if word and not found:
        status = bed.play("status.yml").overlay_ip_result
        found += [f"status: {text}" for text in _findings(status) if re.search(word, text)]
    row.told = [text[:_LONGEST] for text in found]
    if word and not found:
        yield f"nobody was told: {word}"
    elif word and change.journal and not any("journal" in text for text in found):
        yield "no node told it by itself"


def _new(bed: WorldBed, word: str, said: dict[str, int]) -> Iterator[tuple[str, str]]:
    for node in bed.nodes:
        for line in journal(bed, node)[said[node] :].splitlines():
            if re.search(word, line):
                yield node, line
                break


def _checks(bed: WorldBed, node: str) -> list[str]:
    """What `aws-overlay-ip check` says there, which `drill=readiness` asks of every node."""
    answer = json.loads(bed.exec(node, "aws-overlay-ip", "check") or "{}")
    return [str(check["message"]) for check in answer.get("checks", ())]


def _findings(status: dict[str, Any]) -> list[str]:
    places = [*status["overlays"], *status["nodes"].values()]
    return [f["message"] for place in places for f in place["findings"]] + [f["message"] for f in status["orphans"]]


def _failed_over(bed: WorldBed, change: Change, probe: ProbeSession, row: Row, standby: str) -> Iterator[str]:
    wanted, struck = change.outcome(FAILOVER, bed.engine), time.monotonic()
    if wanted in (WAITS, EITHER):
        time.sleep(STUCK)
        return
    probe.wait_for(standby, BACK)
    row.after = round(time.monotonic() - struck, 2)
    if row.after > SILENCE[bed.engine]:
        yield f"the standby answered after {row.after:.0f} s only"


def _played(bed: WorldBed, change: Change, word: str, row: Row, then: str, standby: str) -> Iterator[str]:
    """The playbook, at once: it sees by itself what has happened."""
    wanted = change.outcome(then, bed.engine)
    try:
        run = bed.play(f"{then}.yml", **({"target": standby} if then == SWITCHOVER else {}))
        row.playbook = "done"
        row.told = [line.strip()[:_LONGEST] for line in run.output.splitlines() if word and re.search(word, line)][:2]
        if wanted in (REFUSED, PARTLY):
            yield "the playbook went on"
    except DrillError as exc:
        text = str(exc)
        lines = text.partition("failed: ")[2].splitlines()  # the items of a loop come after what the loop itself says
        came = "moved, and told" if wanted == PARTLY else "refused"
        row.playbook = f"{came}: {next((one for one in lines if word and re.search(word, one)), lines[0])[:300]}"
        row.told = [row.playbook.partition(": ")[2][:_LONGEST]]
        if wanted in (DONE, EITHER, STAYS):
            yield "the playbook did not go on"
        elif word and not re.search(word, text):
            yield f"the refusal does not say {word}"


def _ended(outcome: str, then: str, end: View, holder: str, standby: str) -> Iterator[str]:
    """Who holds it in the end."""
    moved = {FAILOVER: outcome == MOVES, SWITCHOVER: outcome in (DONE, PARTLY)}.get(then, False)
    if outcome in (EITHER, WAITS):
        return
    wanted = standby if moved else holder
    if end.holder != wanted:
        yield f"{end.holder} holds it in the end, not {wanted}"
