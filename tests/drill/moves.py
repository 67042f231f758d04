# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The move itself, without detection: the start action of both agents side by side, and the bare tools beneath them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

from drill.bed import AWS, Bed, bed

CASES = ((1, 0.0), (10, 0.05))
_OURS = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
_STOCK = "/usr/lib/ocf/resource.d/heartbeat/aws-vpc-move-ip"


def measure() -> Iterator[dict[str, Any]]:
    """Both agents' start on the standby, the address being taken off the holder first, as after a failure."""
    for tables, latency in CASES:
        with bed("keepalived", tables=tables) as lab:
            for node in lab.nodes:
                lab.exec(node, "systemctl", "stop", "keepalived")
            lab.install_agents()
            if not latency:
                yield from _programs(lab)
            lab.slow_down(latency)
            for name, command in _commands(lab):
                yield {"tables": tables, "latency": latency, "agent": name, **_timed(lab, command)}


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


def _programs(lab: Bed) -> Iterator[dict[str, Any]]:
    """How long the bare programs take on the holder, where the route need not move: the median of five."""
    world = lab.lab.world
    home = world.nodes[0]
    replace = [AWS, "--region", world.region, "ec2", "replace-route"]
    replace += ["--route-table-id", world.route_table_ids[0], "--destination-cidr-block", f"{lab.lab.overlay}/32"]
    replace += ["--network-interface-id", home.network_interface_ids[0], "--dry-run"]
    programs = {
        "aws-overlay-ip show --local": ["aws-overlay-ip", "show", "--local"],
        "aws-overlay-ip take (looks at every table)": ["aws-overlay-ip", "take"],
        "aws ec2 replace-route --dry-run (one table)": replace,
    }
    lab.exec(home.name, "aws-overlay-ip", "take")
    for name, command in programs.items():
        yield {"program": name, "seconds": round(statistics.median(_seconds(lab, home.name, command)), 2)}


def _seconds(lab: Bed, node: str, command: list[str]) -> Iterator[float]:
    for _turn in range(5):
        began = time.monotonic()
        lab.exec(node, *command)
        yield time.monotonic() - began


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
    yield "| program | s |"
    yield "|---|---|"
    for m in measured:
        if "program" in m:
            yield f"| `{m['program']}` | {m['seconds']:.2f} |"
    yield ""
    yield "| tables | added API latency ms | agent | start s | lost | silence s |"
    yield "|---|---|---|---|---|---|"
    for m in measured:
        if "agent" in m:
            yield (
                f"| {m['tables']} | {m['latency'] * 1000:.0f} | {m['agent']} | {m['start']:.2f} | {m['lost']} | "
                f"{m['gap']:.2f} |"
            )
