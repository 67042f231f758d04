# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes side by side: errors by key, one deadline, one bucket per API action for a whole job."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline, Turns
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.rate import BURST, RATE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import CREATE, NONE, REPLACE, Action
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import WORKERS, Writer
from unit.clock import VirtualClock
from unit.ec2_model import Cloud, ModelEc2, faults_in_turn

OVERLAY = "192.168.10.15/32"


def replaces(count: int) -> list[Action]:
    return [Action(REPLACE, f"rtb-{n:03}", OVERLAY, None, "eni-b") for n in range(count)]


def writer_for(count: int, *faults: str, workers: int = 1) -> tuple[Writer, Cloud, VirtualClock]:
    clock = VirtualClock()
    cloud = Cloud.of({a.route_table_id: "eni-a" for a in replaces(count)})
    ec2: Any = ModelEc2(cloud, clock, fault=faults_in_turn(faults))
    return Writer(ec2, clock, workers), cloud, clock


@pytest.mark.parametrize("workers", [1, WORKERS])
def test_every_action_is_sent_once(workers: int) -> None:
    writer, cloud, clock = writer_for(40, workers=workers)
    assert writer.write(replaces(40), Deadline(60, clock)) == {}
    assert sorted(action.route_table_id for _name, action in cloud.writes) == sorted(cloud.truth)
    assert set(cloud.truth.values()) == {"eni-b"}


def test_errors_are_told_by_key_and_stop_nobody_else() -> None:
    writer, cloud, clock = writer_for(4, "", "denied", "hang")
    errors = writer.write(replaces(4), Deadline(60, clock))
    assert {key: err.code for key, err in errors.items()} == {
        ("rtb-001", OVERLAY): "UnauthorizedOperation",
        ("rtb-002", OVERLAY): "Unreachable",
    }
    assert [cloud.truth[t] for t in sorted(cloud.truth)] == ["eni-b", "eni-a", "eni-a", "eni-b"]


def test_nothing_is_begun_after_the_deadline() -> None:
    writer, cloud, clock = writer_for(3, "hang")
    errors = writer.write(replaces(3), Deadline(5, clock))
    assert [err.code for err in errors.values()] == ["Unreachable", "Timeout", "Timeout"]
    assert errors["rtb-001", OVERLAY].message == "ReplaceRoute in rtb-001 was not sent in time."
    assert set(cloud.truth.values()) == {"eni-a"}


def test_a_dry_run_draws_from_the_bucket_of_the_write() -> None:
    writer, cloud, clock = writer_for(BURST)
    writer.write(replaces(BURST), Deadline(60, clock), dry_run=True)
    assert cloud.writes == []
    dry = clock.now
    assert writer.seconds_for(replaces(BURST)) > 0
    writer.gather(replaces(BURST))
    waited = clock.now - dry
    assert 0 < waited <= BURST / RATE
    assert writer.seconds_for(replaces(BURST)) == pytest.approx(0, abs=1e-6)


def test_each_api_action_has_a_bucket_of_its_own_and_reads_need_none() -> None:
    writer, _cloud, clock = writer_for(BURST)
    writer.write(replaces(BURST), Deadline(60, clock), dry_run=True)
    creates = [Action(CREATE, a.route_table_id, OVERLAY, None, "eni-b") for a in replaces(BURST)]
    assert writer.seconds_for(creates) == 0.0
    assert writer.seconds_for([Action(NONE, "rtb-000", OVERLAY)] * 99) == 0.0


def test_on_return_nothing_is_under_way() -> None:
    """What is read afterwards is final: a slow write is waited for, even past the deadline."""
    released, done = threading.Event(), []

    class Slow:
        def write(self, action: Action, *, dry_run: bool = False) -> None:
            released.wait(5)
            done.append(action.route_table_id)

    ec2: Any = Slow()
    writer = Writer(ec2)
    threading.Timer(0.15, released.set).start()
    assert writer.write(replaces(3), Deadline(0.05)) == {}
    assert sorted(done) == ["rtb-000", "rtb-001", "rtb-002"]


def test_a_fault_of_ours_is_raised_when_nothing_is_under_way_any_more() -> None:
    begun: list[Action] = []
    ended: list[Action] = []

    class Broken:
        def write(self, action: Action, *, dry_run: bool = False) -> None:
            begun.append(action)
            together.wait(10)
            if action.route_table_id == "rtb-001":
                raise ZeroDivisionError(action.route_table_id)
            ended.append(action)

    together = threading.Barrier(3)
    ec2: Any = Broken()
    with pytest.raises(ZeroDivisionError, match="rtb-001"):
        Writer(ec2, workers=3).write(replaces(3), Deadline(60))
    assert (len(begun), len(ended)) == (3, 2)
    assert [thread.name for thread in threading.enumerate() if "work" in thread.name] == []


def test_where_many_others_write_one_call_goes_ahead() -> None:
    writer, cloud, clock = writer_for(3, "throttle")
    writer.turns = Turns(BURST + 1, clock)
    errors = writer.write(replaces(3), Deadline(60, clock))
    assert {err.code for err in errors.values()} == {"RequestLimitExceeded"}
    assert errors["rtb-001", OVERLAY].message.startswith("ReplaceRoute in rtb-001 was not sent: ")
    sender: Any = writer._ec2
    assert sender.aws.calls == {"ReplaceRoute": 1}
    assert writer.write(replaces(3), Deadline(60, clock)) == {}
    assert [action.route_table_id for _name, action in cloud.writes] == ["rtb-000", "rtb-001", "rtb-002"]


@pytest.mark.parametrize("fault", ["denied", "error"])
def test_what_is_wrong_with_the_first_table_alone_holds_back_no_other(fault: str) -> None:
    writer, cloud, clock = writer_for(3, fault)
    writer.turns = Turns(BURST + 1, clock)
    assert len(writer.write(replaces(3), Deadline(60, clock))) == 1
    assert len(cloud.writes) == 2


def test_who_knows_of_no_others_sends_all_at_once() -> None:
    writer, cloud, clock = writer_for(3, "throttle")
    assert list(writer.write(replaces(3), Deadline(60, clock))) == [("rtb-000", OVERLAY)]
    assert len(cloud.writes) == 2
    assert writer.seconds_for(replaces(1)) > 0, "others have emptied the bucket"
