# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual clock with threads, the model of EC2's bucket, and the arithmetic of the limit."""

from __future__ import annotations

import threading
from random import Random

import pytest

from fleet import detection, limit
from fleet.endpoint import Bucket
from fleet.world import World


def test_time_passes_only_when_all_wait_and_who_is_due_first_goes_on() -> None:
    world, told = World(1), []

    def work(name: str, *waits: float) -> None:
        for seconds in waits:
            world.sleep(seconds)
            told.append((name, world.monotonic()))

    world.spawn(lambda: work("a", 3.0, 3.0))
    world.spawn(lambda: work("b", 2.0, 1.0, 10.0), after=1.0)
    world.run(100)
    # At 3 seconds both are due: "a" began to wait first.
    assert told == [("a", 3.0), ("b", 3.0), ("b", 4.0), ("a", 6.0), ("b", 14.0)]


def test_threads_are_joined_in_virtual_time() -> None:
    world, ended = World(1), []

    def work() -> None:
        threads = [world.thread(target=world.sleep, args=(float(n),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended.append(world.now)

    world.spawn(work)
    world.run(100)
    assert ended == [3.0]


def test_the_end_of_a_run_ends_every_thread() -> None:
    before, world = threading.active_count(), World(1)

    def forever() -> None:
        while True:
            try:
                world.sleep(1.0)
            except Exception:
                raise AssertionError("nobody may handle the end") from None

    for dummy in range(5):
        world.spawn(forever)
    world.run(10)
    assert (threading.active_count(), world.now) == (before, 10.0)


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    world = World(1)
    world.spawn(lambda: [][0], after=2.0)
    world.spawn(lambda: world.sleep(50))
    with pytest.raises(IndexError):
        world.run(100)
    assert world.now == 2.0


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    world = World(1)
    bucket = Bucket(world, 50, 5)
    assert sum(bucket.take() for dummy in range(100)) == 50
    world.now = 1.0
    assert sum(bucket.take() for dummy in range(100)) == 5
    world.now = 100.0
    assert sum(bucket.take() for dummy in range(100)) == 50


def test_others_take_their_part_of_a_bucket() -> None:
    world = World(1)
    bucket = Bucket(world, 100, 20, others=15)
    got = 0
    for second in range(100):
        world.now = float(second)
        got += sum(bucket.take() for dummy in range(30))
    assert 450 < got < 750, "a hundred at once, then five a second: others are there at random"


def test_the_limit_is_arithmetic() -> None:
    assert limit.best([3.0], 2, 50, 5, 0.1) == [pytest.approx(3.15)]
    many = limit.best([3.0] * 300, 2, 50, 5, 0.1)
    assert many[24] == pytest.approx(3.15), "fifty calls at once"
    assert many[-1] == pytest.approx(3.15 + 550 / 5)
    assert limit.best([3.0, 500.0], 1, 1, 5, 0.1) == [pytest.approx(3.15), pytest.approx(500.15)]


def test_detection_is_as_the_drill_measured_it() -> None:
    seconds = detection.measured("keepalived")
    drawn = detection.draw("keepalived", 500, Random(1))
    assert len(seconds) > 3
    assert seconds[0] <= min(drawn) < max(drawn) <= seconds[-1]
    assert detection.draw("keepalived", 500, Random(1)) == drawn
