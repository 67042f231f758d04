# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read as the remedy of a route that does not work is what the guard would start, and what setup does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import settling
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import advice, page, status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import guard
from unit.move_records import record
from unit.plugins.module_utils._response.test_guard import QUIET, REAL, TABLE_DEAD, model
from unit.status_reports import OVERLAY, report

PLAY = "ansible-playbook aws_ha.overlay_ip."
SETUP = {f"{PLAY}setup"}
EITHER = {f"{PLAY}switchover -e target={name}" for name in ("node1", "node2")}
TO_2 = {f"{PLAY}switchover -e target=node2"}
NONE, DEAD, STRANGER = (None, ""), (2, "blackhole"), "eni-0stranger"


def made(leads: Any, engine: int | None, moved: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report and the model: home is node1; a table may lead to a stranger; ``engine``: on which node it has it."""
    leads = tuple((1, "active") if lead == STRANGER else lead for lead in leads), leads
    told = report({OVERLAY: leads[0]}, engine="keepalived" if engine else None, master=engine)
    for table, lead in zip(told["overlays"][0]["tables"], leads[1], strict=True):
        if lead == STRANGER:
            table["holder"] = STRANGER
    told["moves"] = [record(to=moved)] if moved else []
    given = model("keepalived" if engine else "none")
    given["overlays"][0]["home"] = "node1"
    advice.advise(told, given)
    return told, given


def gives(leads: Any, engine: int | None) -> str:
    """To which node setup gives what has no route."""
    ids = {n: {"instance_id": f"i-{n}", "network_interface_id": f"eni-{n}"} for n in ("node1", "node2")}
    rows = [
        {
            "route_table_id": f"rtb-{number}",
            "state": "active" if lead == STRANGER else lead[1] or None,
            "instance_id": None if lead == STRANGER or not lead[0] else f"i-node{lead[0]}",
            "network_interface_id": STRANGER if lead == STRANGER else None,
        }
        for number, lead in enumerate(leads)
    ]
    overlays = [{"destination": OVERLAY, "home": "node1", "engine_node": f"node{engine}" if engine else None}]
    seen = [{"destination": OVERLAY, "vpc_id": "vpc-1", "routes": rows, "others": []}]
    return str(settling.settled({"nodes": ids, "overlays": overlays}, seen)[0]["home"])


@pytest.mark.parametrize(
    ("leads", "engine", "moved", "commands", "node"),
    [
        pytest.param([NONE, NONE], None, "node2", EITHER, "", id="none, it was elsewhere"),
        pytest.param([NONE, NONE], None, None, EITHER, "", id="none, nobody knows"),
        pytest.param([NONE, NONE], None, "node1", SETUP, "node1", id="none, it was at home"),
        pytest.param([NONE, NONE], 2, "node1", SETUP, "node2", id="none, the engine knows"),
        pytest.param([NONE, (2, "active")], None, None, SETUP, "node2", id="one works"),
        pytest.param([NONE, DEAD], None, "node2", EITHER, "", id="none and dead"),
        pytest.param([DEAD, (2, "active")], None, "node1", SETUP, "node2", id="dead, and one works"),
        pytest.param([(1, "active"), (2, "active"), NONE], None, "node2", EITHER, "", id="split, and none"),
        pytest.param([(1, "active"), (2, "active"), DEAD], None, "node2", EITHER, "", id="split, and dead"),
        pytest.param([(1, "active"), NONE], 2, "node2", TO_2, "", id="the engine has it elsewhere"),
        pytest.param([STRANGER, NONE], None, "node2", EITHER, "", id="a stranger, it was elsewhere"),
        pytest.param([STRANGER, DEAD], None, "node2", EITHER, "", id="a stranger, and dead"),
        pytest.param([STRANGER, NONE], None, "node1", SETUP, "node1", id="a stranger, it was at home"),
        pytest.param([STRANGER, (2, "active"), NONE], None, None, SETUP, "node2", id="a stranger, and one works"),
    ],
)
def test_people_read_what_the_guard_would_start(
    leads: Any, engine: int | None, moved: str | None, commands: set[str], node: str
) -> None:
    told, given = made(leads, engine, moved)
    verdict = guard.judge([TABLE_DEAD], given, REAL, guard.Seen(told, (), QUIET))
    assert (verdict.do == "setup") is (commands == SETUP), verdict.lines
    found = [f for f in page.page([told], "")["findings"] if f["id"] in ("route_missing", "blackhole")]
    assert found
    for finding in found:
        assert {c["command"] for c in finding["commands"]} == commands, finding["remedy"]
        assert finding["remedy"] in "\n".join(status.lines(told))
    if node:
        assert gives(leads, engine) == node


def test_setup_goes_by_the_engine_and_not_by_a_stranger() -> None:
    """What leads to no node of the inventory says nothing of who has the data."""
    assert gives([STRANGER, NONE], 2) == "node2"
    assert gives([STRANGER, STRANGER], 2) == "node2"


def test_each_candidate_is_labelled_and_the_home_node_is_named() -> None:
    told, _given = made([NONE, NONE], None, "node2")
    (finding,) = (f for f in page.page([told], "")["findings"] if f["id"] == "route_missing")
    assert finding["remedy"] == (
        "Run switchover to the node that has the newest data: setup would give it to the home node, node1."
    )
    assert [c["at"] for c in finding["commands"]] == [f"where {name} shall have it" for name in ("node1", "node2")]


def test_a_pair_without_a_record_may_be_new() -> None:
    told, _given = made([NONE, NONE], None, "")
    (finding,) = (f for f in page.page([told], "")["findings"] if f["id"] == "route_missing")
    assert finding["remedy"] == (
        "Where it is new, run setup: it gives it to the home node, node1. Where a node has its data, run switchover to"
        " the one that has the newest."
    )


def test_status_tells_it_by_itself() -> None:
    found = report({OVERLAY: (NONE, NONE)}, master=2)["overlays"][0]["findings"]
    assert "Run setup: it creates what is absent, to node2, which had it last." in [f["remedy"] for f in found]
