# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m fleet``: run whole fleets on a virtual clock, and write docs/scale.json, docs/scale.svg and the tables of
docs/scale.md. The same seeds give the same numbers."""

from __future__ import annotations

import argparse
import json
import sys
from multiprocessing import get_context
from pathlib import Path

from fleet import plot, report
from fleet.run import Result
from fleet.scenarios import Scenario, scenarios

DOCS = Path(__file__).parents[2] / "docs"
JSON, PAGE, PICTURE = DOCS / "scale.json", DOCS / "scale.md", DOCS / "scale.svg"


def _results(scenario: Scenario) -> tuple[str, list[Result]]:
    return scenario.part, scenario.results()


def main() -> int:
    """Run them, show and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    parser.add_argument("--draw", action="store_true", help="run nothing: page and picture from docs/scale.json")
    parser.add_argument("--most", type=int, default=1000, help="pairs; with fewer than 1000 nothing is written")
    options = parser.parse_args()
    if options.draw:
        rows = json.loads(JSON.read_text(encoding="utf-8"))
    else:
        wanted = [s for s in scenarios() if s.pairs <= options.most]
        rows = []
        with get_context("fork").Pool(2, maxtasksperchild=1) as pool:
            for part, results in pool.imap(_results, wanted, chunksize=1):
                rows += [{"part": part, **result.plain()} for result in results]
                for result in results:
                    print(f"{part}: {result}", file=sys.stderr, flush=True)
    print("\n".join(report.tables(rows)))
    if options.most < 1000:
        return 0
    JSON.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(report.page(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    PICTURE.write_text(plot.render(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
