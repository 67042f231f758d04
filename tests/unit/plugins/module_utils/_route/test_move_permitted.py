# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked by DryRun before a move, what check mode foretells, and how a route is shown."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move as route_move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    CREATE,
    NONE,
    REPLACE,
    Action,
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.ec2_model import OVERLAY, table_of
from unit.one_mover import T1, T2, T3, A, B, Mover, mover


def test_how_a_route_is_shown() -> None:
    assert route_move.shown(None) is None
    shown = {"network_interface_id": B, "instance_id": None, "state": "active"}
    assert route_move.shown(plan.Route(OVERLAY, B, network_interface_id=B)) == shown
    assert route_move.shown(plan.Route(OVERLAY, "igw-1")) == {**shown, "network_interface_id": None, "target": "igw-1"}


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


def test_the_prediction_keeps_what_is_not_ours() -> None:
    foreign = plan.Route(OVERLAY, "vgw-1", origin="EnableVgwRoutePropagation")
    table = plan.Table(T1, "vpc-1", "1", routes=(foreign, *table_of(T1, A).routes))
    (action,) = plan.plan([table], Want((OVERLAY,), B))
    (after,) = plan.predicted([action], [table], "i-b")
    assert after.routes == (foreign, plan.Route(OVERLAY, B, network_interface_id=B, instance_id="i-b"))
    gone = plan.plan([table], Want((OVERLAY,), state="absent"))
    assert plan.predicted(gone, [table], None)[0].routes == (foreign,)
