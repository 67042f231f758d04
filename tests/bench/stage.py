# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as the measurements need it: the overlay IP set up, EC2's latency and token buckets on, every run checked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.command import BenchError, Timed, playbook
from bench.results import Run
from lab.daemon import process
from lab.handle import LabHandle

LATENCY = 0.05  # seconds that the endpoint adds to each API call
_REFILL = 60.0  # seconds that fill every token bucket; the lab's clock is moved, nobody waits


@contextmanager
def stage(tables: int = 2, nodes: int = 2, latency: float = LATENCY) -> Iterator[Stage]:
    """A lab with its overlay IP at node1, in all of ``tables`` route tables; gone at the end."""
    directory, lab = process.up("light", [f"--tables={tables}", f"--count={nodes}"])
    try:
        with tempfile.TemporaryDirectory(prefix="overlay-bench-") as scratch:
            ready = Stage(LabHandle(directory, lab), Path(scratch))
            ready.prepare(latency)
            yield ready
    finally:
        process.down(directory)


class Stage:
    """A lab that is set up. Made by :func:`stage`."""

    def __init__(self, lab: LabHandle, scratch: Path) -> None:
        self.lab = lab
        self.scratch = scratch
        self.world = lab.world
        self.address = lab.lab.overlay
        self.exclusive = False  # whether the address is up on the holder only

    def prepare(self, latency: float) -> None:
        """Set up with our own playbook for one table, then give the others their route, and make the API slow."""
        playbook("setup.yml", self.inventory(1))
        self.lab.move("node1")
        self.lab.control.settings(throttle=True)
        if latency:
            self.lab.control.fault("delay", seconds=latency)

    def tables(self, number: int | None = None) -> list[str]:
        """So many route tables, the one of the client's subnet first."""
        ids = list(self.world.route_table_ids)
        return [*ids[1:2], *ids[:1], *ids[2:]][:number]

    def inventory(self, tables: int | None = None, overlays: int = 1, **variables: Any) -> Path:
        """The lab's inventory with so many route tables and overlay IPs; ``variables`` are added for the nodes."""
        content = yaml.safe_load(self.lab.directory.inventory.read_text())
        base = int(self.address.rpartition(".")[2])
        prefix = self.address.rpartition(".")[0]
        usual = [
            {"address": f"{prefix}.{base + n}", "home": "node1", "route_table_ids": self.tables(tables)}
            for n in range(overlays)
        ]
        content["all"]["children"]["overlay_nodes"]["vars"].update({"overlay_ips": usual, **variables})
        return self._write("inventory.yml", yaml.safe_dump(content))

    def variables(self, **values: Any) -> Path:
        """A file for ``-e @FILE`` with what every play here needs, and ``values``."""
        keys = self.world.admin
        aws = {
            "region": self.world.region,
            "endpoint_url": self.world.endpoint_url,
            "access_key": keys.access_key,
            "secret_key": keys.secret_key,
        }
        common = {"aws": aws, "vpc_id": self.world.vpc_id, "address": self.address}
        return self._write("variables.json", json.dumps({**common, **values}))

    def interface_id(self, machine: str) -> str:
        """The network interface of a machine."""
        return self.world.machine(machine).network_interface_ids[0]

    def measure(self, move: Callable[[str], Timed], tables: Sequence[str]) -> Run:
        """Let ``move`` move the overlay IP to the other node while the client asks, and check that it did.

        Raises:
            BenchError: it ended and left a table where it was.
        """
        holder = self.holder()
        target = "node1" if holder == "node2" else "node2"
        self.fill_buckets()
        self.lab.control.clear("calls")
        with self.lab.probe() as probe:
            probe.wait_for(holder)
            done = move(target)
            if done.finished:
                probe.wait_for(target)
        calls = len(self.lab.control.calls())
        moved = sum(where == target for table, where in self.lab.holders().items() if table in tables)
        if done.finished and moved != len(tables):
            raise BenchError(f"moved {moved} of {len(tables)} tables:\n{done.output[-2000:]}")
        self._repair(target)
        report = probe.report
        return Run(
            round(done.seconds, 3), calls, report.lost, round(report.gap_ms, 1), None if done.finished else moved
        )

    def holder(self) -> str:
        """The node that the client's table points at."""
        return self.lab.holders()[self.tables(1)[0]]

    def fill_buckets(self) -> None:
        """Let EC2's token buckets be full."""
        self.lab.control.advance(_REFILL)

    def address_up(self, machine: str, up: bool = True) -> None:
        """Put the address on a node, or take it away, as it was before."""
        verb = "replace" if up else "del"
        self.lab.exec(machine, "ip", "address", verb, f"{self.address}/32", "dev", "eth0")

    def _repair(self, target: str) -> None:
        """Every table at the same node and the address up on both: what every run begins with."""
        for node in self.world.nodes[:2]:
            if node.name == target or not self.exclusive:
                self.address_up(node.name)
        stray = [table for table, where in self.lab.holders().items() if where != target]
        if stray:
            self.lab.control.settings(throttle=False)
            self.lab.move(target, tables=stray)
            self.lab.control.settings(throttle=True)
        self.lab.settle()

    def _write(self, name: str, text: str) -> Path:
        path = self.scratch / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path
