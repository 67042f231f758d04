# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standing and its lock: only one at a time, only root's, and no need of either."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    BACKUP,
    FAULT,
    MASTER,
    STOP,
    Standing,
    Store,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from unit.keepalived_world import DEAD, PEER, World


@pytest.fixture
def no_place(tmp_path: Path) -> Path:
    """A directory that cannot be made: a file is in its way, as good as a full or read-only file system."""
    (tmp_path / "run").touch()
    return tmp_path / "run"


def test_without_a_place_for_the_standing_everything_is_done_all_the_same(no_place: Path) -> None:
    world = World(no_place, routes=[PEER, PEER])
    assert world.notify(MASTER)
    assert world.deeds == ["address up", "take"]
    assert world.watch()
    for state in (BACKUP, FAULT, STOP):
        world.up()
        assert world.notify(state)
        assert not world.address
    assert any("going on without it" in line for line in world.told)


def test_a_node_that_forgot_what_it_was_hands_over_what_it_holds(no_place: Path) -> None:
    world = World(no_place, address=True)
    assert world.notify(BACKUP)
    assert world.deeds == ["hand over to n2", "address down"]


def full(*_arguments: object, **_more: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_standing_that_cannot_be_renewed_is_none(world: World) -> None:
    """Else a backup on a full disk would believe for ever that it is a master that was overruled."""
    world.notify(MASTER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        world.routes = [PEER, PEER]
        world.notify(BACKUP)
    assert world.store.read() == Standing()
    assert world.watch()
    world.routes = [DEAD, DEAD]
    assert world.notify(MASTER)


def test_a_node_that_forgot_what_it_was_keeps_its_address_while_nothing_can_be_read(no_place: Path) -> None:
    world = World(no_place, address=True, unreadable=True)
    assert world.watch()
    assert world.address
    world.address = False
    assert not world.watch()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "5", "{not json", "[" * 10**5),
        *[json.dumps({"state": "MASTER", "lost": lost}) for lost in ("soon", True, math.nan, math.inf, [1])],
        *[json.dumps({"state": "MASTER", "since": since}) for since in ("now", False, math.nan, None)],
        *('{"state": 1}', '{"state": 5}', '{"since": NaN}', '{"held": "yes"}', '{"x": 1}'),
        '{"state": "MASTER", "held": 1}',
        '{"state": "MASTER", "idle": "x"}',
        '{"state": "MASTER", "more": 1}',
        *[json.dumps({"state": "MASTER", "missed": missed}) for missed in (5, [5], "rtb-1", {"1": 1}, ["", "rtb-1"])],
    ],
)
def test_a_standing_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    store = Store(Memory(tmp_path))
    (tmp_path / "keepalived.json").write_text(text)
    assert store.read() == Standing()


def test_a_takeover_waits_for_the_one_that_is_under_way(world: World) -> None:
    world.routes = [PEER, PEER]
    with world.store.memory.locked(Deadline(1, world.clock), world.clock) as alone:
        assert alone
        assert not world.notify(MASTER)
    assert world.clock.now - 1000.0 == pytest.approx(10, abs=0.2)
    assert world.deeds == []
    assert [line.startswith("The lock of this program was held until the deadline by ") for line in world.told] == [
        True
    ]


def test_a_check_does_not_disturb_a_takeover_that_is_under_way(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    with world.store.memory.locked(Deadline(1, world.clock), world.clock) as alone:
        assert alone
        assert world.watch()
    assert world.clock.now == 1000.0


def test_who_holds_the_lock_is_named(world: World) -> None:
    with world.store.memory.locked(Deadline(1, world.clock), world.clock):
        assert not world.notify(MASTER)
    assert any(f"process {os.getpid()} (`" in line for line in world.told)
