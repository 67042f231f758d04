# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill's probe: what it counts, and when it ends."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.probe import Attempt, connects, report, run
from unit.clock import VirtualClock


@pytest.mark.parametrize(
    ("pattern", "missed", "silence", "since"),
    [
        ("", 0, 0.0, None),
        ("+++++", 0, 0.0, None),
        ("++--++", 2, 0.3, 0.1),
        ("+-++--+", 3, 0.3, 0.3),
        ("--++", 2, 0.2, 0.0),
        ("++--", 2, 0.2, 0.1),
        ("---", 3, 0.2, 0.0),
    ],
)
def test_report(pattern: str, missed: int, silence: float, since: float | None) -> None:
    attempts = [Attempt(index / 10, sign == "+") for index, sign in enumerate(pattern)]
    expected: dict[str, Any] = {"tried": len(pattern), "missed": missed}
    assert report(attempts) == {**expected, "longest_silence": silence, "silent_from": since}


def test_it_ends_after_its_time() -> None:
    attempts = run(lambda: True, 0.5, 2.0, None, VirtualClock(50.0))
    assert [a.at for a in attempts] == [0.0, 0.5, 1.0, 1.5]


def test_it_ends_when_its_file_is_gone(tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.touch()
    count = itertools.count()

    def connect() -> bool:
        if next(count) == 2:
            stop.unlink()
        return True

    assert len(run(connect, 0.5, 60.0, str(stop), VirtualClock(50.0))) == 3


def test_a_slow_attempt_is_not_made_up_for() -> None:
    clock = VirtualClock(50.0)

    def connect() -> bool:
        clock.now += 0.8 if clock.now < 50.1 else 0.0
        return True

    assert [a.at for a in run(connect, 0.5, 1.5, None, clock)] == pytest.approx([0.0, 0.8, 1.3])


def test_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert connects("127.0.0.1", port, 1.0)
    assert not connects("127.0.0.1", port, 1.0)
