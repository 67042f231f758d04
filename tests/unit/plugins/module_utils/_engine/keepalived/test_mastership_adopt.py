# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived begins on a node that holds the overlay IPs already: they stay up while it makes up its mind."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import mastership as ka
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    ADOPT,
    BACKUP,
    FAULT,
    MASTER,
    STOP,
)
from unit.keepalived_world import MINE, PEER, World


@pytest.mark.parametrize("states", [[BACKUP], [FAULT, BACKUP]])
def test_what_setup_found_held_is_held_on_until_mastership(world: World, states: list[str]) -> None:
    """keepalived begins as a backup, or at fault until its checks have run: nobody else has the address."""
    world.address = True
    assert world.notify(ADOPT)
    for state in states:
        assert world.notify(state)
        assert world.watch()
    assert world.deeds == []
    assert world.notify(MASTER)
    assert world.deeds == ["take"]
    assert not world.store.read().adopted
    assert world.notify(FAULT)
    assert world.deeds[1:] == ["hand over to n2", "address down"]


def test_what_was_adopted_is_held_on_though_aws_is_silent(world: World) -> None:
    world.address = True
    world.notify(ADOPT)
    world.unreadable = True
    assert world.notify(BACKUP)
    assert world.address


@pytest.mark.parametrize("state", [BACKUP, FAULT])
def test_what_was_adopted_goes_down_where_the_routes_lead_elsewhere(world: World, state: str) -> None:
    world.address = True
    world.notify(ADOPT)
    world.notify(state)
    assert world.address
    world.routes = [PEER, PEER]
    world.watch()
    world.clock.now += ka.IDLE
    world.watch()
    assert world.deeds == ["address down"]
    world.routes = [MINE, MINE]
    world.address = True
    world.notify(ADOPT)
    world.routes = [PEER, PEER]
    world.notify(state)
    assert world.deeds == ["address down", "address down"]


def test_stopping_ends_what_was_adopted(world: World) -> None:
    world.address = True
    world.notify(ADOPT)
    world.notify(STOP)
    assert world.deeds == ["address down"]
    assert not world.store.read().adopted
