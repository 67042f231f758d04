# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m bench``: measure beside the peers, and write docs/bench.json, docs/bench.md and docs/bench.svg."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench import addresses, life, machine, peers, plot, report, spans, switchover, tasks
from bench.command import BenchError
from bench.moves import AGENT, AMAZON, CLI, Moves
from bench.results import OURS, Row, Section, from_json, to_json
from bench.stage import stage
from lab.daemon.state import LabError
from lab.playbook.run import CHECKOUT

#: Rounds per number of tables. The peers take from one to seven seconds for each table and round; where they are
#: stopped at the limit anyhow, once is enough.
_FEW = {OURS: 5, AMAZON: 5, CLI: 5, AGENT: 5}
_ROUNDS = {1: _FEW, 10: _FEW, 50: {**_FEW, AMAZON: 1, AGENT: 1}, 200: {**_FEW, AMAZON: 1, AGENT: 1}}
_SIZES = tuple((tables, overlays) for tables in (1, 10, 50) for overlays in (2, 20))
_LIMIT, _QUICK_LIMIT = 90.0, 20.0  # seconds after which a peer is stopped

Suite = Callable[[], Sequence[Row]]


def suites(found: peers.Peers, options: argparse.Namespace) -> dict[str, tuple[str, Suite]]:
    """By key: who the ratios refer to, and what measures it."""
    few = 2 if options.quick else 5
    limit = options.limit or (_QUICK_LIMIT if options.quick else _LIMIT)
    numbers = [1, 10] if options.quick else list(_ROUNDS)
    moves: dict[str, tuple[str, Suite]] = {f"moves-{n}": (OURS, partial(_moves, found, n, few, limit)) for n in numbers}
    overlays, nodes = ((1, 5), ()) if options.quick else ((1, 5, 20), (4, 8))
    sizes = ((1, 2),) if options.quick else _SIZES
    return {
        **moves,
        "switchover": (life.EMPTY, partial(switchover.against_the_smallest_play, found, few)),
        "spans": ("", partial(spans.where_the_time_goes, few)),
        "tasks": (tasks.FLOOR, partial(tasks.against_the_floor, few if options.quick else 10)),
        "gap": ("", partial(switchover.under_propagation_delay, few)),
        "floor": (life.EMPTY, partial(life.at_once, few)),
        "life": (life.EMPTY, partial(life.sizes, sizes, few)),
        "addresses": (addresses.PREFIX, partial(addresses.by_turns, few)),
        "growth": (life.EMPTY, partial(switchover.growth, few, overlays, nodes)),
    }


def _moves(found: peers.Peers, number: int, rounds: int, limit: float) -> list[Row]:
    with stage(tables=max(number, 2)) as ready:
        times = {who: min(rounds, times) for who, times in _ROUNDS[number].items()}
        return Moves(ready, found).rows(number, times, limit)


def _measure(key: str, baseline: str, suite: Suite) -> Section:
    print(f"{key} (load {machine.load()})", flush=True)
    before, started = machine.load(), time.strftime("%Y-%m-%d %H:%M")
    rows = tuple(suite())
    taken = f"{started}, {machine.commit()}, load {before} at the beginning and {machine.load()} at the end"
    return Section(key, baseline, taken, rows)


def write(folder: Path, sections: Sequence[Section], described: dict[str, str]) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"machine": described, "sections": to_json(sections)}
    (folder / "bench.json").write_text(json.dumps(values, indent=1) + "\n")
    (folder / "bench.md").write_text(report.render(sections, described))
    (folder / "bench.svg").write_text(plot.render(sections))


def main() -> int:
    """The command line. What is not measured this time keeps its old numbers, with their date."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("suite", nargs="*", help="which to measure (default: all)")
    parser.add_argument("--quick", action="store_true", help="some minutes; leaves docs/ alone")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="after which a peer is stopped (default 90)")
    parser.add_argument("--docs", type=Path, help="where to write (default docs/; of --quick .cache/bench/quick)")
    options = parser.parse_args()
    docs = options.docs or (peers.CACHE / "quick" if options.quick else CHECKOUT / "docs")
    found = peers.fetch()
    described = machine.describe(found.versions)
    known = suites(found, options)
    unknown = [key for key in options.suite if key not in known]
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(known)}")
    old = docs / "bench.json"
    sections = {s.key: s for s in from_json(json.loads(old.read_text())["sections"])} if old.exists() else {}
    try:
        for key in options.suite or known:
            sections[key] = _measure(key, *known[key])
            write(docs, [sections[key] for key in report.ORDER if key in sections], described)
    except (BenchError, LabError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report.summary(list(sections.values())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
