# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is told of a normal job; of a long one a line for each route, and how far the rest is."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._module import progress as channel
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job, write
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import Request
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import REPLACE, Action
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.progress import LONG, Progress
from unit.clock import VirtualClock
from unit.ec2_model import OVERLAY, Cloud, ModelEc2


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time knows one caller."""
    monkeypatch.setattr(job, "Writer", partial(write.Writer, workers=1))


def told(tables: int, **more: Any) -> list[str]:
    """What a move of so many tables tells, on virtual time."""
    clock, lines = VirtualClock(), list[str]()
    cloud = Cloud.of({f"rtb-{n:03}": "eni-a" for n in range(tables)})
    asked = Request((OVERLAY,), tuple(cloud.history), network_interface_id="eni-b", **more)
    ec2: Any = ModelEc2(cloud, clock)
    job.run(ec2, asked, clock, lines.append)
    return lines


@pytest.mark.parametrize("tables", [1, 3, 20, 36])
def test_a_normal_switchover_is_no_news(tables: int) -> None:
    """It asks first whether it may write, and writes as many as go at once."""
    assert told(tables, verify_permissions=True) == []


@pytest.mark.parametrize("tables", [1, 48, 72])
def test_nor_is_a_move_that_only_writes(tables: int) -> None:
    assert told(tables) == []


def test_of_a_long_one_each_route_is_told_once_it_is_long() -> None:
    """So many go at once, then five a second: those of the first five seconds are in the number."""
    lines = told(120)
    assert lines[0] == f"{OVERLAY} in rtb-072 is written, 73 of 120 (5 s)"
    assert lines[-1] == f"{OVERLAY} in rtb-119 is written, 120 of 120 (15 s)"
    assert len(lines) == len(set(lines)) == 48


def test_what_is_asked_first_is_told_now_and_then_and_waiting_too() -> None:
    lines = told(120, verify_permissions=True)
    assert lines[:3] == [
        "Asked whether the route tables may be written: 73 of 120 (5 s)",
        "Asked whether the route tables may be written: 98 of 120 (10 s)",
        "Waiting 10 s: EC2 takes about 5 writes a second, and all are to go at once",
    ]
    assert lines[3:] == told(120)
    assert told(48, verify_permissions=True) == [lines[2].replace("10 s", "7 s")]  # they go at once, and are done


def test_a_route_that_is_written_again_is_not_counted_twice() -> None:
    clock, lines = VirtualClock(), list[str]()
    progress = Progress(lines.append, clock)
    progress.expect(2, 2)
    progress.writes()
    first, second = (Action(REPLACE, f"rtb-{n}", OVERLAY, None, "eni-b") for n in (1, 2))
    progress.written(first)
    clock.sleep(LONG)
    for action in (first, second, second):
        progress.written(action)
    assert lines == [f"{OVERLAY} in rtb-2 is written, 2 of 2 (5 s)"]


def test_nobody_waits_for_who_does_not_listen() -> None:
    """A pipe that is full, or that nobody reads any more: a move goes on."""
    heard, end = os.pipe()
    try:
        assert channel.teller() is None
        channel.open_to(end)
        tell = channel.teller()
        assert tell is not None
        tell("one \udcff")
        assert os.read(heard, 100) == b"one ?\n"
        for _line in range(5000):
            tell("x" * 100)
        os.close(heard)
        tell("gone")
    finally:
        channel._channel.clear()
        os.close(end)
