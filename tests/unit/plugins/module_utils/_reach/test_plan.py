# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with a route of a transit gateway, as a table: what is there, what is wanted, what follows."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import TransitRoute, TransitTable, Want

D, MINE, OTHER = "192.168.10.15/32", "tgw-attach-mine", "tgw-attach-other"
HERE = TransitRoute(D, MINE, "static", "active", "vpc", "vpc-1")
PENDING = TransitRoute(D, MINE, "static", "pending", "vpc", "vpc-1")
DEAD_HERE = TransitRoute(D, MINE, "static", "blackhole", "vpc", "vpc-1")
THERE = TransitRoute(D, OTHER, "static", "active", "vpc", "vpc-2")
DEAD = TransitRoute(D, OTHER, "static", "blackhole", "vpc", "vpc-2")
FORMER = TransitRoute(D, "tgw-attach-former", "static", "blackhole", "vpc", "vpc-1")
ALIVE = TransitRoute(D, "tgw-attach-former", "static", "active", "vpc", "vpc-1")
NOWHERE = TransitRoute(D, None, "static", "blackhole")
ANNOUNCED = TransitRoute(D, MINE, "propagated", "active", "vpc", "vpc-1")


def table(route: TransitRoute | None) -> TransitTable:
    return TransitTable("tgw-rtb-1", {D: route} if route else {})


@pytest.mark.parametrize(
    ("route", "always", "blackhole", "never", "absent"),
    [
        (None, "create", "create", "create", "none"),
        (HERE, "none", "none", "none", "delete"),
        (DEAD_HERE, "replace", "replace", "replace", "delete"),
        (PENDING, "none", "none", "none", "delete"),
        (THERE, "replace", "kept", "kept", "kept"),
        (DEAD, "replace", "replace", "kept", "kept"),
        (FORMER, "replace", "replace", "kept", "delete"),
        (ALIVE, "replace", "kept", "kept", "kept"),
        (NOWHERE, "replace", "replace", "kept", "kept"),
        (ANNOUNCED, "create", "create", "create", "none"),
    ],
)
def test_every_beginning(route: TransitRoute | None, always: str, blackhole: str, never: str, absent: str) -> None:
    for takeover, expected in (("always", always), ("blackhole", blackhole), ("never", never)):
        [action] = plan.plan([table(route)], Want((D,), MINE, takeover=takeover, vpc_id="vpc-1"))
        assert (action.kind, action.before) == (expected, route), takeover
    [action] = plan.plan([table(route)], Want((D,), MINE, "absent", vpc_id="vpc-1"))
    assert action.kind == absent


def test_without_an_attachment_only_former_ones_are_deleted() -> None:
    want = Want((D,), None, "absent", vpc_id="vpc-1")
    assert [plan.step(table(route), D, want).kind for route in (FORMER, NOWHERE, THERE)] == ["delete", "kept", "kept"]
    assert plan.step(table(FORMER), D, Want((D,), MINE, "absent")).kind == "kept"


@pytest.mark.parametrize(
    ("route", "present", "absent"),
    [
        (None, False, True),
        (HERE, True, False),
        (PENDING, False, False),
        (THERE, False, False),
        (ANNOUNCED, False, True),
    ],
)
def test_when_a_table_shows_what_was_wanted(route: TransitRoute | None, present: bool, absent: bool) -> None:
    for state, expected in (("present", present), ("absent", absent)):
        want = Want((D,), MINE, state)
        action = plan.TransitAction("create" if state == "present" else "delete", "tgw-rtb-1", D)
        assert plan.satisfied(action, table(route), want) is expected
    assert plan.satisfied(plan.TransitAction("kept", "tgw-rtb-1", D), table(THERE), Want((D,), MINE))
