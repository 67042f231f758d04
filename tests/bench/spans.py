# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds of switchover.yml go: task by task, beside two bare modules that do its work unchecked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import yaml

from bench.results import OURS, Row, Run
from bench.stage import Stage, stage
from bench.tasks import api_call, split, with_times

BARE = "bare modules"
FIRST, REST, LAST = "until the first task", "all other tasks", "after the last task"
#: A task with a row of its own takes at least this share of the whole.
_SHARE = 0.05


def where_the_time_goes(rounds: int) -> list[Row]:
    """switchover.yml, and the bare play, by turns; two nodes, two route tables."""
    seen: dict[str, list[dict[str, float]]] = {OURS: [], BARE: []}
    with stage(tables=2) as ready:
        for turn in range(rounds):
            for who in seen:
                print(f"  {who}, round {turn + 1} of {rounds}", flush=True)
                target = "node2" if ready.holder() == "node1" else "node1"
                ready.fill_buckets()
                seen[who].append(_one(ready, who, target))
    return [row for who, found in seen.items() for row in rows(who, found)]


def rows(who: str, seen: Sequence[Mapping[str, float]]) -> Iterator[Row]:
    """A row for the start, for each task that takes long, for all others together, for the end, and for the whole."""
    whole = [sum(spans.values()) for spans in seen]
    tasks = [name for name in seen[0] if name not in (FIRST, LAST)]
    long = [name for name in tasks if median(spans[name] for spans in seen) >= _SHARE * median(whole)]
    rest = [sum(spans[name] for name in tasks if name not in long) for spans in seen]
    yield _row(FIRST, who, [spans[FIRST] for spans in seen])
    for name in long:
        yield _row(name.rpartition(" : ")[2], who, [spans[name] for spans in seen])
    yield _row(f"{REST} ({len(tasks) - len(long)})", who, rest)
    yield _row(LAST, who, [spans[LAST] for spans in seen])
    yield _row("**in all**", who, whole)


def _row(case: str, who: str, seconds: Sequence[float]) -> Row:
    return Row(case, who, tuple(Run(round(value, 4)) for value in seconds))


def _one(ready: Stage, who: str, target: str) -> dict[str, float]:
    """Run one of the plays and return how long each part took, in order."""
    path = "switchover.yml" if who == OURS else _bare(ready, target)
    began = time.monotonic()
    dummy, events = with_times(ready, path, ready.inventory(2), "-e", f"target={target}")
    ended = time.monotonic()
    # A name may come twice: a task for localhost and one for the nodes.
    tasks = {name: sum(run.seconds for run in runs) for name, runs in split(events).items()}
    return {FIRST: events[0]["at"] - began, **tasks, LAST: ended - events[-1]["at"]}


def _bare(ready: Stage, target: str) -> Path:
    """Look at the target's addresses; read what there is, replace the route in both tables, read it again."""
    aws = json.loads(ready.variables().read_text())["aws"]
    tables, interface = ready.tables(2), ready.interface_id(target)
    in_vpc = {"Filters": [{"Name": "vpc-id", "Values": [ready.world.vpc_id]}]}
    read = [api_call("ec2", "describe_route_tables", RouteTableIds=tables)]
    before = [api_call("ec2", "describe_network_interfaces", NetworkInterfaceIds=[interface]), *read]
    before.append(api_call("ec2", "describe_subnets", **in_vpc))
    moves = [
        api_call(
            "ec2",
            "replace_route",
            RouteTableId=table,
            DestinationCidrBlock=f"{ready.address}/32",
            NetworkInterfaceId=interface,
        )
        for table in tables
    ]
    play = [
        {
            "hosts": "overlay_nodes",
            "gather_facts": False,
            "tasks": [
                {"name": "Look at the addresses", "bare_netlink": {}, "delegate_to": target, "run_once": True},
                {
                    "name": "Replace the route in every table",
                    "bare_aws": {"calls": [*before, *moves, *read], **aws},
                    "delegate_to": "localhost",
                    "run_once": True,
                },
            ],
        }
    ]
    path = ready.scratch / "bare.yml"
    path.write_text(yaml.safe_dump(play))
    return path
