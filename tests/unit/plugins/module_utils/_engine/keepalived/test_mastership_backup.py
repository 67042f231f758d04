# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node does that is not the master: the routes say where packets arrive."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.mastership import IDLE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    BACKUP,
    FAULT,
    MASTER,
    Standing,
)
from unit.keepalived_world import MINE, PEER, World


@pytest.mark.parametrize("state", [BACKUP, FAULT])
def test_what_a_killed_takeover_brought_up_goes_down_at_the_next_check(world: World, state: str) -> None:
    """It was killed between address and route."""
    world.notify(state)
    killed = world.store.memory.taking()
    killed.__enter__()
    world.routes, world.address = [PEER, PEER], True
    world.deeds.clear()
    assert world.watch()
    assert world.deeds == ["address down"]
    world.address = True  # the next one is somebody else's
    assert world.watch()
    assert world.address


def test_a_backup_that_looks_does_not_overwrite_what_a_notification_says_meanwhile(world: World) -> None:
    world.notify(BACKUP)
    world.routes = [MINE, MINE]
    world.while_reading = lambda: world.store.write(Standing(MASTER, 1001.0))
    assert world.watch()
    assert world.store.read() == Standing(MASTER, 1001.0)


def test_only_a_backup_serves_with_routes_that_came_by_themselves(world: World) -> None:
    """One in FAULT lets go, and when it is stopped nobody waits for its routes to leave."""
    world.notify(FAULT)
    world.routes = [MINE, MINE]
    assert world.watch()
    assert not world.address
    assert not world.store.read().held


def test_a_standby_that_cannot_look_says_what_follows(world: World) -> None:
    world.notify(BACKUP)
    world.unreadable = True
    world.told.clear()
    assert not world.watch()
    assert world.told[0].endswith("As for this node, it cannot be the master until they can.")


def test_an_address_that_came_before_its_route_is_given_time(world: World) -> None:
    """A switchover brings it up first, on a node whose keepalived looks on."""
    world.notify(BACKUP)
    world.routes, world.address = [PEER, PEER], True
    for _second in range(int(IDLE) - 1):
        assert world.watch()
        world.clock.now += 1.0
    assert world.address
    world.clock.now += 1.0
    assert world.watch()
    assert not world.address


def test_idleness_counts_from_the_last_time_that_a_route_pointed_here(world: World) -> None:
    world.notify(BACKUP)
    for route in (PEER, MINE, PEER):
        world.routes, world.address = [route, PEER], True
        assert world.watch()
        world.clock.now += IDLE - 1
    assert world.watch()
    assert world.address


def test_what_a_backup_served_with_goes_down_as_soon_as_the_routes_have_left(world: World) -> None:
    """No switchover brought it up, which would be about to move them here."""
    world.notify(BACKUP)
    world.routes = [MINE, MINE]
    assert world.watch()
    assert world.address
    world.routes = [PEER, PEER]
    assert world.watch()
    assert not world.address
    world.address = True  # the next one is a switchover's
    assert world.watch()
    assert world.address
