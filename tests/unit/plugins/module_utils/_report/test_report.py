# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks make of the modules' results: whom to route to, what to take back, what to tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import holders, settling
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import move
from unit.reports import ABSENT, MODEL, NODES, OVERLAY, SETUP_MODEL, held, overlay, result, route


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        (None, None),
        (held(1), "node1"),
        (held(2), "node2"),
        (held(3), "i-3"),
        ({"instance_id": None, "network_interface_id": "eni-9"}, "eni-9"),
        ({"instance_id": None, "network_interface_id": None, "target": "igw-1"}, "igw-1"),
    ],
)
def test_the_node_of_a_route(shown: Any, name: str | None) -> None:
    assert holders.node_of(shown, NODES) == name


MOVED = route("rtb-1", held(1), held(2))


@pytest.mark.parametrize(
    ("case", "restores"),
    [
        (route("rtb-2", held(1), held(2)), True),
        (route("rtb-2", held(1), held(2, "blackhole"), "NotReached"), True),
        (route("rtb-2", held(1), held(1), "Unread"), True),  # it may have been moved
        (route("rtb-2", held(1), held(1), "UnauthorizedOperation"), False),
        (route("rtb-2", held(1), held(1), "RequestLimitExceeded"), False),
        (route("rtb-2", held(1), held(3), "MovedElsewhere"), False),  # the winner keeps it
        (route("rtb-2", held(2), held(2)), False),
        (route("rtb-2", None, held(2)), False),  # created: a rollback deletes nothing
        (route("rtb-2", held(1), None, "InvalidRouteTableID.NotFound"), False),
        (route("rtb-2", {"network_interface_id": None, "target": "igw-1"}, held(2)), False),
    ],
)
def test_what_a_rollback_sends_back(case: dict[str, Any], restores: bool) -> None:
    assert move.rollback_calls([result(MOVED, case)]) == [
        {
            "destinations": [OVERLAY],
            "route_table_ids": ["rtb-1", "rtb-2"] if restores else ["rtb-1"],
            "network_interface_id": "eni-1",
            "expected_holder": "eni-2",
        }
    ]


def test_a_rollback_restores_a_split_as_it_was() -> None:
    calls = move.rollback_calls([result(MOVED, route("rtb-2", held(3), held(2)))])
    assert [(c["route_table_ids"], c["network_interface_id"]) for c in calls] == [
        (["rtb-1"], "eni-1"),
        (["rtb-2"], "eni-3"),
    ]


@pytest.mark.parametrize("results", [[], [{"failed": True, "msg": "no routes"}], [result()]])
def test_nothing_moved_nothing_sent_back(results: list[dict[str, Any]]) -> None:
    assert move.rollback_calls(results) == []


@pytest.mark.parametrize(
    ("moves", "rollbacks", "left"),
    [
        ([], [], []),
        ([result(MOVED)], [], [f"{OVERLAY} in rtb-1"]),
        ([result(MOVED)], [result(route("rtb-1", held(2), held(1)), target="eni-1")], []),
        (
            [result(MOVED)],
            [result(route("rtb-1", held(2), held(2), "RequestLimitExceeded"), target="eni-1")],
            [f"{OVERLAY} in rtb-1"],
        ),
        (
            [result(MOVED)],
            [result(route("rtb-1", held(2), held(2), "Unread"), target="eni-1")],
            [f"{OVERLAY} in rtb-1"],
        ),
        (
            [result(MOVED, route("rtb-2", held(1), held(2)))],
            [result(route("rtb-1", held(2), held(2), "Unread"), route("rtb-2", held(2), held(1)), target="eni-1")],
            [f"{OVERLAY} in rtb-1"],  # each table is judged by itself
        ),
        ([result(MOVED)], [{"failed": True, "msg": "killed"}], [f"{OVERLAY} in rtb-1"]),
        ([result(route("rtb-1", None, held(2)))], [], [f"{OVERLAY} in rtb-1"]),  # created, and so not sent back
        ([result(route("rtb-1", held(1), held(1), "Unread"))], [], [f"{OVERLAY} in rtb-1"]),
        ([result(route("rtb-1", held(1), held(1), "UnauthorizedOperation"))], [], []),
        ([result(route("rtb-1", held(1), held(3), "MovedElsewhere"))], [], []),
        ([{"failed": True, "msg": "No region.", "routes": []}], [], []),
        ([{"skipped": True}], [], []),
        ([{"failed": True, "msg": "MODULE FAILURE"}], [], ["an unknown number of route tables"]),
        ([{"unreachable": True}], [], ["an unknown number of route tables"]),
    ],
)
def test_what_is_left_at_the_target(moves: list[Any], rollbacks: list[Any], left: list[str]) -> None:
    assert move.left_at_target(moves, rollbacks) == left


def test_the_report_of_a_move() -> None:
    failed = route("rtb-2", held(1), held(1), "UnauthorizedOperation")
    report = move.report(MODEL, [result(MOVED, failed)], {"route": "0.51234"})
    assert report == {
        "overlays": [
            {
                "destination": OVERLAY,
                "before": ["node1"],
                "after": ["node2", "node1"],
                "tables": [
                    {
                        "route_table_id": "rtb-1",
                        "action": "replace",
                        "before": "node1",
                        "after": "node2",
                        "error": None,
                    },
                    {
                        "route_table_id": "rtb-2",
                        "action": "replace",
                        "before": "node1",
                        "after": "node1",
                        "error": failed["error"],
                    },
                ],
            }
        ],
        "region": "eu-central-1",
        "caller": "",
        "target": "node2",
        "seconds": {"route": 0.512},
        "requests": {},
    }
    assert move.lines(report)[-1] == "seconds: route 0.51"
    assert move.lines({**report, "caller": "awx-job/7"}) == [
        f"{OVERLAY}: node1 -> node2, node1 in 2 route tables",
        "  rtb-2: UnauthorizedOperation in rtb-2",
        "seconds: route 0.51",
        "asked for by awx-job/7",
    ]
    assert move.lines(move.report(MODEL, [result(MOVED)])) == [f"{OVERLAY}: node1 -> node2 in 1 route table"]


@pytest.mark.parametrize(
    ("tables", "home"),
    [
        ((), "node1"),
        ((ABSENT, ABSENT), "node1"),
        ((held(2), ABSENT), "node2"),  # a table added after a failover must not split the overlay
        ((held(2), held(1, "blackhole")), "node2"),
        ((held(2, "blackhole"), ABSENT), "node1"),
        ((held(1), held(2)), "node1"),  # split already: setup moves nothing that works
        ((held(3), ABSENT), "node1"),  # held by no node of ours
    ],
)
def test_whom_setup_routes_to(tables: tuple[dict[str, Any], ...], home: str) -> None:
    seen = [overlay(*tables)]
    assert [call["home"] for call in settling.setup_calls(SETUP_MODEL, seen)] == [home]
    other = "node2" if home == "node1" else "node1"
    assert [call["addresses"] for call in settling.held_calls(SETUP_MODEL, seen, home)] == [[OVERLAY]]
    assert settling.held_calls(SETUP_MODEL, seen, other) == []
    for holder in ("node1", "node2"):  # a cluster has it there, and would not take down what it has not brought up
        had = {**SETUP_MODEL, "overlays": [{**o, "engine_holder": holder} for o in SETUP_MODEL["overlays"]]}
        assert [node for node in ("node1", "node2") if settling.held_calls(had, seen, node)] == [holder]
