# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks make of the modules' results: whom to route to, what to take back, what to tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import holders, settling
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import move, status

OVERLAY, V6 = "192.168.10.15/32", "2001:db8::15/128"
NODES = {
    "node1": {"instance_id": "i-1", "network_interface_id": None},
    "node2": {"instance_id": None, "network_interface_id": "eni-2"},
}


def held(node: int, state: str = "active") -> dict[str, Any]:
    return {"network_interface_id": f"eni-{node}", "instance_id": f"i-{node}", "state": state}


def route(table: str, before: Any, after: Any, code: str | None = None, destination: str = OVERLAY) -> dict[str, Any]:
    error = {"code": code, "message": f"{code} in {table}"} if code else None
    return {
        "route_table_id": table,
        "destination": destination,
        "action": "replace",
        "before": before,
        "after": after,
        "error": error,
    }


def result(*routes: dict[str, Any], target: str = "eni-2") -> dict[str, Any]:
    return {"network_interface_id": target, "routes": list(routes)}


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


MODEL = {"nodes": NODES, "region": "eu-central-1", "caller": "", "target": "node2", "persistent": True}
MODEL["deployment"] = "overlay-ip"


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


def overlay(*tables: dict[str, Any], holder: Any = None, findings: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    """One entry of what overlay_route_info returns."""
    routes = [{"route_table_id": f"rtb-{number}", **table} for number, table in enumerate(tables, 1)]
    return {
        "destination": OVERLAY,
        "consistent": len({t.get("instance_id") for t in tables}) == 1,
        "holder": holder,
        "routes": routes,
        "findings": list(findings),
    }


ABSENT = {"state": None}
SETUP_MODEL: dict[str, Any] = {
    **MODEL,
    "overlays": [
        {
            "destination": OVERLAY,
            "home": "node1",
            "route_table_ids": [],
            "vpc_id": None,
            "interface": "auto",
            "label": "auto",
            "address": OVERLAY.partition("/")[0],
            "node_addresses": [OVERLAY],
        }
    ],
    "exclusive": False,
}


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


def test_what_aws_does_not_tell_is_not_known() -> None:
    """And nothing is made of it: no route that is missing, no engine that disagrees."""
    other = "192.168.10.16/32"
    overlays = [*SETUP_MODEL["overlays"], {**SETUP_MODEL["overlays"][0], "destination": other, "address": other[:-3]}]
    engine = {"engine": "keepalived", "state": "MASTER", "running": True, "holder": "self", "findings": []}
    report = status.report(
        {**SETUP_MODEL, "overlays": overlays, "failover": "keepalived"},
        [overlay(held(1), held(1), holder=held(1))],
        {"node1": {**LIVE, "failover": [engine]}},
        unread={other: "RequestLimitExceeded."},
    )
    read, unread = report["overlays"]
    assert (read["holder"], unread["holder"], unread["tables"], report["healthy"]) == ("node1", None, [], False)
    assert [view["agrees"] for view in (*read["engines"], *unread["engines"])] == [True, None]
    assert "engine_disagrees" not in {f["id"] for f in report["nodes"]["node1"]["findings"]}
    assert status.lines(report)[2:4] == [
        f"{other}: not known",
        f"  error: Who holds {other} is not known: AWS could not be asked: RequestLimitExceeded. Mend that, and look"
        " again. Whoever holds it goes on to serve.",
    ]


@pytest.mark.parametrize(
    ("bounds", "severity", "words"),
    [
        ((-301.0, -299.0), "warning", "300.0 s behind the controller's (known within 1.0 s)"),
        ((31.0, 33.0), "warning", "32.0 s ahead of the controller's (known within 1.0 s)"),
        ((29.0, 31.0), "info", "30.0 s ahead of the controller's (known within 1.0 s)"),
        ((-3.0, -1.0), "info", "2.0 s behind the controller's (known within 1.0 s)"),
        ((-1.0, 3.0), None, ""),  # it took 4 s to ask
        ((0.2, 1.0), None, ""),
    ],
)
def test_a_clock_that_is_wrong_is_told(bounds: tuple[float, float], severity: str | None, words: str) -> None:
    hosts: dict[str, dict[str, Any]] = {"node1": {**LIVE, "clock_offset": list(bounds)}, "node2": LIVE}
    report = look(overlay(held(1), held(1), holder=held(1)), hosts)
    found = report["nodes"]["node1"]["findings"]
    assert [(f["id"], f["severity"]) for f in found] == ([("clock_off", severity)] if severity else [])
    assert report["healthy"] is True
    assert report["nodes"]["node1"]["clock_offset"] == sum(bounds) / 2
    told = [line for line in status.lines(report) if "clock" in line]
    assert told == (
        [
            f"  {severity}: The clock of node1 is {words}; times that node1 wrote are its own."
            " See that chrony or systemd-timesyncd keeps both; `timedatectl` on node1 tells."
        ]
        if severity
        else []
    )


LIVE = {"addresses": [{"address": OVERLAY, "live": True}]}
DOWN = {"addresses": [{"address": OVERLAY, "live": False}]}


def look(seen: dict[str, Any], hosts: dict[str, dict[str, Any]], **model: Any) -> dict[str, Any]:
    return status.report({**SETUP_MODEL, **model}, [seen], hosts)


def test_status_when_all_is_well() -> None:
    report = look(overlay(held(1), held(1), holder=held(1)), {"node1": LIVE, "node2": LIVE})
    assert report["healthy"] is True
    assert report["nodes"]["node1"] == {
        "reachable": True,
        "addresses": [OVERLAY],
        "findings": [],
        "failover": [],
        "proof": None,
        "clock_offset": None,
        "clock_within": None,
    }
    assert status.lines(report) == [
        "1 overlay IP in 2 route tables: all is well",
        f"{OVERLAY}: held by node1",
        f"node1: has {OVERLAY}",
        f"node2: has {OVERLAY}",
    ]
    assert status.lines(report, every_table=True)[1:4] == [
        f"{OVERLAY}: held by node1",
        "  rtb-1: node1",
        "  rtb-2: node1",
    ]


@pytest.mark.parametrize(
    ("holder", "exclusive", "persistent", "severity"),
    [
        ("node1", False, True, "error"),
        ("node1", True, True, "error"),
        ("node1", False, False, "error"),
        ("node2", False, True, "warning"),
        ("node2", True, True, None),
        ("node2", False, False, None),
    ],
)
def test_an_address_that_is_not_up_on_node1(
    holder: str, exclusive: bool, persistent: bool, severity: str | None
) -> None:
    shown = held(int(holder[-1]))
    report = look(
        overlay(shown, holder=shown), {"node1": DOWN, "node2": LIVE}, exclusive=exclusive, persistent=persistent
    )
    assert [f["severity"] for f in report["nodes"]["node1"]["findings"]] == ([severity] if severity else [])
    assert report["healthy"] is (severity != "error")


def test_a_playbook_that_is_at_work_is_told() -> None:
    busy = {**LIVE, "at_work": {"held": "'Set up' by ops@ctl, since 03:12:07Z", "refused": ""}}
    quiet = {**LIVE, "at_work": {"held": "", "refused": ""}}
    report = look(overlay(held(1), holder=held(1)), {"node1": quiet, "node2": busy})
    assert report["nodes"]["node1"]["findings"] == []
    (finding,) = report["nodes"]["node2"]["findings"]
    assert (finding["id"], finding["severity"]) == ("at_work", "info")
    assert finding["message"] == "node2 is at work for 'Set up' by ops@ctl, since 03:12:07Z."
    assert report["healthy"]


@pytest.mark.parametrize(
    "host", [{}, {"unreachable": True, "msg": "No route to host\nmore"}, {"failed": True, "msg": "boom"}]
)
def test_a_node_that_cannot_be_asked_is_told_and_not_guessed(host: dict[str, Any]) -> None:
    report = look(overlay(held(1), holder=held(1)), {"node1": LIVE, "node2": host})
    node = report["nodes"]["node2"]
    why = str(host.get("msg", "no answer")).splitlines()[0]
    said = "could not look at itself" if host.get("failed") else "cannot be asked"
    assert (node["reachable"], [f["message"] for f in node["findings"]]) == (False, [f"node2 {said}: {why}."])
    assert "node2: cannot be asked" in status.lines(report)
    assert report["healthy"] is True, "the overlay works"


def test_a_split_and_a_finding_in_words() -> None:
    finding = {"id": "split", "severity": "error", "message": "It is split.", "remedy": "Run switchover."}
    report = look(overlay(held(1), held(2, "blackhole"), ABSENT, findings=(finding,)), {"node1": LIVE, "node2": LIVE})
    assert report["healthy"] is False
    assert status.lines(report)[:6] == [
        "1 overlay IP in 3 route tables: 1 error",
        f"{OVERLAY}: SPLIT between node1, node2",
        "  rtb-1: node1",
        "  rtb-2: node2 blackhole",
        "  rtb-3: no route",
        "  error: It is split. Run switchover.",
    ]


def test_a_route_that_one_table_lacks_is_no_split() -> None:
    report = look(overlay(held(1), ABSENT), {"node1": LIVE, "node2": LIVE})
    assert status.lines(report)[1:4] == [f"{OVERLAY}: held by node1", "  rtb-1: node1", "  rtb-2: no route"]


def test_nobody_holds_it() -> None:
    report = look(overlay(ABSENT), {"node1": LIVE, "node2": LIVE})
    assert status.lines(report)[1] == f"{OVERLAY}: held by nobody"


@pytest.mark.parametrize(
    ("holder", "says", "disagrees"),
    [
        (held(1), "self", False),
        (held(1), "node1", False),
        (held(1), "node2", True),
        (held(1), "", True),
        (held(2), "self", True),
        (held(2), "node2", False),
        (held(2), "", False),
        (None, "self", True),
    ],
)
def test_a_failover_engine_is_compared_with_aws(holder: Any, says: str, disagrees: bool) -> None:
    view = {"engine": "keepalived", "state": "MASTER", "holder": says}
    report = look(overlay(holder or ABSENT, holder=holder), {"node1": {**LIVE, "failover": [view]}, "node2": LIVE})
    found = [f["id"] for f in report["nodes"]["node1"]["findings"]]
    assert found.count("engine_disagrees") == disagrees
    assert found.count("address_astray") == (says not in ("self", "node1"))  # the address is up
    assert f"node1: has {OVERLAY}; keepalived: MASTER" in status.lines(report)


def test_overlays_may_be_read_in_another_order() -> None:
    """overlay_route_info is asked once per group of tables."""
    wide = {**SETUP_MODEL["overlays"][0], "destination": V6, "node_addresses": [V6]}
    seen = [{**overlay(held(2), holder=held(2)), "destination": V6}, overlay(held(1), holder=held(1))]
    hosts = {"node1": LIVE, "node2": {"addresses": [{"address": V6, "live": True}]}}
    model = {**SETUP_MODEL, "overlays": [*SETUP_MODEL["overlays"], wide], "exclusive": True}
    report = status.report(model, seen, hosts)
    assert [node["findings"] for node in report["nodes"].values()] == [[], []]
