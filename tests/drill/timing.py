# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon either engine takes over with which interval, and what it takes for a failure that is none.

`python -m drill --timing` plays what is missing of a table of trials, as long as it is given, and writes down each
trial as it ends: whoever is interrupted, or has ten minutes at a time, goes on with the next run.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import machine
from drill.bed import Bed, DrillError, bed
from drill.faults import FAULTS, Fault
from drill.play import play, reset
from lab.fabric import netns
from lab.probe.session import ProbeError

UNIT = "overlay-app.service"
KILLED, LOST = (fault for fault in FAULTS if fault.name in ("application killed (kill -9)", "power lost"))
BUSY_SECONDS = 60
LOSS_PERCENT, LOSS_SECONDS = 20, 1.0
PAUSES = (0.2, 0.3, 0.5)
SETTINGS: dict[str, tuple[float, ...]] = {"keepalived": (0.2, 0.25, 0.5, 1.0), "pacemaker": (1, 3, 5, 10)}
"""Seconds between two adverts; of a token, and between two monitors of the application."""
_ADVERTS_AFTER = 5  # what a disturbance brings about, it does within three adverts and a bit
_SPARE = 45.0  # seconds that a fault and its mending may take: no further one is begun so near to the end

_LOSS = """\
table inet drill {{
  counter adverts {{ }}
  chain passing {{
    type filter hook forward priority -10; policy accept;
    ip saddr {{ {nodes} }} ip daddr {{ {nodes} }} numgen random mod 100 < {percent} jump lost
  }}
  chain lost {{
    ip protocol 112 counter name adverts
    drop
  }}
}}
"""
_CALM = "table inet drill { }\ndelete table inet drill\n"  # also where it is not there


class Timed(Bed):
    """A pair whose engine has a certain interval. Subclasses set it."""

    setting = 1.0
    dropped: int | None = None
    """Adverts that were dropped in the last trial."""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`: keepalived is told of the application's end by its unit, and asks nothing."""
        mine: dict[str, Any] = {"overlay_ip_corosync_token": round(1000 * self.setting)}
        if self.engine == "keepalived":
            mine = {"overlay_ip_advert_interval": self.setting, "overlay_ip_check_unit": UNIT}
            mine["overlay_ip_check_command"] = ""
        return {**super().variables(), **mine}

    def join(self) -> None:
        """See :class:`Bed`: the application's monitor is in step with the token."""
        super().join()
        if self.engine != "keepalived":
            monitor = f'<op id="overlay-app-monitor" name="monitor" interval="{self.setting:g}s" timeout="10s"/>'
            self.exec(self.nodes[0], "cibadmin", "--modify", "--xml-text", monitor)
            self.exec(self.nodes[0], "crm_resource", "--wait", "--timeout=60s", timeout=90)


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        engine, setting: what was played with; the setting is in seconds.
        what: what befell the pair, by the name in `FAULT_KINDS` or `QUIET_KINDS`.
        holder: who served before it.
        silence: seconds without an answer, the longest stretch.
        detected: seconds from the fault to the first call that moves a route.
        moved: whether the service went to the other node, or a route was written at all.
        adverts: adverts that were dropped, where it is that which befell them.
        verdict: empty, or what was wrong beside that.
        load: of the machine afterwards, over a minute.
    """

    engine: str
    setting: float
    what: str
    holder: str
    silence: float
    detected: float | None
    moved: bool
    adverts: int | None
    verdict: str
    load: float


def _busy(lab: Timed, holder: str, standby: str) -> None:
    """Each core of the machine has a busy process of each node, in a service of its own: with as much right to it as
    keepalived's."""
    loop = ("timeout", str(BUSY_SECONDS), "sh", "-c", "while :; do :; done")
    for node in (holder, standby):
        for core in range(os.cpu_count() or 1):
            lab.exec(node, "systemd-run", "--quiet", "--collect", f"--unit=busy-{core}", *loop)
    time.sleep(BUSY_SECONDS)


def _lossy(lab: Timed, holder: str, standby: str) -> None:
    nodes = ", ".join(machine.addresses[0] for machine in lab.lab.world.nodes)
    try:
        netns.nft(lab.lab.router, _LOSS.format(nodes=nodes, percent=LOSS_PERCENT))
        time.sleep(LOSS_SECONDS)
    finally:
        lab.dropped = _adverts_lost(lab)
        netns.nft(lab.lab.router, _CALM)


def _adverts_lost(lab: Timed) -> int:
    argv = netns.entered(lab.lab.router, ["nft", "--json", "list", "counter", "inet", "drill", "adverts"])
    found = json.loads(netns.command(argv))["nftables"]
    return int(next(one["counter"]["packets"] for one in found if "counter" in one))


def _pause(seconds: float, of_holder: bool, lab: Timed, holder: str, standby: str) -> None:
    node = holder if of_holder else standby
    lab.freeze(node)
    try:
        time.sleep(seconds)
    finally:
        lab.thaw(node)


Disturbance = Callable[[Timed, str, str], None]

QUIET_KINDS: dict[str, Disturbance] = {
    f"all cores busy for {BUSY_SECONDS} s on both nodes": _busy,
    f"{LOSS_SECONDS:g} s of {LOSS_PERCENT} % packet loss between the nodes": _lossy,
    **{
        f"the {who} stands still for {seconds:g} s": functools.partial(_pause, seconds, who == "holder")
        for who in ("holder", "standby")
        for seconds in PAUSES
    },
}
"""What is no failure: nothing may move. keepalived alone; a cluster that shoots for nothing is another matter."""
FAULT_KINDS: dict[str, Fault] = {"power lost": LOST, "application killed": KILLED}
_BUSY, _LOSSY, *_STILL = QUIET_KINDS
TRIALS = {**dict.fromkeys((*FAULT_KINDS, _LOSSY), 10), _BUSY: 2, **dict.fromkeys(_STILL, 5)}
"""How often each is played, unless a run says less: ten minutes for one setting of keepalived on a quiet machine."""


def wanted(engine: str, most: int | None) -> Iterator[tuple[str, int]]:
    """What is to be played with an engine, how often: the short ones first."""
    kinds = [*FAULT_KINDS, *(QUIET_KINDS if engine == "keepalived" else ())]
    for what in kinds:
        often = TRIALS[what] if engine == "keepalived" else min(TRIALS[what], 5)
        yield what, often if most is None else min(often, most)


def missing(trials: Sequence[Trial], engine: str, setting: float, most: int | None) -> list[str]:
    """What is still to be played with one setting, in order."""
    done = [t.what for t in trials if (t.engine, t.setting) == (engine, setting)]
    return [what for what, often in wanted(engine, most) for _ in range(often - done.count(what))]


def load(path: Path) -> list[Trial]:
    """The trials so far."""
    return [Trial(**raw) for raw in json.loads(path.read_text())["trials"]] if path.exists() else []


def save(path: Path, trials: Sequence[Trial]) -> None:
    """All of them, with when and where the last one was."""
    last = {"when": time.strftime("%Y-%m-%d %H:%M"), "commit": machine.commit(), "cores": os.cpu_count()}
    text = json.dumps({"last": last, "trials": [asdict(trial) for trial in trials]}, indent=1)
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(text + "\n")
    beside.replace(path)


def run(
    path: Path, engines: Sequence[str], settings: Sequence[float], most: int | None, seconds: float
) -> tuple[list[Trial], bool]:
    """Play what is missing for so long; returns all trials, and whether none is missing any more."""
    end = time.monotonic() + seconds
    trials, ended = load(path), True
    for engine in engines:
        for setting in SETTINGS[engine]:
            if settings and setting not in settings:
                continue
            todo = missing(trials, engine, setting, most)
            if todo and end - time.monotonic() > 2 * _SPARE:
                trials += _play(path, trials, engine, setting, todo, end)
            ended = ended and not missing(trials, engine, setting, most)
    return trials, ended


def _play(
    path: Path, before: Sequence[Trial], engine: str, setting: float, todo: Sequence[str], end: float
) -> list[Trial]:
    made: list[Trial] = []
    print(f"\n{engine}, {setting:g} s: {len(todo)} trials", flush=True)
    with bed(engine, make=_with(setting)) as lab:
        assert isinstance(lab, Timed)
        for what in todo:
            if end - time.monotonic() < _SPARE + (BUSY_SECONDS if what == _BUSY else 0):
                continue  # a shorter one may still come
            try:
                lab.rest()
                made.append(trial(lab, what))
            except (DrillError, ProbeError) as exc:  # it counts for nothing, and the next run plays it again
                print(f"{what}: not counted, {exc}; a new lab is needed", flush=True)
                break
            print(_line(made[-1]), flush=True)
            save(path, [*before, *made])
            if made[-1].verdict:
                reset(lab)
    return made


def _with(seconds: float) -> type[Timed]:
    class Set(Timed):
        """With this one."""

        setting = seconds

    return Set


def trial(lab: Timed, what: str) -> Trial:
    """Play one. Raises DrillError or ProbeError where the lab is not what it must be."""
    if what in FAULT_KINDS:
        result = play(lab, FAULT_KINDS[what])
        moved = len(result.answered) > 1 or result.detected is not None
        return _trial(lab, what, result.holder, result.gap, result.detected, moved, None, result.verdict)
    return _quiet(lab, what)


def _quiet(lab: Timed, what: str) -> Trial:
    holder = lab.rest().holder or ""
    standby = next(node for node in lab.nodes if node != holder)
    lab.dropped = None
    mark = lab.control.mark()
    with lab.probe() as probe:
        probe.wait_for(holder)
        began = time.time()
        QUIET_KINDS[what](lab, holder, standby)
        time.sleep(_ADVERTS_AFTER * lab.setting + 0.5)
        end = lab.rest().holder or ""
        probe.wait_for(end)
    written, report = lab.first_write(mark), probe.report
    detected = written - began if written else None
    moved = detected is not None or set(report.who) != {holder}
    return _trial(lab, what, holder, report.gap_ms / 1000, detected, moved, lab.dropped, "")


def _trial(
    lab: Timed,
    what: str,
    holder: str,
    silence: float,
    detected: float | None,
    moved: bool,
    adverts: int | None,
    verdict: str,
) -> Trial:
    at = None if detected is None else round(detected, 3)
    now = round(os.getloadavg()[0], 1)
    return Trial(lab.engine, lab.setting, what, holder, round(silence, 3), at, moved, adverts, verdict, now)


def _line(one: Trial) -> str:
    what = f"{one.what}: {'moved' if one.moved else 'stayed'}, silence {one.silence:.2f} s"
    return f"{what}, detected {one.detected}, load {one.load}{', ' + one.verdict if one.verdict else ''}"
