# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of each module costs when there is nothing to do, beside a bare module that makes the same calls.

Both are tasks of one play, by turns, so that what the machine does meanwhile it does to both. A task's cost is the time
from its start to the start of the next: ansible's own share is in both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from bench.command import BenchError, Timed, playbook
from bench.results import OURS, Row, Run
from bench.stage import Stage, stage

FLOOR = "bare module"
_HERE = Path(__file__).parent
_USER_AGENT = "aws_ha.overlay_ip"


@dataclass(frozen=True)
class Case:
    """A module with options for which nothing is to be done, and the bare module's for the same calls."""

    module: str
    options: dict[str, Any]
    bare: str
    bare_options: dict[str, Any]
    host: str = "localhost"


def against_the_floor(rounds: int) -> list[Row]:
    """All modules; the first task of each kind builds what ansible sends and is left out."""
    rows = []
    with stage(tables=2, latency=0.0) as ready:
        for case in cases(ready):
            print(f"  {case.module}, {rounds} tasks of each", flush=True)
            ready.fill_buckets()
            ready.lab.control.clear("calls")
            ours, floor = _durations(ready, case, rounds)
            _check_calls(case, ready.lab.control.calls())
            rows += [Row(case.module, OURS, ours), Row(case.module, FLOOR, floor)]
    return rows


def cases(ready: Stage) -> list[Case]:
    """What is measured, on a stage that is set up."""
    interface, tables = ready.interface_id("node1"), ready.tables(2)
    filters = [{"Name": "route-table-id", "Values": tables}]
    in_vpc = {"Filters": [{"Name": "vpc-id", "Values": [ready.world.vpc_id]}]}
    role = str(ready.world.machine("node1").role_name)
    describe = api_call("ec2", "describe_route_tables", Filters=filters, MaxResults=100)
    return [
        Case(
            "overlay_route",
            {"destinations": [ready.address], "route_table_ids": tables, "network_interface_id": interface},
            "bare_aws",
            {"calls": [describe]},
        ),
        Case(
            "overlay_route_info",
            {"destinations": [ready.address], "route_table_ids": tables},
            "bare_aws",
            {
                "calls": [
                    describe,
                    api_call("ec2", "describe_route_tables", **in_vpc, MaxResults=100),
                    api_call("ec2", "describe_subnets", **in_vpc),
                    api_call("ec2", "describe_network_interfaces", NetworkInterfaceIds=[interface]),
                ]
            },
        ),
        Case(
            "source_dest_check",
            {"network_interface_ids": [interface]},
            "bare_aws",
            {"calls": [api_call("ec2", "describe_network_interfaces", NetworkInterfaceIds=[interface])]},
        ),
        Case(
            "overlay_iam_policy",
            {"role_name": role, "route_table_ids": tables[:1]},
            "bare_aws",
            {
                "calls": [
                    api_call("ec2", "describe_route_tables", Filters=[{**filters[0], "Values": tables[:1]}]),
                    api_call("iam", "list_role_policies", RoleName=role),
                    api_call("iam", "get_role_policy", RoleName=role, PolicyName="overlay-ip"),
                ]
            },
        ),
        Case("overlay_interface", {"addresses": [ready.address]}, "bare_netlink", {}, "node1"),
        Case("overlay_node_info", {"addresses": [ready.address], "metadata": False}, "bare_netlink", {}, "node1"),
    ]


def api_call(service: str, method: str, **arguments: Any) -> dict[str, Any]:
    """A call as the bare module takes it."""
    return {"service": service, "method": method, "arguments": arguments}


def _durations(ready: Stage, case: Case, rounds: int) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    aws = json.loads(ready.variables().read_text())["aws"] if case.host == "localhost" else {}
    pair = [
        {"name": OURS, f"aws_ha.overlay_ip.{case.module}": {**case.options, **aws}},
        {"name": FLOOR, case.bare: {**case.bare_options, **aws}},
    ]
    play = {"hosts": case.host, "gather_facts": False, "tasks": pair * (rounds + 1)}
    path = ready.scratch / "tasks.yml"
    path.write_text(yaml.safe_dump([play]))
    done, events = with_times(ready, path, ready.inventory(1))
    if "changed=0" not in done.output:
        raise BenchError(f"{case.module} found something to do:\n{done.output[-2000:]}")
    spans = split(events)
    return spans[OURS][1:], spans[FLOOR][1:]


def with_times(ready: Stage, play: Path | str, inventory: Path, *arguments: str) -> tuple[Timed, list[dict[str, Any]]]:
    """Run a play, which may use the bare modules; also return when each task began, and when the last had ended."""
    times = ready.scratch / "times"
    times.write_text("")
    env = {
        "ANSIBLE_LIBRARY": str(_HERE / "library"),
        "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_times",
        "TASK_TIMES": str(times),
    }
    done = playbook(play, inventory, *arguments, env=env)
    return done, [json.loads(line) for line in times.read_text().splitlines()]


def split(events: Sequence[dict[str, Any]]) -> dict[str, tuple[Run, ...]]:
    """The durations of the tasks by name, from the times at which each began and the end of the play."""
    spans: dict[str, list[Run]] = {}
    for event, following in pairwise(events):
        spans.setdefault(event["task"], []).append(Run(round(following["at"] - event["at"], 4)))
    return {name: tuple(found) for name, found in spans.items()}


def _check_calls(case: Case, calls: Sequence[dict[str, Any]]) -> None:
    """The floor is only one if it makes the calls that the module makes."""
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for call in calls:
        counts[_USER_AGENT in call["user_agent"]][call["action"]] += 1
    if counts[True] != counts[False]:
        raise BenchError(f"{case.module} calls {dict(counts[True])}, the bare module {dict(counts[False])}")
