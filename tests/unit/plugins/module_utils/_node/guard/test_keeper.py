# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the guard puts an address back: what it has seen, what is written down, and the time, as a table of stories."""

from __future__ import annotations

import errno
from collections.abc import Mapping

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.place import Place
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.guard.keeper import MOST, PAUSE, POLL, Keeper

V4, OTHER, OWN = bytes([192, 168, 10, 15]), bytes([192, 168, 10, 16]), bytes([10, 0, 1, 10])
V6, LINK_LOCAL = bytes([0x20, 1, 13, 0xB8]) + bytes(12), bytes([0xFE, 0x80]) + bytes(14)
PLACE = Place("192.168.10.15/32", "eth0", "eth0:1")
HELD: Mapping[bytes, Place] = {V4: PLACE}
LINKS = {1: "lo", 2: "eth0", 3: "eth1"}


def keeper(*up: tuple[bytes, int, int]) -> Keeper:
    """One that has seen these up, and by default the overlay IP on eth0."""
    made = Keeper()
    made.read(LINKS, up or [(V4, 32, 2)], 0.0)
    return made


def gone(*up: tuple[bytes, int, int]) -> Keeper:
    """The overlay IP went away at 1.0."""
    made = keeper(*up)
    made.address(False, V4, 32, 2, 1.0)
    return made


def test_what_goes_is_put_back_at_once() -> None:
    made = gone()
    assert made.wait(1.0) == 0
    assert made.due(HELD, False, 1.0) == [(V4, PLACE, 2)]
    assert made.due(HELD, False, 1.0) == []  # once
    made.put(V4, 0, 1.0)
    made.address(True, V4, 32, 2, 1.0)
    assert made.wait(1.0) is None
    assert not made.missing


def test_what_is_not_written_down_stays_down() -> None:
    made = gone()
    assert made.due({OTHER: PLACE}, False, 1.0) == []
    assert made.wait(1.0) is None
    assert made.due(HELD, False, 2.0) == []  # whoever takes it later brings it up himself


def test_what_was_never_seen_up_is_not_brought_up() -> None:
    made = keeper((OWN, 24, 2))
    assert made.due(HELD, False, 1.0) == []
    made.address(False, V4, 32, 2, 2.0)  # an event of before its time
    assert made.due(HELD, False, 2.0) == []


@pytest.mark.parametrize("other", [(V4, 32, 3), (V4, 24, 2)])
def test_what_is_up_elsewhere_on_the_node_is_left_there(other: tuple[bytes, int, int]) -> None:
    made = gone((V4, 32, 2), other)
    assert made.due(HELD, False, 1.0) == []
    made.address(False, *other, 2.0)
    assert made.due(HELD, False, 2.0) == [(V4, PLACE, 2)]


def test_what_comes_back_by_another_hand_is_left_alone() -> None:
    made = gone()
    made.address(True, V4, 32, 3, 1.0)
    assert made.due(HELD, False, 1.0) == []


def test_a_takeover_ends_first() -> None:
    made = gone()
    assert made.due(HELD, True, 1.0) == []
    assert made.wait(1.0) == pytest.approx(POLL)
    assert made.due(HELD, True, 1.0 + POLL) == []
    assert made.due(HELD, False, 1.5) == [(V4, PLACE, 2)]


def test_a_takeover_that_gives_up_leaves_nothing_to_do() -> None:
    made = gone()
    assert made.due(HELD, True, 1.0) == []
    assert made.due({}, False, 1.0 + POLL) == []
    assert made.wait(2.0) is None


def test_a_link_that_goes_takes_its_addresses_along_and_a_new_one_gets_an_address_of_its_own_first() -> None:
    made = keeper((V4, 32, 2), (OWN, 24, 2))
    made.link(2, None, 1.0)
    assert made.due(HELD, False, 1.0) == []
    assert made.wait(1.0) is None
    made.link(7, "eth0", 2.0)
    assert made.due(HELD, False, 2.0) == []
    made.address(True, LINK_LOCAL, 64, 7, 2.1)
    assert made.due(HELD, False, 2.1) == []
    made.address(True, OTHER, 32, 7, 2.2)
    assert made.due({**HELD, OTHER: PLACE}, False, 2.2) == []  # another overlay IP is none of its own
    made.address(True, OWN, 24, 7, 2.3)
    assert made.due({**HELD, OTHER: PLACE}, False, 2.3) == [(V4, PLACE, 7)]


def test_a_link_of_another_name_is_not_the_place() -> None:
    made = gone()
    made.link(2, "ens5", 1.0)
    assert made.due(HELD, False, 1.0) == []
    made.link(2, "eth0", 2.0)
    assert made.due(HELD, False, 2.0) == [(V4, PLACE, 2)]


def test_a_place_that_was_changed_counts() -> None:
    moved = Place("192.168.10.15/32", "eth1", "eth1:4")
    assert gone().due({V4: moved}, False, 1.0) == [(V4, moved, 3)]


def test_events_that_were_lost_are_made_up_for() -> None:
    made = keeper((V4, 32, 2), (V6, 128, 2), (OWN, 24, 2))
    made.read(LINKS, [(OWN, 24, 2), (V6, 128, 2)], 5.0)
    assert made.due(HELD, False, 5.0) == [(V4, PLACE, 2)]
    made.put(V4, 0, 5.0)
    made.address(True, V4, 32, 2, 5.0)
    made.read({1: "lo", 8: "eth0"}, [(V4, 32, 8)], 6.0)
    assert made.due(HELD, False, 6.0) == []
    made.read({1: "lo", 9: "eth0"}, [], 7.0)  # a link that is new to us
    assert made.due(HELD, False, 7.0) == []
    made.address(True, OWN, 24, 9, 7.5)
    assert made.due(HELD, False, 7.5) == [(V4, PLACE, 9)]


def test_who_takes_it_away_again_and_again_meets_a_pause() -> None:
    made = gone()
    for number in range(MOST):
        now = 1.0 + number * 0.01
        assert not made.often(V4, now)
        assert made.due(HELD, False, now) == [(V4, PLACE, 2)], number
        made.put(V4, 0, now)
        made.address(True, V4, 32, 2, now)
        made.address(False, V4, 32, 2, now)
    assert made.often(V4, now)
    assert made.wait(now) == pytest.approx(PAUSE)
    assert made.due(HELD, False, now + PAUSE / 2) == []
    assert made.due(HELD, False, now + PAUSE) == [(V4, PLACE, 2)]
    made.put(V4, 0, now + PAUSE)
    assert not made.often(V4, now + 60)


def test_a_refusal_is_tried_again_a_link_that_is_gone_waits_for_its_return() -> None:
    made = gone()
    assert made.due(HELD, False, 1.0)
    made.put(V4, errno.ENOBUFS, 1.0)
    assert made.wait(1.0) == pytest.approx(PAUSE)
    assert made.due(HELD, False, 1.0 + PAUSE)
    made.put(V4, errno.ENODEV, 3.0)
    assert made.wait(3.0) is None
    assert made.missing


@pytest.mark.parametrize("code", [0, errno.EEXIST])
def test_what_the_kernel_does_not_tell_to_be_up_is_looked_at_again(code: int) -> None:
    made = gone()
    assert made.due(HELD, False, 1.0)
    made.put(V4, code, 1.0)
    assert made.wait(1.0) == pytest.approx(POLL)
    assert made.due(HELD, False, 1.5) == [(V4, PLACE, 2)]
