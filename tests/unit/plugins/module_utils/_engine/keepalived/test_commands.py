# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived calls does what its side of the program decides."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.commands import NOTIFY, WATCH
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.node import Call
from unit.keepalived_world import World


def call(world: World, state: str) -> Call:
    node: Any = world
    memory = world.store.memory
    return Call(state, node, lambda: node, memory, world.told.append, Deadline(10), world.clock.now, 1.0)


def test_a_notification_and_a_check_act(world: World) -> None:
    assert NOTIFY.run(call(world, "MASTER"))
    assert world.deeds == ["address up", "take"]
    assert WATCH.run(call(world, ""))
    assert NOTIFY.run(call(world, "FAULT"))
    assert world.deeds[2:] == ["hand over to n2", "address down"]
    assert world.told[-1] == "Handed the route over to n2."
