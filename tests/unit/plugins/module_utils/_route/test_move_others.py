# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mover who meets the traces of another: when he looks again, when he yields, and that there is an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move as route_move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.ec2_model import OVERLAY
from unit.one_mover import T1, T2, T3, A, B, C, Mover, codes, mover


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


def test_a_short_wait_leaves_no_split_after_another_mover() -> None:
    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: right_after(m, name))
    assert m.move(0.2).errors == {}
    assert m.cloud.truth == {T1: B, T2: B}


def right_after(m: Mover, name: str) -> str:
    if name == "DescribeRouteTables" and m.ec2.aws.calls[name] == 2:
        m.cloud.put(T2, C, m.clock.now)
    return ""


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


def test_a_rival_who_comes_late_is_followed_all_the_same() -> None:
    """We were at it for ten seconds when he took the leading table: there is time to make the others like it."""

    def late(m: Mover, name: str, table: str) -> str:
        now = m.clock.now
        if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1:
            if now < 10 and m.cloud.truth[T2] == B:  # what keeps us busy
                m.cloud.put(T2, A, now)
            elif now >= 10 and m.cloud.truth[T1] != C:
                m.cloud.put(T1, C, now)
                m.cloud.put(T2, A, now)
        return "throttle" if (name, table) == ("ReplaceRoute", T2) and 10 <= now < 16.5 else ""

    m: Mover = mover({T1: A, T2: A}, fault=lambda name, table: late(m, name, table))
    assert set(codes(m.move(1)).values()) == {"MovedElsewhere"}
    assert m.cloud.truth == {T1: C, T2: C}


def test_a_rival_who_comes_and_goes_puts_the_end_off_once() -> None:
    def by_turns(m: Mover, name: str) -> str:
        now = m.clock.now
        if name == "DescribeRouteTables" and m.ec2.aws.calls[name] > 1:
            target = B if now < 6 or 9 <= now < 13 else C
            if m.cloud.truth[T1] != target:
                m.cloud.put(T1, target, now)
            if m.cloud.truth[T2] != A:
                m.cloud.put(T2, A, now)
        return ""

    m: Mover = mover({T1: A, T2: A}, fault=lambda name, _table: by_turns(m, name))
    m.move(1)
    assert 16 < m.clock.now < 20, "ten seconds after he won first, and not after he won again"


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
