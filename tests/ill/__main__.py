# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make ill`: the whole table of ill nodes; writes docs/ill.md and docs/ill.json."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from ill.cells import COMMANDS, DEADLINE, FAULTS, GRANTED, Cell, ill
from ill.many import KINDS, TABLES, Taken, many

from drill.bed import bed

DOCS = Path(__file__).parents[2] / "docs"
HEAD = f"""\
# Ill nodes

Every command of the node's program under every fault, on a full node of the lab with its engine off, with a deadline of
{DEADLINE} s. A cell says exit code, seconds, then `A` where the address is up afterwards and how many of the tables
point here. What only looks, and what takes over, never leaves routes here with the address down; what lets go always
lets go. `take`, `notify MASTER` and `start` begin on the standby, all others on the holder. `kill -9` comes after
0.1 s, and the engine's next check (`watch`) after it, where it did; what is killed before it let go serves on.
*metadata slow*: every answer of the metadata service comes half a second late; *no file descriptors*: a process may
have twelve, with fewer the launcher's shell does not start; *no memory*: 20 MB of address space; *no memory for
Python*: 12 MB, with which Python itself does not begin. `start`, `stop` and `monitor` are the Pacemaker agent's, within
its own timeouts ({GRANTED["start"]} s, {GRANTED["stop"]} s and {GRANTED["monitor"]} s). Exit codes:
`aws-overlay-ip --help`; of the agent, the OCF's. What breaks a promise is said in bold.

Why the agent says what it says: 5 (not installed) bans the overlay IP from this node until somebody cleans up. A
`start` says so where setup has to be run (a broken configuration, Python is gone), so that the cluster goes on to the
other node; where memory is used up it says 1, as of any start that failed. A `monitor` never says 5 of an address that
is up: the node serves, and the other one's program may be no better. A `stop` needs neither program nor Python; it
fails only where `ip` cannot show that the address is down.

Made by `make ill`, {time.strftime("%Y-%m-%d")}.

"""


def page(cells: Iterable[Cell]) -> str:
    """The table."""
    by_key = {(cell.fault, cell.command): cell for cell in cells}
    lines = [f"| | {' | '.join(COMMANDS)} |", "|---" * (len(COMMANDS) + 1) + "|"]
    for fault in FAULTS:
        row = []
        for command in COMMANDS:
            cell = by_key.get((fault, command))
            if cell is None:
                row.append("")
                continue
            where = f"{'A' if cell.address else '-'} {cell.routes}/{cell.tables}"
            row.append(
                f"{cell.code}, {cell.seconds:.1f} s, {where}"
                + (" **" + "; ".join(cell.wrong) + "**" if cell.wrong else "")
            )
        lines.append(f"| {fault} | {' | '.join(row)} |")
    return HEAD + "\n".join(lines) + "\n"


MANY = f"""
## Many tables

`take` on the standby with two overlay IPs in {TABLES} route tables, {2 * TABLES} routes, at the default deadline of
20 s, in which EC2's request rate moves about 140. What is left is told, and a second `take` moves it.

| meanwhile | exit code | seconds | routes here | addresses up |
|---|---|---|---|---|
"""


def rows(taken: Iterable[Taken]) -> str:
    """The second table."""
    lines = []
    for one in taken:
        routes = " and ".join(f"{count}/{TABLES}" for count in one.routes)
        told = " **" + "; ".join(one.wrong) + "**" if one.wrong else ""
        lines.append(f"| {one.kind} | {one.code} | {one.seconds} | {routes} | {sum(one.up)} of 2{told} |")
    return MANY + "\n".join(lines) + "\n"


def main() -> int:
    """Play every cell. Returns 1 where one breaks a promise."""
    cells: list[Cell] = []
    with bed("keepalived", tables=2) as made, ill(made) as node:
        for fault in FAULTS:
            for command in COMMANDS:
                cells.append(node.cell(fault, command))
                print(json.dumps(cells[-1].to_json()), flush=True)
    taken: list[Taken] = []
    with bed("keepalived", tables=TABLES) as made, many(made) as both:
        for kind in KINDS:
            taken.append(both.take(kind))
            print(json.dumps(taken[-1].to_json()), flush=True)
    every: list[Cell | Taken] = [*cells, *taken]
    (DOCS / "ill.json").write_text(json.dumps([one.to_json() for one in every], indent=1) + "\n")
    (DOCS / "ill.md").write_text(page(cells) + rows(taken))
    return 1 if any(one.wrong for one in every) else 0


if __name__ == "__main__":
    sys.exit(main())
