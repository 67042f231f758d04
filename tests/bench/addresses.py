# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many addresses of one pair in many route tables: a route for each, one prefix, or one list that carries all."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

from bench.command import BenchError, playbook
from bench.results import Row, Run
from bench.stage import Stage, stage

EACH, PREFIX, LIST = "a route for each address", "one prefix", "one managed prefix list"
TABLES, ADDRESSES = 10, 16
_NET, _LISTED = "10.99.0.0/28", "10.97.0.0/28"


def by_turns(rounds: int) -> list[Row]:
    """`switchover.yml` of sixteen addresses in ten tables, three ways; each is a deployment of its own on the nodes."""
    with stage(tables=TABLES) as ready:
        shared = [{"address": str(a), "route": _NET} for a in ip_network(_NET)]
        made = ready.lab.owner_ec2.create_managed_prefix_list(
            PrefixListName="overlays", MaxEntries=ADDRESSES, AddressFamily="IPv4"
        )
        listed = [{"address": str(a), "route": made["PrefixList"]["PrefixListId"]} for a in ip_network(_LISTED)]
        # The stage's own overlay IP is one of the sixteen.
        first = [{"address": ready.address}, *({"address": f"10.98.0.{n}"} for n in range(1, ADDRESSES))]
        ways = {
            EACH: (ready.address, _written(ready, "each", first)),
            PREFIX: ("10.99.0.5", _written(ready, "prefix", shared, overlay_ip_name="prefix")),
            LIST: ("10.97.0.5", _written(ready, "list", listed, overlay_ip_name="list")),
        }
        for _address, inventory in ways.values():
            ready.fill_buckets()
            playbook("setup.yml", inventory, limit=900.0)
        runs: dict[str, list[Run]] = {who: [] for who in ways}
        for turn in range(rounds):
            print(f"  round {turn + 1} of {rounds}", flush=True)
            target = ("node2", "node1")[turn % 2]
            for who, (address, inventory) in ways.items():
                runs[who].append(_moved(ready, target, address, inventory))
    case = f"{ADDRESSES} addresses, {TABLES} tables"
    return [Row(case, who, tuple(found)) for who, found in runs.items()]


def _written(ready: Stage, name: str, entries: list[dict[str, Any]], **variables: Any) -> Path:
    """An inventory of its own: the stage writes each into the same file."""
    overlays = [{"home": "node1", "route_table_ids": ready.tables(TABLES), **entry} for entry in entries]
    path = ready.scratch / f"{name}.yml"
    path.write_text(ready.inventory(TABLES, overlay_ips=overlays, **variables).read_text())
    return path


def _moved(ready: Stage, target: str, address: str, inventory: Path) -> Run:
    ready.fill_buckets()
    ready.lab.control.clear("calls")
    with ready.lab.probe(address) as probe:
        probe.wait_for("node2" if target == "node1" else "node1")
        done = playbook("switchover.yml", inventory, "-e", f"target={target}", limit=900.0)
        probe.wait_for(target)
    if not done.finished:
        raise BenchError(f"the switchover to {target} did not end in 15 minutes:\n{done.output[-2000:]}")
    report = probe.report
    calls = len(ready.lab.control.calls())
    return Run(round(done.seconds, 3), calls, report.lost, round(report.gap_ms, 1))
