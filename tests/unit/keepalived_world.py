# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node under keepalived and its AWS, both of memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.mastership import Keepalived
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    MASTER,
    Standing,
    Store,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.tables import Seen
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table
from unit.clock import VirtualClock

OVERLAY = "192.168.10.15/32"


def to(eni: str, state: str = "active") -> Route:
    return Route(OVERLAY, eni, state, network_interface_id=eni)


THIRD, FOREIGN = to("eni-third"), Route(OVERLAY, "tgw-1")
MINE, PEER, DEAD = to("eni-me"), to("eni-peer"), to("eni-peer", "blackhole")
HELD = Standing(MASTER, held=True)
TAKING = Standing(MASTER)
OVERRULED = Standing(MASTER, lost=100.0)


@dataclass
class World:
    """A node and its AWS: every deed is written down in order."""

    directory: Path
    routes: list[Route | None] = field(default_factory=lambda: [MINE, MINE])
    deeds: list[str] = field(default_factory=list)
    address: bool = False
    unreadable: bool = False
    silence: Exception = field(default_factory=lambda: AwsError("Unreachable", "no answer"))
    refuses: bool = False
    denied: tuple[int, ...] = ()
    meanwhile: Any = None
    while_reading: Any = None
    reads: int = 0
    others: tuple[str, ...] = ("n2",)
    told: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    surroundings: dict[str, list[str]] = field(default_factory=dict)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(1000.0))
    part: str = ""

    # as Local
    @property
    def config(self) -> Config:
        return Config("n1", (Overlay(OVERLAY, (OVERLAY,)),), peers=dict.fromkeys(self.others, "eni-peer"))

    @property
    def peers(self) -> dict[str, str]:
        return dict(self.config.peers)

    def up(self) -> bool:
        changed, self.address = not self.address, True
        self.deeds += ["address up"] if changed else []
        return changed

    def down(self) -> bool:
        changed, self.address = self.address, False
        self.deeds += ["address down"] if changed else []
        return changed

    # as Node
    def mine(self) -> str:
        return "eni-me"

    def live(self) -> dict[str, str]:
        return {OVERLAY: "eth0"} if self.address else {}

    def tables(self) -> list[Seen]:
        self.reads += 1
        if self.unreadable:
            raise self.silence
        if self.while_reading:
            self.while_reading()
        tables = [Table(f"rtb-{i}", "vpc-1", "1", routes=(r,) if r else ()) for i, r in enumerate(self.routes)]
        return [Seen(self.config.overlays[0], tuple(tables), gone=tuple(self.gone))]

    def around(self, _memory: Memory, _deadline: Deadline, _seen: Any) -> dict[str, list[str]]:
        return self.surroundings

    def take(self, deadline: Deadline) -> dict[str, Any]:
        if self.unreadable or self.refuses:
            raise self.silence
        self.up()
        self.deeds.append("take")
        self.routes = [route if i in self.denied else MINE for i, route in enumerate(self.routes)]
        if self.meanwhile:
            self.meanwhile()
        after = [{"network_interface_id": route.network_interface_id} if route else None for route in self.routes]
        return {
            "problems": [f"{table} is gone." for table in self.gone],
            "routes": [{"route_table_id": f"rtb-{i}", "after": one} for i, one in enumerate(after)],
        }

    def hand_over(self, peer: str, deadline: Deadline) -> dict[str, Any]:
        if self.unreadable:
            raise self.silence
        if MINE in self.routes:
            self.deeds.append(f"hand over to {peer}")
            self.routes = [PEER for dummy in self.routes]
        return {}

    @property
    def store(self) -> Store:
        return Store(Memory(self.directory, part=self.part))

    @property
    def keepalived(self) -> Keepalived:
        local: Any = self
        return Keepalived(local, lambda: local, self.store, self.told.append, 1.0, self.clock, others=bool(self.part))

    def notify(self, state: str) -> bool:
        return self.keepalived.notify(state, Deadline(10, self.clock), self.clock.now)

    def watch(self) -> bool:
        return self.keepalived.watch(Deadline(10, self.clock))
