# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mover: what it writes, when it gives up, and that it never says more than it knows."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import LATE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move as route_move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    Action,
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.ec2_model import OVERLAY
from unit.one_mover import T1, T2, T3, A, B, Mover, codes, mover


def test_a_clean_move_writes_once_and_reads_once() -> None:
    m = mover({T1: A, T2: A})
    outcome = m.move()
    assert (outcome.errors, outcome.changed) == ({}, True)
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 2, "ReplaceRoute": 2}
    assert m.clock.now < 0.3


def test_tables_that_differed_before_are_read_once_more() -> None:
    """Another mover may be at it: he must not be missed because a read was stale."""
    m = mover({T1: A, T2: A, T3: B})
    outcome = m.move()
    assert (outcome.errors, outcome.changed) == ({}, True)
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 3, "ReplaceRoute": 2}
    assert m.clock.now < 1.5


def test_nothing_to_do_means_no_further_call() -> None:
    m = mover({T1: B, T2: B})
    outcome = m.move()
    assert (outcome.errors, outcome.changed, outcome.tried) == ({}, False, set())
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 1}


@pytest.mark.parametrize("fault", ["throttle", "error", "drop", "hang", "lost"])
@pytest.mark.parametrize("position", [1, 2, 3, 4])
@pytest.mark.parametrize("start", [A, None])
def test_a_passing_fault_is_mended(fault: str, position: int, start: str | None) -> None:
    """Position 3 and 4 are reads."""
    m = mover({T1: start, T2: start}, ["", "", "", ""][: position - 1] + [fault])
    outcome = m.move()
    assert (outcome.errors, outcome.changed) == ({}, True)
    assert m.cloud.truth == {T1: B, T2: B}


def test_throttling_by_others_is_borne_until_the_deadline() -> None:
    m: Mover = mover(
        {T1: A, T2: A}, fault=lambda name, _table: "throttle" if name == "ReplaceRoute" and m.clock.now < 40 else ""
    )
    assert m.move(60).errors == {}
    assert 40 < m.clock.now < 40 + LATE + route_move.LONGEST_PAUSE + 1


@pytest.mark.parametrize("wait_timeout", [0, 5, 60])
def test_endless_throttling_ends_at_the_deadline(wait_timeout: float) -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: "throttle" if name == "ReplaceRoute" else "")
    outcome = m.move(wait_timeout)
    assert codes(outcome) == {T1: "RequestLimitExceeded", T2: "RequestLimitExceeded"}
    assert outcome.changed is False
    assert m.clock.now < wait_timeout + 3


def test_an_endpoint_that_falls_silent_costs_seconds() -> None:
    m = mover({T1: A, T2: A}, ["", *["hang"] * 99])
    outcome = m.move(600)
    assert m.clock.now < 60
    assert codes(outcome) == {T1: "Unread", T2: "Unread"}
    assert outcome.changed is True


def test_dropped_connections_are_borne_for_some_seconds() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda _name, _table: "drop" if 0.1 < m.clock.now < 8 else "")
    assert m.move().errors == {}
    assert m.cloud.truth == {T1: B, T2: B}


@pytest.mark.parametrize(("position", "moved"), [(1, {T1: A, T2: B}), (2, {T1: B, T2: A})])
def test_permission_lost_half_way(position: int, moved: dict[str, str]) -> None:
    m = mover({T1: A, T2: A}, [""] * (position - 1) + ["denied"])
    outcome = m.move()
    assert m.cloud.truth == moved
    assert codes(outcome) == {next(t for t in moved if moved[t] == A): "UnauthorizedOperation"}
    assert outcome.changed is True
    assert m.ec2.aws.calls["ReplaceRoute"] == 2, "a refusal is not asked again"


def test_permission_to_read_lost_after_the_writes() -> None:
    m = mover({T1: A, T2: A, T3: B}, ["", "", "denied"])
    outcome = m.move()
    assert codes(outcome) == {T1: "Unread", T2: "Unread"}
    assert outcome.changed is True
    assert outcome.errors[T1, OVERLAY].message == (
        f"{OVERLAY} in {T1} could not be read back after the write, so that it may be old or new: "
        "DescribeRouteTables: refused (UnauthorizedOperation)"
    )
    assert m.clock.now < 1


def test_refused_and_unread_is_not_changed() -> None:
    m = mover({T1: A}, ["denied", "denied"])
    outcome = m.move()
    assert (codes(outcome), outcome.changed) == ({T1: "UnauthorizedOperation"}, False)


def test_a_table_deleted_half_way_is_named() -> None:
    m: Mover = mover({T1: A, T2: A, T3: A}, fault=lambda name, table: delete(m, name, table))
    outcome = m.move()
    assert codes(outcome) == {T1: "InvalidRouteTableID.NotFound"}
    assert m.cloud.truth == {T2: B, T3: B}


def delete(m: Mover, name: str, table: str) -> str:
    if name == "ReplaceRoute" and table == T2:
        m.cloud.deleted.add(T1)
    return ""


def test_stale_reads_cost_no_second_write() -> None:
    m = mover({T1: A, T2: A}, ["", "", *["stale"] * 3])
    assert m.move().errors == {}
    assert m.ec2.aws.calls["ReplaceRoute"] == 2


def test_a_target_that_cannot_receive_is_waited_for_and_told() -> None:
    m = mover({T1: A, T2: A})
    m.cloud.dead.add(B)
    outcome = m.move(30)
    assert codes(outcome) == {T1: "NotReached", T2: "NotReached"}
    assert 30 <= m.clock.now < 33
    assert outcome.errors[T1, OVERLAY].message == (
        f"{OVERLAY} in {T1} points at {B} and is blackhole after wait_timeout: "
        "is the target instance running? Run again once it is."
    )
    assert m.ec2.aws.calls["ReplaceRoute"] == 2
    assert m.ec2.aws.calls["DescribeRouteTables"] == 20  # twice as long each time, two seconds at most


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_create_whose_answer_was_lost_is_seen(position: int) -> None:
    m = mover({T1: None, T2: None}, [""] * (position - 1) + ["lost"])
    assert m.move().errors == {}
    assert m.cloud.truth == {T1: B, T2: B}
    assert m.ec2.aws.calls["CreateRoute"] == 2, "it was read back before it was tried again"


def test_somebody_deleted_the_route_meanwhile() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, table: vanish(m, name, table))
    assert m.move().errors == {}
    assert m.cloud.truth == {T1: B, T2: B}
    assert dict(m.ec2.aws.calls)["CreateRoute"] == 1


def vanish(m: Mover, name: str, table: str) -> str:
    if (name, table) == ("ReplaceRoute", T1):
        m.cloud.put(T1, None, m.clock.now)
    return ""


def test_a_throttled_write_or_a_stale_read_is_no_sign_of_another_mover() -> None:
    m = mover({T1: A}, ["throttle"])
    assert m.move().errors == {}
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 3, "ReplaceRoute": 2}
    m = mover({T1: A}, ["", "stale"])
    assert m.move().errors == {}
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 3, "ReplaceRoute": 1}
    assert m.clock.now < 0.5


def test_writes_that_are_answered_end_the_silence() -> None:
    """The request rate makes the writes last 20 s; then reads are lost for some seconds."""
    tables = [f"rtb-{n:03}" for n in range(170)]
    m: Mover = mover(
        dict.fromkeys(tables, A),
        fault=lambda name, _table: "drop" if name == "DescribeRouteTables" and 1 < m.clock.now < 30 else "",
        latency=lambda: 0.001,
    )
    assert m.move(30).errors == {}
    assert set(m.cloud.truth.values()) == {B}


def test_silence_counts_from_the_last_answer_whatever_the_clock_says() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda _name, _table: "drop" if 1000.1 < m.clock.now < 1015 else "")
    m.clock.now = 1000.0
    assert m.move().errors == {}


def test_writes_without_an_answer_do_not_end_the_silence() -> None:
    m = mover({T1: A, T2: A}, ["hang"] * 99)
    assert codes(m.move(600)) == {T1: "Unread", T2: "Unread"}
    assert m.clock.now < 55, "two writes and one read"


def test_one_stale_table_costs_no_second_write() -> None:
    ages = iter([0.0, 0.0, 0.0, 0.4])
    m = mover({T1: A, T2: A}, staleness=lambda: next(ages, 0.0))
    m.clock.now = 1000.0
    assert m.move().errors == {}
    assert m.ec2.aws.calls["ReplaceRoute"] == 2


def test_a_refused_parameter_is_not_asked_again() -> None:
    m = mover({T1: A})

    def refuse(action: Action, *, dry_run: bool = False) -> None:
        m.ec2.aws.calls["refused"] += 1
        raise AwsError("InvalidParameterValue", "something else is wrong", "ReplaceRoute")

    m.ec2.write = refuse
    assert codes(m.move()) == {T1: "InvalidParameterValue"}
    assert m.ec2.aws.calls["refused"] == 1


def test_what_was_not_answered_and_not_read_back_names_both() -> None:
    m = mover({T1: A}, ["drop", "denied"])
    assert m.move().errors[T1, OVERLAY].message == (
        f"{OVERLAY} in {T1} could not be read back after the write (ReplaceRoute: refused (Unreachable)), so that it "
        "may be old or new: DescribeRouteTables: refused (UnauthorizedOperation)"
    )


def test_a_route_that_does_not_go_is_told_as_such() -> None:
    m: Mover = mover({T1: A}, fault=lambda name, _table: put_back(m, name))
    [err] = m.move(2, target=None, state="absent").errors.values()
    assert err.message.endswith("after wait_timeout: run again.")


def put_back(m: Mover, name: str) -> str:
    if name == "DescribeRouteTables":
        m.cloud.put(T1, A, m.clock.now)
    return ""


def test_silence_ends_a_move_after_twenty_seconds() -> None:
    m: Mover = mover({T1: A}, fault=lambda _name, _table: "drop" if m.clock.now > 0.06 else "")
    assert codes(m.move(600)) == {T1: "Unread"}
    assert 20 <= m.clock.now < 23


def test_absent_is_verified_too() -> None:
    m = mover({T1: A, T2: None, T3: B}, ["throttle"])
    outcome = m.move(target=None, state="absent")
    assert outcome.errors == {}
    assert m.cloud.truth == dict.fromkeys((T1, T2, T3))


def test_the_request_rate_is_added_to_the_time_that_a_move_may_take() -> None:
    tables = [f"rtb-{n:03}" for n in range(120)]
    m = mover(dict.fromkeys(tables, A), latency=lambda: 0.0)
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    writer = Writer(m.ec2, m.clock, 1)
    assert route_move.permitted(m.ec2, actions, 1, writer) == {}
    assert m.move(1).errors == {}
    assert set(m.cloud.truth.values()) == {B}


@pytest.mark.parametrize(("count", "latency"), [(30, 0.2), (170, 0.0)])  # by slow answers, by the request rate
def test_a_fixed_deadline_cuts_the_writes_so_that_they_are_read_back(count: int, latency: float) -> None:
    tables = [f"rtb-{n:03}" for n in range(count)]
    m = mover(dict.fromkeys(tables, A), latency=lambda: latency)
    wanted, read = Want((OVERLAY,), B), m.ec2.tables()
    began = m.clock.now
    writer = Writer(m.ec2, m.clock, 1)
    actions = plan.plan(read, wanted)
    outcome = route_move.carry_out(m.ec2, actions, read, wanted, m.reread(tables), 4.0, writer, fixed=True)
    assert m.clock.now - began <= 4.3
    assert outcome.unread is None
    assert {t for t, target in m.cloud.truth.items() if target == A} == set(codes(outcome))
