# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mover: what it writes, when it gives up, and that it never says more than it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move as route_move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    CREATE,
    DELETE,
    NONE,
    REPLACE,
    Action,
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.ec2_model import FAULTS, HUNG, OVERLAY, Cloud, ModelEc2, VirtualClock, faults_in_turn, table_of

A, B, C = "eni-a", "eni-b", "eni-c"
T1, T2, T3 = "rtb-1", "rtb-2", "rtb-3"


@dataclass
class Mover:
    """A cloud, a clock and one caller."""

    cloud: Cloud
    clock: VirtualClock
    ec2: Any

    def move(self, wait_timeout: float = 60.0, target: str | None = B, **want: Any) -> route_move.Outcome:
        """Read, plan and carry out."""
        wanted = Want((OVERLAY,), target, **want)
        read = self.ec2.tables()
        reread = self.reread([t.route_table_id for t in read])
        actions = plan.plan(read, wanted)
        return route_move.carry_out(
            self.ec2, actions, read, wanted, reread, wait_timeout, Writer(self.ec2, self.clock, 1)
        )

    def reread(self, tables: list[str]) -> Callable[[], Any]:
        return lambda: self.ec2.tables(tables, missing_ok=True)


def mover(start: Mapping[str, str | None], script: Iterable[str] = (), **model: Any) -> Mover:
    """``script``: what befalls the calls after the first read, in turn."""
    clock, cloud = VirtualClock(), Cloud.of(start)
    model.setdefault("fault", faults_in_turn(["", *script]))
    return Mover(cloud, clock, ModelEc2(cloud, clock, **model))


def codes(outcome: route_move.Outcome) -> dict[str, str]:
    return {table: err.code for (table, _destination), err in outcome.errors.items()}


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
    assert 40 < m.clock.now < 45


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


def test_a_rival_hidden_by_a_stale_read_is_found() -> None:
    """The tables differ at first, so somebody may be at it: he writes T2 as we write T1, and our read misses it."""
    ages = iter([0.0, 0.0, 0.0, 0.4])
    m: Mover = mover({T1: A, T2: B}, fault=lambda name, table: rival(m, name), staleness=lambda: next(ages, 0.0))
    outcome = m.move()
    assert (m.cloud.truth, outcome.errors) == ({T1: B, T2: B}, {})


def rival(m: Mover, name: str) -> str:
    if name == "ReplaceRoute" and m.cloud.truth[T2] == B and not m.cloud.writes:
        m.cloud.put(T2, A, m.clock.now)
    return ""


def test_a_throttled_write_or_a_stale_read_is_no_sign_of_another_mover() -> None:
    m = mover({T1: A}, ["throttle"])
    assert m.move().errors == {}
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 3, "ReplaceRoute": 2}
    m = mover({T1: A}, ["", "stale"])
    assert m.move().errors == {}
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 3, "ReplaceRoute": 1}
    assert m.clock.now < 0.5


@pytest.mark.parametrize("other", [C, A, None])
def test_after_another_movers_trace_the_tables_are_read_once_more(other: str | None) -> None:
    """T3 shows ours and then no longer does, while T2 keeps us busy: he may come back, and a read may be too old."""
    m: Mover = mover({T1: A, T2: A, T3: A}, fault=lambda name, table: second(m, name, table, other))
    assert m.move().errors == {}
    assert m.cloud.truth == {T1: B, T2: B, T3: B}
    last_write = max(when for past in m.cloud.history.values() for when, target in past if target == B)
    assert m.clock.now - last_write >= route_move.SETTLE


def second(m: Mover, name: str, table: str, other: str | None) -> str:
    reads = m.ec2.aws.calls["DescribeRouteTables"]
    if name == "DescribeRouteTables" and reads == 3:
        m.cloud.put(T3, other, m.clock.now)
    return "throttle" if (name, table) == ("ReplaceRoute", T2) and reads < 4 else ""


def test_another_movers_target_is_a_trace_though_ours_was_never_seen_there() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: right_after(m, name))
    assert m.move().errors == {}
    assert m.cloud.truth == {T1: B, T2: B}
    last_write = max(when for past in m.cloud.history.values() for when, target in past if target == B)
    assert m.clock.now - last_write >= route_move.SETTLE


def right_after(m: Mover, name: str) -> str:
    if name == "DescribeRouteTables" and m.ec2.aws.calls[name] == 2:
        m.cloud.put(T2, C, m.clock.now)
    return ""


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


@dataclass
class Winner:
    """Another mover who takes all tables after our writes, and later, when we have yielded, does something else."""

    later: str | None
    dead: bool = False
    late_reads: int = 0

    def __call__(self, m: Mover, name: str) -> str:
        if name != "DescribeRouteTables":
            return ""
        self.late_reads += m.clock.now > 5.3
        if m.ec2.aws.calls[name] == 2:
            self.put(m, C)
        elif self.late_reads == 2:
            self.put(m, self.later)
            m.cloud.dead |= {B} if self.dead else set()
        return ""

    def put(self, m: Mover, target: str | None) -> None:
        for table in m.cloud.history:
            m.cloud.put(table, target, m.clock.now)


def test_a_winner_who_then_deletes_the_route_is_left_in_peace() -> None:
    winner = Winner(None)
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: winner(m, name))
    outcome = m.move()
    assert codes(outcome) == {T1: "MovedElsewhere", T2: "MovedElsewhere"}
    assert "was deleted by somebody else" in outcome.errors[T1, OVERLAY].message
    assert m.ec2.aws.calls["ReplaceRoute"] == 2


def test_a_winner_who_gives_it_back_was_none() -> None:
    winner = Winner(B, dead=True)
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: winner(m, name))
    assert codes(m.move(30)) == {T1: "NotReached", T2: "NotReached"}, "it is waited for as our own"
    assert m.clock.now >= 30


def test_a_rival_who_never_rests_does_not_keep_us_for_ever() -> None:
    def again(m: Mover, name: str) -> str:
        if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1:
            m.cloud.put(T2, C, m.clock.now)
        return ""

    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: again(m, name))
    assert set(codes(m.move(1))) == {T2}
    assert m.clock.now < 20


def test_who_takes_the_leading_table_for_three_seconds_has_not_won() -> None:
    def briefly(m: Mover, name: str) -> str:
        if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1:
            taken = m.clock.now < 1003
            if m.cloud.truth[T1] != (C if taken else B):
                m.cloud.put(T1, C if taken else B, m.clock.now)
        return ""

    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: briefly(m, name))
    m.clock.now = 1000.0
    assert m.move().errors == {}
    assert {action.network_interface_id for _name, action in m.cloud.writes} == {B}


def test_a_rival_who_comes_and_goes_puts_the_end_off_once() -> None:
    def by_turns(m: Mover, name: str) -> str:
        target = C if m.clock.now % 14 < 7 else B
        if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1 and m.cloud.truth[T1] != target:
            m.cloud.put(T1, target, m.clock.now)
            m.cloud.put(T2, A, m.clock.now)
        return ""

    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: by_turns(m, name))
    m.move(1)
    assert m.clock.now < 30


def third(m: Mover, name: str, target: str) -> str:
    """Somebody changes T3 right after our writes."""
    if name == "DescribeRouteTables" and m.ec2.aws.calls[name] == 2:
        m.cloud.put(T3, target, m.clock.now)
    return ""


def test_a_table_that_refused_us_does_not_lead() -> None:
    m: Mover = mover(
        {T1: A, T2: A, T3: A},
        fault=lambda name, table: "denied" if (name, table) == ("ReplaceRoute", T1) else third(m, name, C),
    )
    assert codes(m.move()) == {T1: "UnauthorizedOperation"}
    assert m.cloud.truth == {T1: A, T2: B, T3: B}


def test_a_table_that_is_left_alone_does_not_lead() -> None:
    m: Mover = mover({T1: C, T2: A, T3: A}, fault=lambda name, _table: third(m, name, A))
    m.cloud.dead.add(A)
    outcome = m.move(takeover="blackhole")
    assert (outcome.errors, m.cloud.truth) == ({}, {T1: C, T2: B, T3: B})


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


def test_how_a_route_is_shown() -> None:
    assert route_move.shown(None) is None
    shown = {"network_interface_id": B, "instance_id": None, "state": "active"}
    assert route_move.shown(plan.Route(OVERLAY, B, network_interface_id=B)) == shown
    assert route_move.shown(plan.Route(OVERLAY, "igw-1")) == {**shown, "network_interface_id": None, "target": "igw-1"}


def test_a_fixed_deadline_is_not_put_off_for_a_rival() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: by_rival(m, name))
    wanted, read = Want((OVERLAY,), B), m.ec2.tables()
    actions, writer = plan.plan(read, wanted), Writer(m.ec2, m.clock, 1)
    route_move.carry_out(m.ec2, actions, read, wanted, m.reread([T1, T2]), 3.0, writer, fixed=True)
    assert m.clock.now < 4


def by_rival(m: Mover, name: str) -> str:
    if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1:
        m.cloud.put(T2, C, m.clock.now)
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


def test_a_route_that_became_healthy_elsewhere_is_left_alone() -> None:
    """Setup heals a blackhole and meets a failover that was faster."""
    m = mover({T1: A, T2: A}, ["throttle", "throttle"])
    m.cloud.dead.add(A)
    original = m.ec2.write

    def write(action: Any, *, dry_run: bool = False) -> None:
        m.cloud.put(T1, C, m.clock.now)
        m.cloud.put(T2, C, m.clock.now)
        original(action, dry_run=dry_run)

    m.ec2.write = write
    outcome = m.move(takeover="blackhole")
    assert [a.kind for a in outcome.actions] == ["kept", "kept"]
    assert (m.cloud.truth, outcome.errors) == ({T1: C, T2: C}, {})


def test_dry_runs_are_one_per_table_and_outlast_throttling() -> None:
    m = mover({T1: A, T2: B}, ["throttle", "error"])
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    assert route_move.permitted(m.ec2, actions, 60, Writer(m.ec2, m.clock, 1)) == {}
    assert dict(m.ec2.aws.calls) == {"DescribeRouteTables": 1, "ReplaceRoute": 4}
    assert m.cloud.writes == []


@pytest.mark.parametrize(("fault", "code"), [("denied", "UnauthorizedOperation"), ("hang", "Unreachable")])
def test_dry_runs_tell_what_is_refused(fault: str, code: str) -> None:
    m = mover({T1: A, T2: A}, ["", fault])
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    refused = route_move.permitted(m.ec2, actions, 60, Writer(m.ec2, m.clock, 1))
    assert {key[0]: err.code for key, err in refused.items()} == {T2: code}


def test_a_dry_run_for_each_table_proves_the_write_that_is_planned() -> None:
    """Several overlay IPs in one table need one proof, and of the action that comes; tables at rest, of a replace."""
    m = mover({})
    kinds = {T1: (NONE, CREATE), T2: (CREATE, NONE), T3: (NONE, NONE), "rtb-4": (CREATE, REPLACE)}
    actions = [
        Action(kind, table, f"192.168.10.{n}/32", None, B)
        for table, pair in kinds.items()
        for n, kind in enumerate(pair)
    ]
    assert route_move.permitted(m.ec2, actions, 60, Writer(m.ec2, m.clock, 1)) == {}
    assert dict(m.ec2.aws.calls) == {"CreateRoute": 3, "ReplaceRoute": 1}
    assert m.clock.now < 0.5, "nobody waits for an answer that is there"
    assert route_move.permitted(m.ec2, actions, 60) == {}


def test_a_refusal_is_kept_while_others_are_asked_again() -> None:
    m = mover({T1: A, T2: A}, ["denied", "throttle", ""])
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    refused = route_move.permitted(m.ec2, actions, 60, Writer(m.ec2, m.clock, 1))
    assert {key[0]: err.code for key, err in refused.items()} == {T1: "UnauthorizedOperation"}
    assert m.ec2.aws.calls["ReplaceRoute"] == 3


def test_dry_runs_that_are_throttled_to_the_end_prove_nothing() -> None:
    m: Mover = mover({T1: A}, fault=lambda name, _table: "throttle" if name == "ReplaceRoute" else "")
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    refused = route_move.permitted(m.ec2, actions, 30, Writer(m.ec2, m.clock, 1))
    assert {key[0] for key in refused} == {T1}
    assert m.ec2.aws.calls["ReplaceRoute"] == 18  # twice as long each time, two seconds at most


def test_a_dry_run_whose_last_answer_is_throttling_proves_nothing() -> None:
    m = mover({T1: A}, ["throttle"], latency=lambda: 31.0)
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    refused = route_move.permitted(m.ec2, actions, 30, Writer(m.ec2, m.clock, 1))
    assert {key[0]: err.code for key, err in refused.items()} == {T1: "RequestLimitExceeded"}


def test_the_request_rate_is_added_to_the_time_that_a_move_may_take() -> None:
    tables = [f"rtb-{n:03}" for n in range(120)]
    m = mover(dict.fromkeys(tables, A), latency=lambda: 0.0)
    actions = plan.plan(m.ec2.tables(), Want((OVERLAY,), B))
    writer = Writer(m.ec2, m.clock, 1)
    assert route_move.permitted(m.ec2, actions, 1, writer) == {}
    assert m.move(1).errors == {}
    assert set(m.cloud.truth.values()) == {B}


def test_what_others_did_to_a_table_that_was_left_alone_is_no_change_of_ours() -> None:
    m: Mover = mover({T1: A, T2: None}, fault=lambda name, _table: elsewhere(m, name))
    outcome = m.move(takeover="never")
    assert m.cloud.truth == {T1: C, T2: None}
    assert (codes(outcome), outcome.changed) == ({T2: "UnauthorizedOperation"}, False)


def elsewhere(m: Mover, name: str) -> str:
    if name == "CreateRoute":
        m.cloud.put(T1, C, m.clock.now)
        return "denied"
    return ""


def test_a_fixed_deadline_cuts_the_writes_so_that_they_are_read_back() -> None:
    tables = [f"rtb-{n:03}" for n in range(30)]
    m = mover(dict.fromkeys(tables, A), latency=lambda: 0.2)
    wanted, read = Want((OVERLAY,), B), m.ec2.tables()
    began = m.clock.now
    writer = Writer(m.ec2, m.clock, 1)
    actions = plan.plan(read, wanted)
    outcome = route_move.carry_out(m.ec2, actions, read, wanted, m.reread(tables), 4.0, writer, fixed=True)
    assert m.clock.now - began <= 4.3
    assert outcome.unread is None
    assert {t for t, target in m.cloud.truth.items() if target == A} == set(codes(outcome))


def test_the_prediction_keeps_what_is_not_ours() -> None:
    foreign = plan.Route(OVERLAY, "vgw-1", origin="EnableVgwRoutePropagation")
    table = plan.Table(T1, "vpc-1", "1", routes=(foreign, *table_of(T1, A).routes))
    (action,) = plan.plan([table], Want((OVERLAY,), B))
    (after,) = route_move.predicted([action], [table], "i-b")
    assert after.routes == (foreign, plan.Route(OVERLAY, B, network_interface_id=B, instance_id="i-b"))
    gone = plan.plan([table], Want((OVERLAY,), state="absent"))
    assert route_move.predicted(gone, [table], None)[0].routes == (foreign,)


STARTS = st.dictionaries(st.sampled_from([T1, T2, T3, "rtb-4"]), st.sampled_from([A, B, None]), min_size=1)


@settings(max_examples=400)
@given(start=STARTS, script=st.lists(st.sampled_from(["", "", *FAULTS]), max_size=30))
def test_whatever_befalls_the_calls(start: dict[str, str | None], script: list[str]) -> None:
    m = mover(start, script)
    outcome = m.move(30)
    truth, told = m.cloud.truth, codes(outcome)
    assert not [a for _name, a in m.cloud.writes if a.kind == DELETE], "a move never deletes a route"
    assert all(truth[table] in (start[table], B) for table in start), "a table never gets a third target"
    assert all(truth[table] == B for table in start if table not in told), "nothing is called moved that is not"
    if "stale" not in script:
        assert all(told[table] == "Unread" or truth[table] != B for table in told), "nothing moved is called unmoved"
        assert outcome.changed == (truth != start) or "Unread" in told.values()
    if truth != start:
        assert outcome.changed or "stale" in script
    assert m.clock.now < 30 + 3 * HUNG, "no run is longer than its deadline and the calls that hang at its end"
    assert Mover(m.cloud, m.clock, ModelEc2(m.cloud, m.clock)).move().errors == {}
    assert set(m.cloud.truth.values()) == {B}, "the next run finishes"
