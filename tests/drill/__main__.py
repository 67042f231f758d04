# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make drill`: every fault with every engine, both ways round; writes docs/drill.json and docs/drill.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import machine
from drill import moves, timing, timing_page
from drill.bed import ENGINES, RATE, DrillError, bed
from drill.faults import FAULTS
from drill.play import Result, play, reset, swap
from drill.report import FIRST, table

DOCS = Path(__file__).parents[2] / "docs"
STOCK = "aws-vpc-move-ip"
_TITLES = {
    "keepalived": "keepalived, adverts every second",
    "pacemaker": "Pacemaker with ocf:aws_ha:overlay-ip, token 1000 ms, fence_aws",
    STOCK: "Pacemaker with ocf:heartbeat:aws-vpc-move-ip, the same cluster and faults",
}

_READING = """\
*Detected*: from the fault to the first call that moves a route; noticing, and fencing, come before it. *Moved*: from
then until the standby answers. *Lost*: datagrams without an answer, while every node that serves answers with its own
name. A ✓ says that at the end one living node had the address and every table's route, and that nobody served again
after another node had, but where the fault lets it (a machine that thaws, a partition that ends). *In 1.0.0*: the
silence in the same drill with that version, taken {when}, {commit}.

A node of the lab boots in a second: one that was shot may serve again before the other one starts, and then the row
shows no move. The API answers at once where we do not delay it, and a changed route has effect at once; AWS gives no
number for either."""


def main() -> int:
    """Run the drills. Returns 1 if anything was not as it must be with our own agents."""
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--fault", action="append", help="only faults whose name has this word; may be repeated")
    parser.add_argument("--once", action="store_true", help="not again with the roles reversed")
    parser.add_argument("--no-moves", action="store_true", help="do not measure start actions")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where to write drill.json and drill.md")
    parser.add_argument("--programs", action="store_true", help="measure the bare programs alone, keep all else")
    parser.add_argument(
        "--timing", action="store_true", help="the table of intervals in place of the faults: timing.py"
    )
    parser.add_argument("--setting", action="append", type=float, default=[], help="timing: only this one; repeatable")
    parser.add_argument("--trials", type=int, help="timing: not more than so many of each")
    parser.add_argument("--seconds", type=float, default=540.0, help="timing: begin nothing that would not end by then")
    options = parser.parse_args()
    if options.timing:
        return _timing(options)
    if options.programs:
        kept = json.loads((options.docs / "drill.json").read_text())
        faults = [Result(**{**raw, "answered": tuple(raw["answered"])}) for raw in kept["faults"]]
        write(options.docs, faults, [*moves.programs(), *(m for m in kept["moves"] if "agent" in m)], taken=kept)
        return 0
    results: list[Result] = []
    for engine in options.engine or ENGINES:
        print(f"\n{_TITLES[engine]}", flush=True)
        for result in drill(engine, options.fault, once=options.once):
            results.append(result)
            print(list(table([result]))[-1], flush=True)
            write(options.docs, results, [])  # what was measured so far outlives whatever comes
    measured = [] if options.no_moves else [*moves.programs(), *moves.measure()]
    write(options.docs, results, measured)
    bad = [r for r in results if r.verdict and r.engine != STOCK]
    print(f"\n{len(results) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


def _timing(options: argparse.Namespace) -> int:
    """Play what is missing of docs/timing.json and write docs/timing.md. Returns 3 where another run is needed."""
    path = options.docs / "timing.json"
    engines = [engine for engine in options.engine or timing.SETTINGS if engine in timing.SETTINGS]
    trials, ended = timing.run(path, engines, options.setting, options.trials, options.seconds)
    if trials:
        (options.docs / "timing.md").write_text(timing_page.page(trials, json.loads(path.read_text())["last"]))
    print("\nall played" if ended else "\nnot all played: run it again")
    return 0 if ended else 3


def drill(engine: str, words: list[str] | None, *, once: bool) -> Iterator[Result]:
    """Every fault of one engine, with either node as the holder (the stock agent: node1 alone), in as few labs as it
    takes: one that does not come to rest any more is given up for another."""
    faults = [f for f in FAULTS if not words or any(w in f.name for w in words)]
    rounds = [(turn, fault) for turn in range(1 if once or engine == STOCK else 2) for fault in faults]
    while rounds:
        before = len(rounds)
        with bed(engine) as lab:
            try:
                for turn, fault in list(rounds):
                    if lab.rest().holder != lab.nodes[turn]:
                        swap(lab)
                    result = play(lab, fault)
                    rounds.remove((turn, fault))
                    yield result
                    if result.verdict:
                        reset(lab)
            except DrillError as exc:
                if len(rounds) == before:
                    raise
                print(f"a new lab, since this one does not come to rest: {exc}", flush=True)


def write(
    docs: Path, results: list[Result], measured: list[dict[str, Any]], taken: Mapping[str, Any] | None = None
) -> None:
    """Leave the numbers as JSON and as tables; `taken` says when and where the faults were played, if not now."""
    docs.mkdir(exist_ok=True)
    now = {"when": time.strftime("%Y-%m-%d %H:%M"), "commit": machine.commit(), "load": round(os.getloadavg()[0], 1)}
    when, commit, load = ((taken or now)[name] for name in now)
    value = {
        "rate": RATE,
        "when": when,
        "commit": commit,
        "load": load,
        "faults": [r.to_json() for r in results],
        "moves": measured,
    }
    (docs / "drill.json").write_text(json.dumps(value, indent=1) + "\n")
    lines = ["<!-- Written by `make drill`; docs/drill.json has the same numbers. -->", "", "# Failover drills", ""]
    lines += [
        f"Real packages on two full Debian 12 nodes of the lab, two route tables. The probe sends {RATE:.0f} datagrams "
        f"a second. Written {when}, {commit}; load average of the machine, which "
        f"has {os.cpu_count()} cores, at the end: {load}.",
        "",
        *_READING.format(**FIRST).splitlines(),
        "",
    ]
    for engine, title in _TITLES.items():
        mine = [r for r in results if r.engine == engine]
        if mine:
            lines += [f"## {title[0].upper()}{title[1:]}", "", *table(mine), ""]
    if measured:
        lines += ["## The move itself", "", *moves.table(measured), ""]
    (docs / "drill.md").write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
