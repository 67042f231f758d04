# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes' records side by side, in the order of the controller's clock; and the record of what a playbook moved."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import moves
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import history
from unit.move_records import NOON, OVERLAY, record

MODEL: dict[str, Any] = {"nodes": {"n1": {}, "n2": {}}, "region": "eu-central-1"}


def told(*records: Any, low: float = -0.2, high: float = 0.3) -> dict[str, Any]:
    return {"moves": list(records), "clock_offset": [low, high]}


def order(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["node"], one["time"][11:19]) for one in report["moves"]]


def test_the_records_of_all_nodes_in_order() -> None:
    n2 = {"node": "n2"}
    histories = {"n1": told(record(), record(NOON + 20)), "n2": told(record(NOON + 10, **n2))}
    report = history.report(MODEL, histories, "", NOON + 60)
    assert order(report) == [("n1", "12:00:00"), ("n2", "12:00:10"), ("n1", "12:00:20")]
    assert history.lines(report) == [
        "3 moves on record",
        "n1: its clock agrees with the controller's, within 0.3 s",
        "n2: its clock agrees with the controller's, within 0.3 s",
        *(f"{one['node']}: {moves.line(one)}" for one in report["moves"]),
    ]


def test_a_clock_that_is_wrong_is_told_and_allowed_for() -> None:
    """n2 is 30 s ahead: what it wrote at 12:00:25 was before what n1 wrote at 12:00:00."""
    histories = {"n1": told(record()), "n2": told(record(NOON + 25, node="n2"), low=29.5, high=30.5)}
    report = history.report(MODEL, histories, "", NOON + 60)
    assert order(report) == [("n2", "12:00:25"), ("n1", "12:00:00")]
    assert report["nodes"]["n2"] == {"reachable": True, "clock_offset": 30.0, "clock_within": 0.5, "error": ""}
    assert history.lines(report)[2] == (
        "n2: its clock is 30.0 s ahead of the controller's (known within 0.5 s). Its times are its own; the order is"
        " the controller's. See that chrony or systemd-timesyncd keeps both."
    )
    behind = {**histories, "n2": told(low=-31, high=-29)}
    assert "n2: its clock is 30.0 s behind the" in history.lines(history.report(MODEL, behind, "", NOON))[2]


@pytest.mark.parametrize(("since", "count"), [("60s", 1), ("61s", 2), ("2026-01-31T12:00:00", 2), ("12:00:05", 1)])
def test_since(since: str, count: int) -> None:
    histories = {"n1": told(record(), record(NOON + 20)), "n2": told()}
    report = history.report(MODEL, histories, since, NOON + 61 if since == "61s" else NOON + 61.5)
    assert len(report["moves"]) == count
    assert history.lines(report)[0].startswith(f"{count} move{'s' * (count > 1)} on record since 2026-01-31T12:00:0")


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("999999w", "1970-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00+23:59", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_since_a_moment_that_no_clock_shows(since: str, told: str) -> None:
    assert history.report(MODEL, {}, since, NOON)["since"] == told


def test_since_by_the_clock_of_a_node_that_is_ahead() -> None:
    histories = {"n1": told(record(NOON + 25), low=29.5, high=30.5), "n2": told()}
    assert history.report(MODEL, histories, "12:00:00", NOON + 60)["moves"] == []
    assert len(history.report(MODEL, histories, "11:59:55", NOON + 60)["moves"]) == 1


def test_a_node_that_does_not_answer() -> None:
    histories = {"n1": told(record()), "n2": {"unreachable": True, "msg": "No route to host\nmore"}}
    report = history.report(MODEL, histories, "", NOON)
    assert order(report) == [("n1", "12:00:00")]
    told_of = "n2: cannot be asked, so that what it has on record is not here: No route to host"
    assert history.lines(report)[2] == told_of
    assert history.lines(report)[0] == "1 move on record, without what n2 has"
    three = {**MODEL, "nodes": {"n1": {}, "n2": {}, "n3": {}}}
    head = history.lines(history.report(three, histories, "1m", NOON))[0]
    assert head == "1 move on record since 2026-01-31T11:59:00.000Z, without what n2 and n3 have"
    assert history.report(MODEL, {}, "", NOON)["nodes"]["n1"]["error"] == "no answer"


def test_no_node_answers() -> None:
    """That no move is known is not that there was none."""
    told = history.lines(history.report(MODEL, {"n2": {"unreachable": True, "msg": "No route to host"}}, "1h", NOON))
    assert told == [
        "nothing was read: no node could be asked",
        "n1: cannot be asked, so that what it has on record is not here: no answer",
        "n2: cannot be asked, so that what it has on record is not here: No route to host",
    ]


def test_the_last_moves_of_status() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "n1": {"moves": [record(NOON + n) for n in range(0, 10, 2)]},
        "n2": {"moves": [record(NOON + 5, node="n2")]},
        "n3": {"unreachable": True},
        "n4": {"moves": None},
    }
    found = history.last(hosts)
    assert [one["time"][17:19] for one in found] == ["02", "04", "05", "06", "08"]
    assert history.last_lines(found)[0] == "last moves (all of them: history.yml):"
    assert history.last_lines(found)[3] == f"  n2: {moves.line(found[2])}"
    assert history.last_lines([]) == []


def test_a_failure_that_goes_on_is_among_the_last_moves() -> None:
    """Whenever it began."""
    going_on = record(NOON - 9000, done=False, times=700, until=moves.stamp(NOON + 50))
    found = history.last(
        {"n1": {"moves": [going_on]}, "n2": {"moves": [record(NOON + n) for n in range(history.LAST)]}}
    )
    assert found[-1] == going_on
    assert len(found) == history.LAST


def test_the_last_moves_are_in_the_order_of_the_controllers_clock() -> None:
    """n1 is an hour behind: what it wrote at 11:00 was as late as what n2 wrote at noon, and after the rest."""
    late, early = record(NOON - 3590), record(NOON, node="n2")
    hosts: dict[str, dict[str, Any]] = {
        "n1": {"moves": [late], "clock_offset": [-3600.5, -3599.5]},
        "n2": {"moves": [early]},
    }
    found = history.last(hosts)
    assert found == [early, {**late, "ahead": -3600.0}]
    assert [history.met(one) for one in found] == [NOON, NOON + 10]


def table(before: str | None, after: str | None, action: str = "replace", code: str = "") -> dict[str, Any]:
    error = {"code": code, "message": "..."} if code else None
    return {"route_table_id": "rtb-1", "action": action, "before": before, "after": after, "error": error}


def report(*tables: dict[str, Any], target: str | None = "n2") -> dict[str, Any]:
    overlays = [{"destination": OVERLAY, "tables": list(tables)}]
    return {"overlays": overlays, "target": target, "seconds": {"address": 1.0, "route": 0.5}, "requests": {"R": ["i"]}}


def test_the_record_of_a_switchover() -> None:
    found = history.records(MODEL, report(table("n1", "n2"), table("n2", "n2", "none")), "switchover", "anna")
    assert list(found) == ["n2"]
    made = moves.made(found["n2"], "n2", NOON)
    assert made is not None
    assert moves.line(made) == (
        "2026-01-31T11:59:58.500Z 192.168.10.15/32: n1 -> n2 in 1 route table, 1.50 s, by switchover (anna)"
    )
    assert (made["command"], made["requests"]) == ("switchover n2", {"R": ["i"]})


def test_a_switchover_that_moved_nothing_is_no_move() -> None:
    assert history.records(MODEL, report(table("n2", "n2", "none")), "switchover", "") == {}
    assert history.records(MODEL, report(table("n1", "n1", "none")), "switchover", "", "refused") == {}


def test_a_switchover_that_failed() -> None:
    moved = report(table("n1", "n1", code="UnauthorizedOperation"))
    found = history.records(MODEL, moved, "switchover", "", "It failed.")["n2"]
    assert (found["done"], found["error"], found["reason"]) == (False, "It failed.", "UnauthorizedOperation")
    assert history.records(MODEL, report(table("n1", "n2")), "switchover", "", "No.")["n2"]["reason"] == "Failed"


def test_setup_is_on_record_where_it_sent_a_route() -> None:
    made = report(table(None, "n1", "create"), table("n9", "n2"), table("n2", "i-strange"), target=None)
    found = history.records(MODEL, made, "setup", "")
    assert {node: [t["from"] for t in one["tables"]] for node, one in found.items()} == {"n1": [None], "n2": ["n9"]}
    assert found["n1"]["command"] == "setup"
