# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds what, what is wrong, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import status
from unit.reports import ABSENT, DOWN, LIVE, OVERLAY, SETUP_MODEL, V6, held, look, overlay


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
