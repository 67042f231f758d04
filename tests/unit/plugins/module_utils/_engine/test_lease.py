# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a node: who gets it, who is refused in which words, and what lets others on again."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.lease import OPTION, Held, Lease, sentence
from unit.clock import VirtualClock

TICK = os.sysconf("SC_CLK_TCK")
STARTED = 100 * TICK


def asked(number: int = 1, **more: Any) -> dict[str, Any]:
    """What a run says of itself: one of several on one machine."""
    defaults = {name: option.get("default") for name, option in OPTION["options"].items()}
    run = f"{number}/{STARTED}"
    return {**defaults, "run": run, "what": "Set up", "who": f"op{number}@ctl", "machine": "boot/1", **more}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1000.0)


@pytest.fixture
def lease(tmp_path: Path, clock: VirtualClock) -> Lease:
    return Lease(str(tmp_path / "run"), clock.monotonic, clock.sleep)


def test_one_has_it_and_the_other_is_told(lease: Lease) -> None:
    assert lease.take(asked(1)) == ""
    told = lease.take(asked(2, node="node2"))
    assert told.startswith("node2 is at work for somebody else: 'Set up' by op1@ctl (process 1 there), since ")
    assert (
        "Run this again when that has ended. If it is dead, overlay_ip_break_lease=true goes on at once; from " in told
    )
    held = lease.held()
    assert held is not None
    assert held.who == "op1@ctl"


def test_its_own_is_kept_for_longer_and_begins_when_it_began(lease: Lease, clock: VirtualClock) -> None:
    lease.take(asked())
    first = lease.held()
    clock.now += 600
    assert lease.take(asked()) == ""
    second = lease.held()
    assert first is not None
    assert second is not None
    assert (second.since, second.until) == (first.since, first.until + 600)


def test_it_ends_after_its_time(lease: Lease, clock: VirtualClock) -> None:
    lease.take(asked(1, seconds=900.0))
    clock.now += 899
    assert lease.take(asked(2)) != ""
    clock.now += 1
    assert lease.held() is None
    assert lease.take(asked(2)) == ""
    assert "op2" in str(lease.held())


def test_who_lets_go_leaves_nothing_behind(lease: Lease, tmp_path: Path) -> None:
    lease.take(asked())
    assert not lease.let_go("2/1", "boot/1")  # another run's stays
    assert not lease.let_go(asked()["run"], "boot/2")
    assert lease.held() is not None
    assert lease.let_go(asked()["run"], "boot/1")
    assert not (tmp_path / "run").exists()
    assert not lease.let_go(asked()["run"], "boot/1")


def test_what_else_is_remembered_there_stays(lease: Lease, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "counts").touch()
    lease.take(asked())
    lease.let_go(asked()["run"], "boot/1")
    assert os.listdir(tmp_path / "run") == ["counts"]


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({"alive": [f"2/{STARTED}"], "as_of": 200.0}, True),
        ({"alive": [f"1/{STARTED}"], "as_of": 200.0}, False),
        ({"alive": [f"1/{STARTED + 1}"], "as_of": 200.0}, True),  # the number is another process's by now
        ({"alive": [], "as_of": 99.0}, False),  # who looked then could not see it yet
        ({"alive": [], "as_of": 200.0, "machine": "boot/2"}, False),
        ({"alive": [], "as_of": 200.0, "machine": ""}, False),
        ({"broken": True}, True),
    ],
    ids=["gone", "alive", "number used again", "younger", "another machine", "no machine", "broken"],
)
def test_who_was_killed_locks_nobody_out(lease: Lease, more: dict[str, Any], taken: bool) -> None:
    lease.take(asked(1))
    assert (lease.take(asked(2, **more)) == "") is taken
    assert ("op2" in str(lease.held())) is taken


def test_a_machine_that_cannot_say_what_runs_is_never_taken_for_dead(lease: Lease) -> None:
    lease.take(asked(1, run="0123abcd/", machine=""))
    assert lease.take(asked(2, machine="", as_of=1e9)) != ""
    held = lease.held()
    assert held is not None
    assert "process" not in sentence(held)


def test_patience_waits_for_who_lets_go(tmp_path: Path, clock: VirtualClock) -> None:
    other = Lease(str(tmp_path / "run"), clock.monotonic)

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if clock.now > 1002:
            other.let_go(asked(1)["run"], "boot/1")

    other.take(asked(1))
    assert Lease(str(tmp_path / "run"), clock.monotonic, sleep).take(asked(2, patience=5.0)) == ""
    assert 1002 < clock.now < 1003


def test_patience_ends(lease: Lease, clock: VirtualClock) -> None:
    lease.take(asked(1))
    assert lease.take(asked(2, patience=5.0)) != ""
    assert 1005 <= clock.now < 1005.5


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"run": "1/1"}', "\udcff".encode("utf-8", "replace").decode(), "[" * 5000]
)
def test_a_file_that_nobody_of_ours_wrote_is_nobodys(lease: Lease, tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "lease.json").write_text(text)
    assert lease.held() is None
    assert lease.take(asked()) == ""
    assert lease.held() is not None


def test_no_place_for_it_stops_nobody(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "run").touch()
    lease = Lease(str(tmp_path / "run"), clock.monotonic, clock.sleep)
    assert lease.take(asked()) == ""
    assert lease.held() is None
    assert not lease.let_go(asked()["run"], "boot/1")


def test_check_mode_takes_none_unless_the_run_is_none(lease: Lease) -> None:
    assert lease.taken(None, check=False) == ""
    assert lease.taken(asked(), check=True) == ""
    assert lease.held() is None
    assert lease.taken(asked(in_check_mode=True), check=True) == ""
    assert lease.held() is not None


def test_whose_it_is(lease: Lease) -> None:
    assert not lease.mine(asked(1))
    lease.take(asked(1))
    assert lease.mine(asked(1))
    assert not lease.mine(asked(2))
    assert not lease.mine(asked(1, machine="boot/2"))
    assert not lease.mine(None)  # who did not ask has none, whoever does


def test_the_last_task_ends_it(lease: Lease) -> None:
    lease.take(asked())
    lease.end(None)
    lease.end(asked())
    assert lease.held() is not None
    lease.end(asked(ends=True))
    assert lease.held() is None


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    place, took = str(tmp_path / "run"), []

    def run(number: int) -> None:
        one = Lease(place)
        for _turn in range(30):
            if one.take(asked(number)) == "":
                held = one.held()
                if held is None or held.who != f"op{number}@ctl":
                    took.append(-1)
                took.append(number)
                one.let_go(asked(number)["run"], "boot/1")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert -1 not in took
    assert took
    assert not (tmp_path / "run").exists()


def test_what_is_written_is_read() -> None:
    held = Held("1/2", "boot/1", "Set up", "", 1.0, 2.0)
    assert Held.read(json.dumps(held.__dict__)) == held
    assert sentence(held) == "'Set up' (process 1 there), since 00:00:01Z"
