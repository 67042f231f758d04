# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/platforms.md from docs/platforms.json; --check: is it current, and does every run name its tests?"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA, PAGE = ROOT / "docs" / "platforms.json", ROOT / "docs" / "platforms.md"
COLUMNS = ("persist", "take", "keepalived", "Pacemaker", "SELinux", "two interfaces")
OWN, SAME, RECORDED, NOT = WORDS = (
    "run on its own packages",
    "run on the same software built for Debian",
    "checked on recorded files",
    "not run",
)
HEAD = """\
# What was run where

Made by `tools/platforms.py` from [platforms.json](platforms.json): for each distribution how much of the collection was
proved, in one of four words, and by which test. Nobody has run it on a machine of RHEL, SLES or Amazon Linux.

- **persist**: an address survives reboots and what the network stack does ([persistence.md](persistence.md)).
- **take**: the program on the node moves address and route, with this distribution's Python and `ip`.
- **keepalived**, **Pacemaker**: failover by this engine, with packets ([failover.md](failover.md)).
- **SELinux**: the distribution's policy lets all of that happen ([selinux.md](selinux.md)).
- **two interfaces**: replies leave by the interface at which requests arrive.

*Run on its own packages* is what Debian's package is to Debian. *Run on the same software built for Debian*: the same
program, in Debian's version and build. *Checked on recorded files*: what is written or read is compared with files,
manuals or sources of the distribution; nothing of it was started.

"""


def page(rows: list[Mapping[str, Any]]) -> str:
    """The page."""
    lines = [f"| distribution | {' | '.join(COLUMNS)} |", f"| --- |{' --- |' * len(COLUMNS)}"]
    lines += [f"| {r['distribution']} | {' | '.join(r['cells'][c]['proof'] for c in COLUMNS)} |" for r in rows]
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(_told(row) for row in rows)


def wrong(rows: list[Mapping[str, Any]]) -> list[str]:
    """What is not as it must be, a sentence each."""
    return [f"{r['distribution']}, {c}: {why}." for r in rows for c in COLUMNS for why in _faults(r["cells"].get(c))]


def _told(row: Mapping[str, Any]) -> str:
    lines = [f"## {row['distribution']}", ""]
    for column in COLUMNS:
        cell = row["cells"][column]
        note = f" ({cell['note']})" if cell.get("note") else ""
        lines.append(f"- {column}: {cell['proof']}{note}{':' if cell.get('tests') else ''}")
        lines += [f"  - `{test}`" for test in cell.get("tests", ())]
    return "\n".join(lines) + "\n"


def _faults(cell: Mapping[str, Any] | None) -> Iterator[str]:
    if cell is None:
        yield "there is no such cell"
        return
    if cell["proof"] not in WORDS:
        yield f"'{cell['proof']}' is none of the four words"
    if (cell["proof"] == NOT) is bool(cell.get("tests")):
        yield "a run names its tests, and what was not run has none"
    if cell["proof"] == NOT and not cell.get("note"):
        yield "it does not say why"
    for test in cell.get("tests", ()):
        path, _colons, name = test.partition("::")
        function = name.partition("[")[0]
        if not (ROOT / path).is_file() or not re.search(rf"^def {function}\(", (ROOT / path).read_text(), re.MULTILINE):
            yield f"there is no test {test}"


def main() -> int:
    """Write or check the page; returns the exit code."""
    rows = json.loads(DATA.read_text())["rows"]
    for fault in (faults := wrong(rows)):
        print(fault)
    if faults:
        return 1
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(rows))
    elif PAGE.read_text() != page(rows):
        print("docs/platforms.md is not current: run `python tools/platforms.py`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
