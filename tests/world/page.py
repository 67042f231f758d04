# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/world.md, from the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from world.changes import CHANGES, FOLLOWERS

_TITLES = {"keepalived": "keepalived, adverts every second", "pacemaker": "Pacemaker, token 1000 ms, fence_aws"}
_READING = """\
Two full Debian 12 nodes of the lab with the real packages, three route tables, an inventory that names none, and
engines that look at the routes every {looks} s where they would every 10 and 60. Somebody changes something in the VPC,
in IAM, on an instance or in the cluster; then nothing happens, or the holder loses power, or a playbook runs; then the
change is taken back. The probe sends {rate:.0f} datagrams a second, from before the change until all is at rest again.

*Lost*: datagrams without an answer; at a failover that is detection and takeover, as in the first row of each engine.
*Served by*: who answered, in order. *Came of it*: how the playbook ended, or after how many seconds the standby
answered; `waits` says that nobody takes over before the change is taken back. A ✓ says that it was told, that nothing
was lost but by a failover, and that at the end one node had the address and every table's route, with its engine at
rest.

{rows} of the {total} rows were played; the others have no line. Written {when}, {commit}; load average of the machine,
which has {cores} cores, at the end: {load}."""


_OPERATORS = """\
Each pair of what can be done, both at once or one some seconds after the other, at random. *Both*: both were done, one
after the other. *Refused*: one was told before it had changed anything that the other was at work. *Failed*: one was
told that it could not, because of what the other had done meanwhile. After each round: one holder or, after a teardown,
nothing left; no lease left; status says what is so; and neither was told what was not so. A fault is where that did not
hold."""


def page(value: Mapping[str, Any], rate: float, operators: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page: for each engine what came of each change, and who was told; then the operators' rounds."""
    rows: Sequence[Mapping[str, Any]] = value["rows"]
    about = {name: value[name] for name in ("when", "commit", "cores", "load")}
    lines = ["<!-- Written by `make world`; docs/world.json has the same numbers. -->", "", "# The world moves", ""]
    total = sum(len(change.engines) * len(FOLLOWERS) for change in CHANGES)
    lines += [*_READING.format(rate=rate, looks=2, **about, rows=len(rows), total=total).splitlines(), ""]
    for engine, title in _TITLES.items():
        mine = [row for row in rows if row["engine"] == engine]
        if mine:
            lines += [f"## {title[0].upper()}{title[1:]}", "", *_table(mine), "", "Who was told:", "", *_told(mine), ""]
    if operators:
        lines += ["## Two operators at once", "", *_OPERATORS.splitlines(), "", *_rounds(operators), ""]
    return "\n".join(lines)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| change | then | lost | silence s | served by | came of it | |"
    yield "|---|---|---|---|---|---|---|"
    last = ""
    for row in rows:
        name = row["change"] if row["change"] != last else ""
        last = row["change"]
        good = row["verdict"].splitlines()[0][:160] if row["verdict"] else "✓"
        cells = [name, row["then"], row["lost"], f"{row['gap']:.2f}", " → ".join(row["who"]), _came(row), good]
        yield f"| {' | '.join(_cell(str(cell)) for cell in cells)} |"


def _rounds(operators: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| engine | one | the other | rounds | both | refused | failed | faults |"
    yield "|---|---|---|---|---|---|---|---|"
    for of in operators:
        counts = [of[name] for name in ("rounds", "both", "refused", "failed")]
        cells = [of["engine"], *of["pair"].split("+"), *counts, "; ".join(of["faults"]) or "none"]
        yield f"| {' | '.join(_cell(str(cell)) for cell in cells)} |"


def _came(row: Mapping[str, Any]) -> str:
    if row["playbook"]:
        return str(row["playbook"]).partition(":")[0]
    if row["then"] != "failover":
        return ""
    if row["after"] is not None:
        return f"{row['after']:.1f} s"
    return next(change for change in CHANGES if change.name == row["change"]).outcome("failover", row["engine"])


def _told(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of each change the sentences, once."""
    for change in CHANGES:
        found = [text for row in rows if row["change"] == change.name for text in row["told"]]
        texts = list(dict.fromkeys(_plain(text) for text in found))
        if texts:
            yield f"* **{change.name}**"
            yield from (f"  * {text}" for text in texts[:6])


def _plain(text: str) -> str:
    """Without what differs from lab to lab."""
    text = re.sub(r"\b(rtb|eni|subnet|i|igw|vgw)-[0-9a-f]{17}\b", r"\1-...", text.strip('"\\, '))
    text = re.sub(r"^(node\d's journal), \d+ s", r"\1", text)
    return _cell(text)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
