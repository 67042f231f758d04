# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/persistence.md and docs/persistence.json: the prose of page.md around tables made from the tests' results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from persistence.matrix import SUITES
from persistence.under_engines import ENGINES

DOCS = Path(__file__).parents[2] / "docs"
TEMPLATE = Path(__file__).with_name("page.md")
JSON, MARKDOWN = DOCS / "persistence.json", DOCS / "persistence.md"

_STACKS = {
    "networkd": "systemd-networkd",
    "netplan": "netplan, systemd-networkd",
    "amazon": "systemd-networkd as on Amazon Linux 2023",
    "networkmanager": "NetworkManager",
    "ifupdown": "ifupdown",
}

# Distribution -> who owns eth0 on EC2 -> method -> what is written -> the row above that stands for it, or why none.
DISTRIBUTIONS = (
    ("Ubuntu 20.04 to 26.04", "netplan, systemd-networkd", "networkd", "netplan"),
    ("Debian 12, 13 (EC2 images)", "netplan, systemd-networkd", "networkd", "netplan"),
    ("Debian 11", "ifupdown", "ifupdown", "ifupdown"),
    ("Amazon Linux 2023", "systemd-networkd, amazon-ec2-net-utils", "networkd", "amazon"),
    ("RHEL, Rocky, Alma, Oracle 9 and 10", "NetworkManager 1.42 or newer", "networkmanager", "networkmanager"),
    ("RHEL, Rocky, Alma, Oracle 8", "NetworkManager 1.40", "networkmanager_profile", "networkmanager"),
    ("SLES 16", "NetworkManager", "networkmanager", "networkmanager"),
    ("SLES 12 SP5, 15", "wicked", "wicked", ""),
    ("Amazon Linux 2, RHEL 7", "network-scripts", "ifcfg", ""),
    ("anything else, and lo", "unknown", "systemd_unit", "all"),
)
_UNRUN, _BY_HAND = "**not run**", "run by hand from upstream sources, not the distribution's build"
_WRITTEN = {
    "networkd": "`/etc/systemd/network/<active .network file>.d/60-aws-overlay-ip-ADDRESS.conf`",
    "networkmanager": "`/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-ADDRESS`",
    "networkmanager_profile": "the same script, and for IPv4 `ipv4.addresses` of the connection profile",
    "ifupdown": "`/etc/network/interfaces.d/60-aws-overlay-ip-ADDRESS`",
    "wicked": "`IPADDR_awsoverlay_…` with `LABEL_…` or `IP_OPTIONS_…` in `/etc/sysconfig/network/ifcfg-eth0`",
    "ifcfg": "`/etc/sysconfig/network-scripts/ifcfg-eth0:1` and a script in `/etc/dhcp/dhclient.d` (IPv6: a unit)",
    "systemd_unit": "`/etc/systemd/system/aws-overlay-ip-ADDRESS.service`",
}


def merged(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]], way: str) -> list[dict[str, Any]]:
    """The results of this run, and of earlier ones for the rows that did not run now; `way` tells them apart."""
    rows = {(r["suite"], r["stack"], r[way]): r for r in [*old, *new]}
    suites, stacks = list(SUITES), list(_STACKS)
    return [dict(rows[key]) for key in sorted(rows, key=lambda k: (suites.index(k[0]), stacks.index(k[1]), k[2]))]


def write(results: Iterable[Mapping[str, Any]], engines: Iterable[Mapping[str, Any]] = ()) -> None:
    """Write both files."""
    old = json.loads(JSON.read_text()) if JSON.exists() else {}
    rows = merged(old.get("rows", ()), results, "method")
    pairs = merged(old.get("engines", ()), engines, "engine")
    DOCS.mkdir(exist_ok=True)
    JSON.write_text(json.dumps({"rows": rows, "engines": pairs}, indent=1, sort_keys=True) + "\n")
    MARKDOWN.write_text(markdown(rows, pairs))


def markdown(rows: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page."""
    engines = "\n".join(_engine_table(stack, [p for p in pairs if p["stack"] == stack]) for stack in _STACKS)
    by_stack = {stack: [r for r in rows if r["stack"] == stack] for stack in _STACKS}
    events = "\n".join(f"### {_STACKS[stack]}\n\n{_stack_table(mine)}" for stack, mine in by_stack.items() if mine)
    return TEMPLATE.read_text().format(distributions=_distributions(rows), events=events, engines=engines)


def _distributions(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| distribution on EC2 | who configures the interface | what is written | proof |",
        "| --- | --- | --- | --- |",
    ]
    for distribution, owner, method, stack in DISTRIBUTIONS:
        ran = sorted({SUITES[r["suite"]] for r in rows if stack in (r["stack"], "all") and r["method"] == method})
        how = "beside each of these stacks" if stack == "all" else "with the same stack"
        proof = f"run on {', '.join(ran)} {how}" if ran else _UNRUN if stack else _BY_HAND
        lines.append(f"| {distribution} | {owner} | {_WRITTEN[method]} | {proof} |")
    return "\n".join(lines) + "\n"


def _stack_table(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = [f"{SUITES[r['suite']]}: `{r['method']}`" for r in rows]
    lines = [f"| event | {' | '.join(heads)} |", f"| --- |{' --- |' * len(heads)}"]
    for number, cell in enumerate(rows[0]["cells"]):
        lines.append(f"| {cell['title']} | {' | '.join(_mark(r['cells'][number]) for r in rows)} |")
    return "\n".join(lines) + "\n"


def _engine_table(stack: str, pairs: Sequence[Mapping[str, Any]]) -> str:
    """Of one stack: the longest silence of each address, by engine. What has not run is said to have not."""
    ran = [pair["engine"] for pair in pairs]
    lines = [f"### {_STACKS[stack]}, with an engine", ""]
    if pairs:
        lines += [f"| event | {' | '.join(f'{engine}: IPv4 | IPv6' for engine in ran)} |"]
        lines += [f"| --- |{' --- | --- |' * len(ran)}"]
        for number, cell in enumerate(pairs[0]["cells"]):
            lines.append(f"| {cell['title']} | {' | '.join(_silences(pair['cells'][number]) for pair in pairs)} |")
        lines += ["", f"Taken {'; '.join(dict.fromkeys(pair['when'] for pair in pairs))}."]
    missing = [engine for engine in ENGINES if engine not in ran]
    lines += [*([""] if pairs else []), f"Not run with {' and '.join(missing)}."] if missing else []
    return "\n".join(lines) + "\n"


def _silences(cell: Mapping[str, Any]) -> str:
    pairs = (("overlay4", "own4"), ("overlay6", "own6"))
    return " | ".join(f"{cell[overlay]['ms']:.0f} ({cell[own]['ms']:.0f})" for overlay, own in pairs)


def _mark(cell: Mapping[str, Any]) -> str:
    kept = [name for name, key in (("IPv4", "kept4"), ("IPv6", "kept6")) if cell[key]]
    lost = [name for name, key in (("IPv4", "kept4"), ("IPv6", "kept6")) if not cell[key]]
    words = "kept" if not lost else "**lost**" if not kept else f"{kept[0]} kept, **{lost[0]} lost**"
    notes = []
    if cell["kept4"] and not cell["label"]:
        notes.append("no label")
    if cell["kept4"] and not cell["own_first"]:
        notes.append("listed before the own address")
    return f"{words} ({', '.join(notes)})" if notes else words
