# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m world`: every change of the world, with both engines, at rest and followed by a move or setup.

Writes docs/world.json and docs/world.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import machine
from drill.bed import RATE, bed
from world.changes import CHANGES, FOLLOWERS, REST, Change, WorldBed
from world.operators import SUMS
from world.page import page
from world.rows import Row, play

DOCS = Path(__file__).parents[2] / "docs"
ENGINES = ("keepalived", "pacemaker")


def main() -> int:
    """Play the rows. Returns 1 if one is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m world", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--change", action="append", help="only changes whose name has this word; may be repeated")
    parser.add_argument("--then", action="append", choices=FOLLOWERS, help="only this follower; may be repeated")
    parser.add_argument("--missing", action="store_true", help="only rows that are not there, or not as they must be")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where to write world.json and world.md")
    parser.add_argument("--page", action="store_true", help="write the page of the rows that are there, play nothing")
    options = parser.parse_args()
    file = options.docs / "world.json"
    kept: list[dict[str, Any]] = json.loads(file.read_text())["rows"] if file.exists() else []
    changes = [c for c in CHANGES if not options.change or any(word in c.name for word in options.change)]
    bad = 0
    for engine in [] if options.page else options.engine or ENGINES:
        good = {(r["change"], r["then"]) for r in kept if r["engine"] == engine and not r["verdict"]}
        wanted = [
            (c, t) for t in FOLLOWERS for c in changes if engine in c.engines and t in (options.then or FOLLOWERS)
        ]
        wanted = [(c, t) for c, t in wanted if not options.missing or (c.name, t) not in good]
        wanted.sort(key=lambda one: one[0].setup or (one[1] == REST and not one[0].journal))  # what costs least first
        for row in rows(engine, wanted):
            print(f"{row.verdict or 'ok'} | {row.engine} | {row.change} | {row.then} | {row.to_json()}", flush=True)
            bad += bool(row.verdict)
            kept = merged(kept, row)
            write(file, kept)
    sums = options.docs / SUMS.name
    operators = json.loads(sums.read_text()) if sums.exists() else []
    (options.docs / "world.md").write_text(page(json.loads(file.read_text()), RATE, operators))
    print(f"\n{bad} rows are not as they must be")
    return 1 if bad else 0


def rows(engine: str, wanted: list[tuple[Change, str]]) -> Iterator[Row]:
    """Play them in as few labs as it takes: one that does not come to rest any more is given up for another."""
    left = list(wanted)
    while left:
        with bed(engine, tables=3, make=WorldBed) as lab:
            assert isinstance(lab, WorldBed)
            while left:
                change, then = left.pop(0)
                row = play(lab, change, then)
                yield row
                if row.verdict and not _at_rest(lab):
                    break


def _at_rest(lab: WorldBed) -> bool:
    """Whether it is again as it was, with some help."""
    try:
        lab.more = {}
        lab.heal()
        lab.play("setup.yml")
        lab.rest()
    except Exception as exc:  # whatever it is, another lab is better
        print(f"a new lab, since this one does not come to rest: {exc}"[:300], flush=True)
        return False
    return True


def merged(kept: list[dict[str, Any]], row: Row) -> list[dict[str, Any]]:
    """The rows with a new one in its place."""
    order = [c.name for c in CHANGES]
    new = [r for r in kept if (r["engine"], r["change"], r["then"]) != (row.engine, row.change, row.then)]
    return sorted(
        [*new, row.to_json()],
        key=lambda r: (ENGINES.index(r["engine"]), order.index(r["change"]), FOLLOWERS.index(r["then"])),
    )


def write(file: Path, kept: list[dict[str, Any]]) -> None:
    """Leave what was measured so far: it outlives whatever comes."""
    file.parent.mkdir(exist_ok=True)
    value = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "commit": machine.commit(),
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "rows": kept,
    }
    file.write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
