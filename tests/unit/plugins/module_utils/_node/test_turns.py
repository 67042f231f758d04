# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is: ages across reboots and clocks that are set, of many that ask one gets it, damaged files."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import turn_file, turns
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.turns import Moment, Turn, TurnError

A, B = "192.168.10.15/32", "2001:db8::15/128"
THEN = Moment(1_000_000.0, 5_000.0, "boot-1")
TURN = Turn(A, "setup, for X", THEN.time, THEN.up, THEN.boot)


@pytest.mark.parametrize(
    ("now", "age"),
    [
        (Moment(1_000_090.0, 5_090.0, "boot-1"), 90),
        (Moment(1_003_690.0, 5_090.0, "boot-1"), 90),  # the clock was set forward by an hour
        (Moment(996_490.0, 5_090.0, "boot-1"), 90),  # and back
        (Moment(1_000_090.0, 30.0, "boot-2"), 90),  # rebooted
        (Moment(999_000.0, 30.0, "boot-2"), 0),  # rebooted, with a clock that is behind: as if it were now
        (Moment(1_000_090.0, 5_090.0, ""), 90),  # no boot id to be had
    ],
)
def test_ages(now: Moment, age: float) -> None:
    assert TURN.age(now) == age
    (kept,) = turns.parsed(turns.written([TURN]), now)
    assert kept.age(now) == age


def test_a_turn_of_the_future_counts_from_now_on_and_ends() -> None:
    """A clock that was years ahead when it was written, and a reboot: it holds for ten minutes, not for years."""
    now = Moment(1_000.0, 30.0, "boot-2")
    (kept,) = turns.parsed(turns.written([TURN]), now)
    assert (kept.time, kept.up, kept.boot) == (now.time, now.up, now.boot)
    assert turns.held([kept], [A], 600, now)
    assert not turns.held([kept], [A], 600, replace(now, time=1_600.0, up=630.0))


def test_one_is_kept_for_each() -> None:
    kept = turns.taken([TURN], [B], "setup, for Y", THEN)
    kept = turns.taken(kept, [A], "switchover, for Z", replace(THEN, up=5_700.0))
    assert [(turn.destination, turn.what, turn.up) for turn in kept] == [
        (B, "setup, for Y", 5_000.0),
        (A, "switchover, for Z", 5_700.0),
    ]
    assert turns.held(kept, [B], 600, replace(THEN, up=5_599.0)) == [kept[0]]
    assert turns.held(kept, [B], 600, replace(THEN, up=5_600.0)) == []
    assert turns.told(kept, replace(THEN, up=5_700.04))[0] == {"destination": B, "what": "setup, for Y", "age": 700.0}


HUGE = f'[{{"destination": "a", "what": "b", "time": {10**400}, "up": 1, "boot": ""}}]'


@pytest.mark.parametrize(
    "text", ["x", "{}", "{}x", "[1]", "[{}]", '[{"destination": "a"}]', "7", "null", '""', HUGE, "[" * 100_000]
)
def test_what_is_none_of_ours_is_an_error(text: str) -> None:
    with pytest.raises(TurnError, match="it is no list of turns"):
        turns.parsed(text, THEN)


def test_a_turn_is_taken_once_and_outlives_who_took_it(tmp_path: Path) -> None:
    place = tmp_path / "state"
    assert turn_file.read(place) == []
    assert turn_file.take(place, [A, B], "setup, for X", 600) == []
    assert [(t.destination, t.what) for t in turn_file.read(place)] == [(A, "setup, for X"), (B, "setup, for X")]
    (against,) = turn_file.take(place, [B], "switchover, for Y", 600)
    assert (against.destination, against.what) == (B, "setup, for X")
    assert turn_file.take(place, ["10.1.1.1/32"], "setup", 600) == []
    assert turn_file.take(place, [A], "again", 0) == []
    assert (place / turn_file.NAME).stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700
    assert turn_file.remove(place, check=True)
    assert turn_file.remove(place)
    assert not turn_file.remove(place)
    assert list(place.iterdir()) == []


def test_it_is_taken_for_all_or_for_none(tmp_path: Path) -> None:
    turn_file.take(tmp_path, [A], "first", 600)
    assert turn_file.take(tmp_path, [B, A], "second", 600)
    assert [t.destination for t in turn_file.read(tmp_path)] == [A]


def test_check_mode_takes_nothing(tmp_path: Path) -> None:
    assert turn_file.take(tmp_path, [A], "x", 600, check=True) == []
    assert turn_file.read(tmp_path) == []


def test_of_many_that_ask_at_once_one_gets_it(tmp_path: Path) -> None:
    barrier, got = threading.Barrier(8), []

    def ask(number: int) -> None:
        barrier.wait()
        if not turn_file.take(tmp_path, [A], f"by {number}", 600):
            got.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert [t.what for t in turn_file.read(tmp_path)] == [f"by {got[0]}"]


@pytest.mark.parametrize("text", ["", "x", json.dumps([{"a": 1}]), "[" + " " * turns.LARGEST + "]"])
def test_a_damaged_file_lets_nobody_have_it(tmp_path: Path, text: str) -> None:
    (tmp_path / turn_file.NAME).write_text(text)
    for ask in (lambda: turn_file.read(tmp_path), lambda: turn_file.take(tmp_path, [A], "x", 600)):
        with pytest.raises(TurnError):
            ask()
    assert (tmp_path / turn_file.NAME).read_text() == text


def test_a_place_that_cannot_be_written_lets_nobody_have_it(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(OSError, match=r"exists|directory"):
        turn_file.take(tmp_path / "state", [A], "x", 600)


def test_who_has_the_lock_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_file, "PATIENCE", 0.1)
    with turn_file._alone(tmp_path), pytest.raises(TimeoutError, match="another one is taking a turn"):
        turn_file.take(tmp_path, [A], "x", 600)
    assert turn_file.take(tmp_path, [A], "x", 600) == []
