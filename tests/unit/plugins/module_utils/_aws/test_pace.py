# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deadlines and token buckets, on a clock that only moves when somebody waits."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import (
    CUSHION,
    LATE,
    PART,
    SOON,
    Bucket,
    Deadline,
    Turns,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.rate import BURST, RATE, seconds_for_all
from unit.clock import VirtualClock

EC2_BURST, EC2_RATE = 50, 5.0


def test_a_deadline_runs_out_and_can_only_be_put_off() -> None:
    clock = VirtualClock()
    deadline = Deadline(10, clock)
    clock.sleep(4)
    assert (deadline.left, deadline.over) == (6.0, False)
    deadline.at_least(3)
    assert deadline.left == 6.0
    deadline.at_least(8)
    assert deadline.left == 8.0
    clock.sleep(9)
    assert (deadline.left, deadline.over) == (0.0, True)
    deadline.at_least(1)
    assert not deadline.over


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [(1, 0.0), (BURST, 0.0), (BURST + 1, 1 / RATE), (200, (200 - BURST) / RATE)],
)
def test_a_burst_is_free_and_the_rest_comes_at_the_rate(calls: int, seconds: float) -> None:
    clock = VirtualClock()
    bucket, deadline = Bucket(clock=clock), Deadline(1000, clock)
    assert bucket.seconds_for(calls) == pytest.approx(seconds)
    assert all(bucket.take(deadline) for dummy in range(calls))
    assert clock.now == pytest.approx(seconds)


@pytest.mark.parametrize("pauses", [(0,), (0.1, 0.0), (7.3, 0.0, 0.0, 0.01)])
def test_whatever_the_rhythm_ec2s_own_bucket_never_runs_dry(pauses: tuple[float, ...]) -> None:
    clock = VirtualClock()
    bucket, deadline = Bucket(clock=clock), Deadline(1e6, clock)
    theirs, at = float(EC2_BURST), 0.0
    for number in range(400):
        clock.sleep(pauses[number % len(pauses)])
        assert bucket.take(deadline)
        theirs = min(EC2_BURST, theirs + (clock.now - at) * EC2_RATE) - 1
        at = clock.now
        assert theirs >= 0


def test_no_token_after_the_deadline_and_none_is_lost_by_asking() -> None:
    clock = VirtualClock()
    bucket = Bucket(burst=1, rate=1.0, clock=clock)
    assert bucket.take(Deadline(10, clock))
    assert not bucket.take(Deadline(0.5, clock))
    assert clock.now == 0.0
    clock.sleep(1)
    assert bucket.take(Deadline(0, clock))


def test_waiting_callers_are_served_one_after_the_other() -> None:
    class Frozen(VirtualClock):
        """Several threads that wait at the same time: each is told its own wait."""

        def __init__(self) -> None:
            super().__init__()
            self.waits: list[float] = []

        def sleep(self, seconds: float, /) -> None:
            self.waits.append(seconds)

    clock = Frozen()
    bucket, deadline = Bucket(burst=1, rate=2.0, clock=clock), Deadline(10, clock)
    for dummy in range(4):
        bucket.take(deadline)
    assert clock.waits == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("used", "wanted", "seconds"),
    [(0, 48, 0.0), (10, 38, 0.0), (48, 48, 48 / RATE), (48, 200, 48 / RATE), (40, 10, 2 / RATE)],
)
def test_how_long_until_so_many_can_go_at_once(used: int, wanted: int, seconds: float) -> None:
    clock = VirtualClock()
    bucket = Bucket(clock=clock)
    for dummy in range(used):
        bucket.take(Deadline(0, clock))
    assert bucket.full_in(wanted) == pytest.approx(seconds)


def test_a_refusal_empties_the_bucket() -> None:
    clock = VirtualClock()
    bucket = Bucket(clock=clock)
    assert bucket.seconds_for(1) == 0.0
    bucket.refused()
    assert bucket.seconds_for(1) == pytest.approx(1 / RATE)
    bucket.take(Deadline(9, clock))
    bucket.refused()
    assert clock.now == pytest.approx(1 / RATE), "nothing is owed for what was taken before"


@pytest.mark.parametrize(("routes", "seconds"), [(0, 0.0), (BURST, 0.0), (BURST + 49, 10.0), (600, 552 / RATE)])
def test_how_long_ec2_needs_for_all(routes: int, seconds: float) -> None:
    assert seconds_for_all(routes) == pytest.approx(seconds)


@pytest.mark.parametrize("routes", [0, 1, BURST])
def test_who_knows_of_no_others_waits_at_random_and_ever_longer(routes: int) -> None:
    clock = VirtualClock()
    many = [Turns(routes, clock) for dummy in range(500)]
    assert not any(turns.crowded for turns in many)
    first = [turns.wait() for turns in many]
    assert min(first) >= SOON
    assert SOON * 2.5 < max(first) <= SOON * 3
    later = [[turns.wait() for dummy in range(40)][-1] for turns in many]
    assert max(later) == LATE
    assert len(set(later)) > 100, "they do not come together"


def test_who_was_told_of_others_draws_a_moment_of_the_time_that_all_need() -> None:
    clock, need = VirtualClock(), seconds_for_all(600)
    turns = Turns(600, clock)
    assert turns.crowded
    waits = sorted(turns.wait() for dummy in range(2000))
    assert need * CUSHION <= waits[0] < need * (CUSHION + 0.01)
    assert need * (CUSHION + 0.99) < waits[-1] <= need * (CUSHION + 1)
    assert waits[1000] == pytest.approx(need * (CUSHION + 0.5), rel=0.1), "evenly"
    begun = [turns.soon() for dummy in range(2000)]
    assert min(begun) >= SOON
    assert need * PART * 0.9 < max(begun) <= SOON + need * PART
    assert max(begun) < need / 4, "long before a new turn would come"


def test_a_turn_that_was_throttled_too_gets_one_of_the_time_that_is_left() -> None:
    clock, need = VirtualClock(), seconds_for_all(600)
    turns = Turns(600, clock)
    clock.sleep(need)
    assert all(turns.wait() <= need * CUSHION for dummy in range(100))
    clock.sleep(need)
    assert all(SOON <= turn() <= LATE for turn in (turns.wait, turns.soon) for dummy in range(100))
