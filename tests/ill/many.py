# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More routes than EC2's request rate moves within the default deadline: where address and routes are then."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from drill.bed import Bed
from lab.daemon.control import tell

TABLES = 80
SECOND = "192.168.77.1"
CONFIG = "/etc/aws-overlay-ip/config.json"
DEADLINE = 20.0
SLACK = 2.0  # for the lab, which takes a while to run it, on top of the second that the program may be late
KINDS: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "every write answered after 4 s": {"do": "delay", "seconds": 4.0},
    "every answer to a write lost": {"do": "lose_response"},
    "EC2 hangs from the 60th write on": {"do": "hang", "skip": 59},
}


@dataclass(frozen=True)
class Taken:
    """What came of one `take` with two overlay IPs: of each, how many routes point here, and whether it is up."""

    kind: str
    code: int
    seconds: float
    routes: tuple[int, int]
    up: tuple[bool, bool]
    error: str

    @property
    def wrong(self) -> list[str]:
        """Which promises it breaks."""
        found = [
            "routes here, address down" for routes, up in zip(self.routes, self.up, strict=True) if routes and not up
        ]
        if self.seconds > DEADLINE + SLACK:
            found.append("later than its deadline")
        if len(self.error) > 4000:
            found.append("a reason that nobody can read")
        return found

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return {**asdict(self), "wrong": self.wrong}


class Many:
    """A bed whose engine is off and whose nodes have a second overlay IP."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self._overlays = (bed.lab.overlay, SECOND)
        self._enis = [machine.network_interface_ids[0] for machine in bed.lab.world.nodes]

    def take(self, kind: str) -> Taken:
        """Let the standby take both, from a state that is made anew."""
        bed, standby = self._bed, self._bed.nodes[1]
        self._begin()
        fault = dict(KINDS[kind])
        if fault:
            bed.control.fault(fault.pop("do"), match={"action": "ReplaceRoute", "caller": bed.roles[standby]}, **fault)
        began = time.monotonic()
        answer = tell(bed.directory.control, "exec", machine=standby, argv=["aws-overlay-ip", "take"], seconds=90.0)
        seconds = round(time.monotonic() - began, 1)
        bed.control.clear("faults")
        said = json.loads(str(answer["stdout"]) or "{}")
        first, second = (self._routes(overlay) for overlay in self._overlays)
        up = tuple(bool(bed.exec(standby, "ip", "-o", "address", "show", "to", o)) for o in self._overlays)
        return Taken(kind, int(answer["returncode"]), seconds, (first, second), (up[0], up[1]), said.get("error", ""))

    def _begin(self) -> None:
        bed = self._bed
        bed.control.clear("faults")
        wanted = [(table, overlay) for table in bed.lab.world.route_table_ids for overlay in self._overlays]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._point, wanted))
        for node, verb in zip(bed.nodes, ("replace", "delete"), strict=True):
            for overlay in self._overlays:
                bed.exec(node, "ip", "address", verb, f"{overlay}/32", "dev", "eth0")

    def _point(self, wanted: tuple[str, str]) -> None:
        route = {
            "RouteTableId": wanted[0],
            "DestinationCidrBlock": f"{wanted[1]}/32",
            "NetworkInterfaceId": self._enis[0],
        }
        try:
            self._bed.ec2.replace_route(**route)
        except self._bed.ec2.exceptions.ClientError:
            self._bed.ec2.create_route(**route)

    def _routes(self, overlay: str) -> int:
        raw = self._bed.ec2.describe_route_tables(RouteTableIds=list(self._bed.lab.world.route_table_ids))[
            "RouteTables"
        ]
        routes = (route for table in raw for route in table["Routes"])
        mine = {"DestinationCidrBlock": f"{overlay}/32", "NetworkInterfaceId": self._enis[1]}
        return sum(mine.items() <= route.items() for route in routes)


@contextmanager
def many(bed: Bed) -> Iterator[Many]:
    """The bed with its engine off and a second overlay IP in the nodes' configuration."""
    for node in bed.nodes:
        bed.exec(node, "systemctl", "disable", "--now", "keepalived")
        config = json.loads(bed.exec(node, "cat", CONFIG))
        first = config["overlays"][0]
        config["overlays"] = [first, {**first, "destination": f"{SECOND}/32", "addresses": [f"{SECOND}/32"]}]
        bed.exec(node, "tee", CONFIG, stdin=json.dumps(config))
    yield Many(bed)
