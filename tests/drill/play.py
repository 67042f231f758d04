# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play one fault and measure: when it was noticed, when the route had moved, what the client lost, who holds what."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from drill.bed import Bed, DrillError
from drill.faults import MOVES, STAYS, Fault
from lab.probe.report import Report
from lab.probe.session import ProbeError, ProbeSession

#: Longest time for the service to come back, and for everything to be at rest afterwards.
BACK_SECONDS, REST_SECONDS = 120.0, 180.0


@dataclass(frozen=True)
class Result:
    """What a fault did. Times are seconds after it struck; None: it did not come to that.

    Attributes:
        detected: the first call that moves a route; the engine's time to notice, and to fence, is before it.
        moved: from then until the first answer of the standby.
        lost: datagrams without an answer, and `gap`, the longest silence in seconds.
        answered: who served, in order.
        end: who held what when all was at rest.
        verdict: empty, or what was wrong.
    """

    engine: str
    fault: str
    holder: str
    detected: float | None
    moved: float | None
    lost: int
    gap: float
    answered: tuple[str, ...]
    end: dict[str, Any]
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def play(bed: Bed, fault: Fault) -> Result:
    """Strike, wait for what must come, mend, wait for rest. The next fault finds the lab as this one found it."""
    holder = bed.rest().holder or ""
    standby = next(node for node in bed.nodes if node != holder)
    mark, problems, end = bed.control.mark(), [], {}
    with bed.probe() as probe:
        probe.wait_for(holder)
        struck = time.time()
        try:
            fault.strike(bed, holder, standby)
            if fault.outcome == MOVES:
                _await_service(probe, (standby,) if bed.engine == "keepalived" else (standby, holder))
            time.sleep(max(0.0, struck + fault.seconds - time.time()))  # what must not happen has time to happen
            fault.mend(bed, holder, standby)
            end = bed.rest(seconds=REST_SECONDS).to_json()
            probe.wait_for(end["holder"], BACK_SECONDS)
        except Exception as exc:  # told in the table: the other faults are still worth playing
            problems.append(str(exc))
    report = probe.report
    problems += wrong(fault, holder, standby, report, fenced=bed.engine != "keepalived")
    first = bed.first_write(mark)
    answer = next((h.first for h in report.holders if h.who == standby), None)
    detected = first - struck if first and first >= struck else None
    moved = report.began + answer - first if answer is not None and first and first >= struck else None
    return Result(
        engine=bed.engine,
        fault=fault.name,
        holder=holder,
        detected=_rounded(detected),
        moved=_rounded(moved),
        lost=report.lost,
        gap=round(report.gap_ms / 1000, 3),
        answered=report.who,
        end=end,
        verdict="; ".join(problems),
    )


def _await_service(probe: ProbeSession, nodes: Sequence[str]) -> None:
    """Wait until one of the nodes answers, after the silence that the fault brought where there is one."""
    with contextlib.suppress(ProbeError):  # a move may be too short to be noticed
        probe.wait_for(None, 5.0)
    deadline = time.monotonic() + BACK_SECONDS
    while True:
        for node in nodes:
            with contextlib.suppress(ProbeError):
                probe.wait_for(node, 0.2)
                return
        if time.monotonic() > deadline:
            raise DrillError(f"nobody served within {BACK_SECONDS:.0f} s")


def wrong(fault: Fault, holder: str, standby: str, report: Report, *, fenced: bool) -> list[str]:
    """What is wrong with who answered: nobody may serve again after another has, unless the service went back.

    With fencing the old holder is rebooted, and here that takes a second: it may be back before the standby starts.
    """
    found: list[str] = []
    turns = list(report.who)
    if fenced and fault.outcome == MOVES and turns == [holder] and report.lost:
        return found
    if fault.outcome == STAYS and set(turns) != {holder}:
        found.append(f"{standby} served, although {holder} could")
    if (fault.outcome == MOVES and turns[:2] != [holder, standby]) or (len(turns) > 2 and not fault.returns):
        found.append(f"answers came from {', '.join(turns)} in turn")
    if len(turns) > 3:
        found.append(f"the service went to and fro: {', '.join(turns)}")
    return found


def reset(bed: Bed) -> None:
    """After a fault that did not come to rest: everything mended, both nodes booted."""
    bed.heal()
    for node in bed.nodes:
        try:
            bed.thaw(node)
            bed.start_application(node)
        except Exception:  # it is off
            bed.boot(node)
    bed.rest(seconds=REST_SECONDS)


def swap(bed: Bed) -> None:
    """Reverse the roles, by the planned switchover of the collection."""
    holder = bed.rest().holder
    target = next(node for node in bed.nodes if node != holder)
    bed.play("switchover.yml", target=target)
    if bed.rest().holder != target:
        raise DrillError(f"the switchover to {target} was not kept")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
