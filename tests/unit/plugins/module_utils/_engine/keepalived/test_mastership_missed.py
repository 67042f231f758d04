# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalived's side of the node's program, when some table does not follow a takeover."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import MASTER, Standing
from unit.keepalived_world import DEAD, MINE, PEER, World


@pytest.mark.parametrize("denied", [0, 1])
def test_a_table_that_refused_the_takeover_does_not_tell_of_another_one_s(world: World, denied: int) -> None:
    """Whichever table leads: the other node is back, with the route of the table that did not follow."""
    world.routes, world.denied = [DEAD, DEAD], (denied,)
    assert world.notify(MASTER)
    assert world.store.read() == Standing(MASTER, 1000.0, held=True, missed=(f"rtb-{denied}",))
    world.routes[denied] = PEER
    assert world.watch()
    assert world.routes[denied] == PEER  # it was tried again, and is refused still
    world.denied = ()
    assert world.watch()
    assert world.routes == [MINE, MINE]
    assert world.store.read() == Standing(MASTER, 1000.0, held=True)
    world.routes = [PEER, MINE]
    assert not world.watch()  # what is moved after that counts again


def test_a_table_that_refused_the_takeover_does_not_hide_a_move(world: World) -> None:
    world.routes, world.denied = [DEAD, DEAD], (0,)
    assert world.notify(MASTER)
    world.routes = [PEER, PEER]
    assert not world.watch()
    assert world.routes == [PEER, PEER]


@pytest.mark.parametrize("denied", [(0, 1), ()])
def test_a_table_without_a_route_after_the_takeover_was_missed(world: World, denied: tuple[int, ...]) -> None:
    world.routes, world.denied = [DEAD, DEAD, None], (2, *denied)
    assert world.notify(MASTER)
    assert world.store.read().missed == tuple(f"rtb-{i}" for i in sorted(world.denied))
