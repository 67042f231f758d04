# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The move itself, without detection: the start action of both agents side by side, and the bare tools beneath them.

Of the bare tools also what they cost beside the API: its own time is that of the same calls, in the same order, made by
a process that is warm and has its connection.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

from bench import machine
from drill.bed import AWS, Bed, bed

CASES = ((1, 0.0), (10, 0.05))
_OURS = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
_STOCK = "/usr/lib/ocf/resource.d/heartbeat/aws-vpc-move-ip"


def measure() -> Iterator[dict[str, Any]]:
    """Both agents' start on the standby, the address being taken off the holder first, as after a failure."""
    for tables, latency in CASES:
        with bed("keepalived", tables=tables) as lab:
            _quiet(lab)
            lab.install_agents()
            lab.slow_down(latency)
            for name, command in _commands(lab):
                yield {"tables": tables, "latency": latency, "agent": name, **_timed(lab, command)}


_READING = """\
Two tables, the median of nine; *of it the API's*: what the same calls take in a process that has its connection and its
keys; *processor*: what a processor worked for it. Programs and calls had real-time priority, since others had the
machine, too. *In 1.0.0*, with botocore: `take`, `show` and the AWS CLI (a dry run) as this page had them then."""
_BEFORE = {
    "aws-overlay-ip show --local": 0.08,
    "aws-overlay-ip take, nothing to move": 0.60,
    "aws ec2 replace-route (one table)": 1.30,
}
"""Seconds in 1.0.0."""


def programs() -> list[dict[str, Any]]:
    """The bare programs with two tables, on nodes that have them all."""
    with bed("keepalived", tables=2) as lab:
        _quiet(lab)
        lab.install_agents()
        found = list(_programs(lab))
    return [*found, {"taken": f"{time.strftime('%Y-%m-%d %H:%M')}, {machine.commit()}, load {machine.load()}"}]


def _quiet(lab: Bed) -> None:
    for node in lab.nodes:
        lab.exec(node, "systemctl", "stop", "keepalived")


def _commands(lab: Bed) -> Iterator[tuple[str, list[str]]]:
    tables = ",".join(lab.lab.world.route_table_ids)
    root = "OCF_ROOT=/usr/lib/ocf"
    yield "overlay-ip", ["env", root, f"OCF_RESKEY_destination={lab.lab.overlay}", _OURS, "start"]
    stock = {
        "awscli": AWS,
        "ip": lab.lab.overlay,
        "interface": "eth0",
        "routing_table": tables,
        "region": lab.lab.world.region,
        "auth_type": "role",
        "lookup_type": "NetworkInterfaceId",
    }
    options = [f"OCF_RESKEY_{key}={value}" for key, value in stock.items()]
    yield "aws-vpc-move-ip", ["env", root, *options, _STOCK, "start"]


#: Before all others on the machine, so that these do not count: real-time priority, where the kernel gives it.
_FIRST = """
import os
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
except OSError:
    pass
"""

#: Runs a command some times: for each the seconds, and those that a processor worked for it; the most memory of one.
_CLOCK = """
import json, resource, subprocess, sys, time
seconds, worked, before = [], [], 0.0
for _turn in range(int(sys.argv[1])):
    began = time.monotonic()
    subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, check=True)
    seconds.append(time.monotonic() - began)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked.append(used.ru_utime + used.ru_stime - before)
    before = used.ru_utime + used.ru_stime
print(json.dumps([seconds, worked, used.ru_maxrss]))
"""

#: Makes calls as the program does, warm: the median of the seconds that all of them take, one after the other.
_WARM = """
import glob, json, statistics, sys, time
sys.path.insert(0, glob.glob("/usr/lib/aws-overlay-ip/*")[0])
from aws_overlay_ip._aws.errors import AwsError
from aws_overlay_ip._aws.wire.client import Wire
from aws_overlay_ip._node.config import load
from aws_overlay_ip._node.node import options
from aws_overlay_ip._route.ec2 import Ec2
config = load()
ec2 = Ec2(Wire(options(config.aws)))
overlay = config.overlays[0]
replace = {"RouteTableId": overlay.route_table_ids[0], "DestinationCidrBlock": overlay.destination}
replace["NetworkInterfaceId"] = config.network_interface_id
def look():
    try:
        ec2.interfaces([config.network_interface_id])
    except AwsError:  # its role may not
        pass
calls = {
    "DescribeRouteTables": lambda: ec2.tables(overlay.route_table_ids),
    "ReplaceRoute": lambda: ec2.aws.call("ec2", "ReplaceRoute", **replace),
    "DescribeNetworkInterfaces": look,
}
seconds = []
for _turn in range(9):
    began = time.monotonic()
    for name in sys.argv[1:]:
        calls[name]()
    seconds.append(time.monotonic() - began)
print(json.dumps(statistics.median(seconds[1:])))
"""
_TURNS = 9
CHECKED = ["DescribeRouteTables", "DescribeRouteTables", "ReplaceRoute", "DescribeNetworkInterfaces"]


def _programs(lab: Bed) -> Iterator[dict[str, Any]]:
    """Time, memory, and the API's part of the time, each the median of nine."""
    world = lab.lab.world
    home = world.nodes[0]
    replace = [AWS, "--region", world.region, "ec2", "replace-route"]
    replace += ["--route-table-id", world.route_table_ids[0], "--destination-cidr-block", f"{lab.lab.overlay}/32"]
    replace += ["--network-interface-id", home.network_interface_ids[0]]
    lab.exec(home.name, "aws-overlay-ip", "take")
    looked = {
        "aws-overlay-ip show --local": (["aws-overlay-ip", "show", "--local"], []),
        "aws-overlay-ip show": (["aws-overlay-ip", "show"], ["DescribeRouteTables"]),
        "aws-overlay-ip take, nothing to move": (["aws-overlay-ip", "take"], ["DescribeRouteTables"]),
        "aws ec2 replace-route (one table)": (replace, ["ReplaceRoute"]),
    }
    for name, (command, calls) in looked.items():
        seconds, worked, kib = _clocked(lab, home.name, _TURNS, *command)
        yield _program(name, seconds, worked, kib, _warm(lab, home.name, calls))
    known = _clocked(lab, home.name, _TURNS, "aws-overlay-ip", "metrics")
    yield _program("aws-overlay-ip metrics", *known, _warm(lab, home.name, ["DescribeRouteTables"]))
    seconds, worked, kib = [], [], 0
    for _turn in range(_TURNS):  # as it is every ten minutes; the tables are asked for side by side
        lab.exec(home.name, "rm", "-f", "/run/aws-overlay-ip/ready.json")
        took, work, most = _clocked(lab, home.name, 1, "aws-overlay-ip", "metrics")
        seconds += took
        worked += work
        kib = max(kib, most)
    yield _program("aws-overlay-ip metrics, with DryRuns", seconds, worked, kib, _warm(lab, home.name, CHECKED))
    seconds, worked, kib = [], [], 0
    for turn in range(_TURNS):  # to and fro; the addresses are up on both nodes
        node = lab.nodes[(turn + 1) % 2]
        took, work, most = _clocked(lab, node, 1, "aws-overlay-ip", "take")
        seconds += took
        worked += work
        kib = max(kib, most)
    calls = ["DescribeRouteTables", "ReplaceRoute", "DescribeRouteTables"]  # both tables side by side
    yield _program("aws-overlay-ip take", seconds, worked, kib, _warm(lab, home.name, calls))


def _clocked(lab: Bed, node: str, turns: int, *command: str) -> tuple[list[float], list[float], int]:
    """Of each run the seconds, and those that a processor worked; the most KiB."""
    told = lab.exec(node, "python3", "-c", _FIRST + _CLOCK, str(turns), *command, timeout=120)
    seconds, worked, kib = json.loads(told)
    return seconds, worked, kib


def _warm(lab: Bed, node: str, calls: list[str]) -> float:
    return float(lab.exec(node, "python3", "-I", "-c", _FIRST + _WARM, *calls, timeout=60)) if calls else 0.0


def _program(name: str, seconds: list[float], worked: list[float], kib: int, api: float) -> dict[str, Any]:
    took = statistics.median(seconds)
    return {
        "program": name,
        "seconds": round(took, 3),
        "api": round(api, 3),
        "own": round(took - api, 3),
        "worked": round(statistics.median(worked), 3),
        "mib": round(kib / 1024),
    }


def _timed(lab: Bed, command: list[str]) -> dict[str, Any]:
    """One start on the node that does not hold the overlay IP."""
    holder = lab.view().holder or lab.nodes[0]
    standby = next(node for node in lab.nodes if node != holder)
    lab.exec(holder, "aws-overlay-ip", "take", timeout=90)
    with lab.probe() as probe:
        probe.wait_for(holder, 30)
        lab.exec(holder, "aws-overlay-ip", "give-up")
        probe.wait_for(None)
        began = time.monotonic()
        lab.exec(standby, *command, timeout=300)
        seconds = time.monotonic() - began
        probe.wait_for(standby, 60)
    lab.exec(holder, "aws-overlay-ip", "take", timeout=90)
    lab.exec(standby, "aws-overlay-ip", "give-up")
    return {"start": round(seconds, 2), "lost": probe.report.lost, "gap": round(probe.report.gap_ms / 1000, 2)}


def table(measured: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As Markdown."""
    measured = list(measured)
    yield "| program | in 1.0.0 s | s | of it the API's | its own | processor | MiB |"
    yield "|---|---|---|---|---|---|---|"
    for m in measured:
        if "program" in m:
            name, _comma, how = m["program"].partition(",")
            shown = f"`{name}`,{how}" if how else f"`{name}`"
            before = f"{_BEFORE[m['program']]:.2f}" if m["program"] in _BEFORE else "-"
            numbers = " | ".join(f"{m[key]:.2f}" for key in ("seconds", "api", "own", "worked"))
            yield f"| {shown} | {before} | {numbers} | {m['mib']} |"
    yield ""
    yield from (f"{_READING} Taken {m['taken']}." for m in measured if "taken" in m)
    yield ""
    yield "| tables | added API latency ms | agent | start s | lost | silence s |"
    yield "|---|---|---|---|---|---|"
    for m in measured:
        if "agent" in m:
            yield (
                f"| {m['tables']} | {m['latency'] * 1000:.0f} | {m['agent']} | {m['start']:.2f} | {m['lost']} | "
                f"{m['gap']:.2f} |"
            )
