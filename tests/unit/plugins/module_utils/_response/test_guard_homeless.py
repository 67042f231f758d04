# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup would give to another node than had it is not started by an alert, nor what is of another VPC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import guard
from unit.move_records import record
from unit.plugins.module_utils._response.test_guard import (
    GAP,
    NONE,
    NOT_READY,
    OTHER,
    QUIET,
    REAL,
    SPLIT,
    TABLE_DEAD,
    model,
)
from unit.status_reports import OVERLAY, VPC, report

NO_ROUTE = replace(TABLE_DEAD, name="OverlayIpNobodyServes")


@pytest.mark.parametrize(
    ("moved", "action"),
    [(None, ""), ({"to": "node2"}, ""), ({"to": "node1"}, "setup"), ({"to": "node1", "done": False}, "")],
    ids=["nobody knows", "it was elsewhere", "it was at home", "the move failed"],
)
def test_where_nobody_names_the_holder_the_last_move_decides(moved: dict[str, Any] | None, action: str) -> None:
    """By setup alone, the routes would go to the home node, and the service from who had it."""
    told = report({OVERLAY: NONE}, engine=None)
    told["moves"] = [record(**moved)] if moved else []
    given = model("none")
    given["overlays"][0]["home"] = "node1"
    verdict = guard.judge([NO_ROUTE], given, REAL, guard.Seen(told, (), QUIET))
    assert verdict.do == action, verdict.lines
    if not action:
        assert "setup would give it to the home node, node1" in verdict.lines[0]


def test_setup_starts_no_third_route_of_a_split() -> None:
    told = report({OVERLAY: (*SPLIT, (None, "active"))}, engine=None)
    verdict = guard.judge([TABLE_DEAD], model("none"), REAL, guard.Seen(told, (), QUIET))
    assert verdict.do == "", verdict.lines
    assert "is split between node1 and node2: setup does not choose" in verdict.lines[0]


@pytest.mark.parametrize(("vpc", "is_refused"), [("vpc-0000000000000000f", True), (VPC, False)])
def test_an_alert_of_none_of_several_vpcs_is_refused(vpc: str, is_refused: bool) -> None:
    told = report({OVERLAY: GAP, OTHER: GAP}, checks=(False, True))
    told["overlays"][1]["vpc_id"] = "vpc-0000000000000000a"
    alert = replace(NOT_READY, vpc_id=vpc)
    verdict = guard.judge([alert], model("keepalived", OVERLAY, OTHER), REAL, guard.Seen(told, (), QUIET))
    assert (verdict.refused, bool(verdict.do)) == (is_refused, not is_refused), verdict.lines
