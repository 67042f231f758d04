# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud, a clock and one mover."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move as route_move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.clock import VirtualClock
from unit.ec2_model import OVERLAY, Cloud, ModelEc2, faults_in_turn

A, B, C = "eni-a", "eni-b", "eni-c"
T1, T2, T3 = "rtb-1", "rtb-2", "rtb-3"


@dataclass
class Mover:
    """A cloud, a clock and one caller."""

    cloud: Cloud
    clock: VirtualClock
    ec2: Any

    def move(self, wait_timeout: float = 60.0, target: str | None = B, **want: Any) -> route_move.Outcome:
        """Read, plan and carry out."""
        wanted = Want((OVERLAY,), target, **want)
        read = self.ec2.tables()
        reread = self.reread([t.route_table_id for t in read])
        actions = plan.plan(read, wanted)
        return route_move.carry_out(
            self.ec2, actions, read, wanted, reread, wait_timeout, Writer(self.ec2, self.clock, 1)
        )

    def reread(self, tables: list[str]) -> Callable[[], Any]:
        return lambda: self.ec2.tables(tables, missing_ok=True)


def mover(start: Mapping[str, str | None], script: Iterable[str] = (), **model: Any) -> Mover:
    """``script``: what befalls the calls after the first read, in turn."""
    clock, cloud = VirtualClock(), Cloud.of(start)
    model.setdefault("fault", faults_in_turn(["", *script]))
    return Mover(cloud, clock, ModelEc2(cloud, clock, **model))


def codes(outcome: route_move.Outcome) -> dict[str, str]:
    return {table: err.code for (table, _destination), err in outcome.errors.items()}
