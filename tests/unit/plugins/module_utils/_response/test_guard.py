# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's rules as a table: how things are, what an alert asks for, and the sentence that it gets.

Reports are made by the real code (unit/status_reports.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import guard
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response.alerts import Alert
from unit.status_reports import OVERLAY, VPC, report

OTHER = "192.168.10.16/32"
REAL = guard.Settings(("status", "setup", "switchover"), dry_run=False)
QUIET: Mapping[str, Mapping[str, Any]] = {n: {"turns": [], "moving": False, "busy": []} for n in ("node1", "node2")}

GAP = ((1, "active"), (None, "active"))
NONE = ((None, "active"), (None, "active"))
SPLIT = ((1, "active"), (2, "active"))
DEAD = ((1, "blackhole"), (1, "blackhole"))

TABLE_DEAD = Alert("OverlayIpTableDead", True, "setup", True, OVERLAY, VPC)
OURS: dict[str, Any] = {"vpc_id": VPC, "deployment": "overlay-ip"}
NOT_READY = Alert("OverlayIpNotReady", True, "setup", False, node="node2", check="source_dest_check", **OURS)
DIFFERS = Alert("OverlayIpConfigDiffers", True, "setup", False, OVERLAY, VPC)
ADDRESS = Alert("OverlayIpAddressMissing", True, "setup", True, OVERLAY, VPC, node="node1")
GONE = Alert("DatabaseDown", True, "switchover", True, OVERLAY, VPC, target="node2", holder="node1")
LOOK = Alert("OverlayIpSplit", True, "status", True, OVERLAY, VPC)


def model(engine: str = "keepalived", *destinations: str) -> dict[str, Any]:
    return {
        "deployment": "overlay-ip",
        "api_from": "controller",
        "iam": "apply",
        "nodes": {"node1": {}, "node2": {}},
        "overlays": [{"destination": d} for d in destinations or (OVERLAY,)],
        "failover": engine,
    }


def judged(
    alert: Alert, *, turns: Mapping[str, Any] = QUIET, settings: guard.Settings = REAL, **seen: Any
) -> guard.Verdict:
    hindered = seen.pop("hindered", ())
    engine = seen.get("engine", "keepalived")
    return guard.judge([alert], model(engine or "none"), settings, guard.Seen(report(**seen), hindered, turns))


def asked(**of: Any) -> dict[str, Any]:
    """What the nodes said, but for what is given: by node."""
    return {name: of.get(name, quiet) for name, quiet in QUIET.items()}


def turn(age: float, destination: str = OVERLAY) -> dict[str, Any]:
    told = {"destination": destination, "what": "setup, for OverlayIpNotReady node2", "age": age}
    return {"turns": [told], "moving": False, "busy": []}


STARTED = [
    pytest.param(TABLE_DEAD, {"leads": {OVERLAY: GAP}}, "setup", id="a table without a route"),
    pytest.param(replace(TABLE_DEAD, name="OverlayIpNobodyServes"), {"leads": {OVERLAY: NONE}}, "setup", id="no route"),
    pytest.param(TABLE_DEAD, {"leads": {OVERLAY: GAP}, "engine": None}, "setup", id="without an engine"),
    pytest.param(NOT_READY, {"checks": (False, True)}, "setup", id="the standby's check is on"),
    pytest.param(replace(NOT_READY, check="permission"), {}, "setup", id="what a look cannot see is believed"),
    pytest.param(DIFFERS, {}, "setup", id="so is this"),
    pytest.param(GONE, {"engine": None}, "switchover", id="a switchover"),
    pytest.param(GONE, {"engine": None, "away": ["node1"]}, "switchover", id="whose holder does not answer"),
    pytest.param(
        GONE, {"engine": None, "leads": {OVERLAY: DEAD}, "away": ["node1"]}, "switchover", id="or is a black hole"
    ),
    pytest.param(TABLE_DEAD, {"leads": {OVERLAY: GAP}, "turns": asked(node1=turn(600))}, "setup", id="ten minutes ago"),
    pytest.param(
        TABLE_DEAD, {"leads": {OVERLAY: GAP}, "turns": asked(node1=turn(3, OTHER))}, "setup", id="another's turn"
    ),
]


@pytest.mark.parametrize(("alert", "seen", "action"), STARTED)
def test_what_is_started(alert: Alert, seen: dict[str, Any], action: str) -> None:
    verdict = judged(alert, **seen)
    assert (verdict.do, verdict.refused) == (action, False), verdict.lines
    assert verdict.destinations == (OVERLAY,)
    assert verdict.nodes == ("node1", "node2")
    assert verdict.lines == (f"{alert.title}: {action}.",)
    request = {"target": "node2", "expected_active": "node1", "overlay": OVERLAY}
    assert verdict.request == (request if action == "switchover" else {})


HELD = [
    # It is not true any more.
    pytest.param(TABLE_DEAD, {}, "every route table has a route that works.", id="mended meanwhile"),
    pytest.param(NOT_READY, {}, "the source/destination check is off everywhere.", id="check is off again"),
    pytest.param(ADDRESS, {}, "the address is up.", id="address is up again"),
    pytest.param(GONE, {"leads": {OVERLAY: ((2, "active"),)}, "engine": None}, "node2 has it already.", id="moved"),
    pytest.param(
        GONE,
        {"leads": {OVERLAY: ((1, "active"), (2, "active"))}, "engine": None, "away": ["node2"]},
        "node2 cannot be asked.",
        id="the target does not answer",
    ),
    # It is for people, whether the engine is at work or not.
    *[
        pytest.param(
            replace(NOT_READY, check=engine),
            {"turns": asked(node2={"turns": [], "moving": True})},
            f"{engine} does not run there, or may not take over: by somebody's will, or because the application is"
            " down. That is for people.",
            id=f"{engine} was stopped, or is in FAULT",
        )
        for engine in ("keepalived", "pacemaker")
    ],
    *[
        pytest.param(
            replace(NOT_READY, check=check),
            {},
            f"setup does not mend what the check {check} finds. That is for people.",
            id=f"setup does not mend {check}",
        )
        for check in ("endpoint", "address", "python")
    ],
    # The engine is at work.
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "turns": asked(node2={"turns": [], "moving": True})},
        "A takeover is under way on node2.",
        id="a takeover",
    ),
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "turns": asked(node1={"turns": [], "busy": ["pacemaker is in a transition (S_X)."]})},
        "pacemaker is in a transition (S_X).",
        id="a transition",
    ),
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "away": ["node2"]},
        "node2 cannot be asked: keepalived may be taking over from it.",
        id="a node does not answer",
    ),
    # What it names would not run.
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "away": ["node2"], "engine": None},
        "setup needs every node, and node2 cannot be asked.",
        id="setup needs all",
    ),
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "hindered": ["The cluster is in maintenance mode: end it."]},
        "The cluster is in maintenance mode: end it.",
        id="setup is hindered",
    ),
    # It had its turn.
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "turns": asked(node2=turn(95))},
        "setup, for OverlayIpNotReady node2, was started 95 s ago: not more than once in 600 s for 192.168.10.15/32,"
        " hence not before 505 s from now.",
        id="95 s ago, and one node knows it",
    ),
    pytest.param(
        TABLE_DEAD,
        {"leads": {OVERLAY: GAP}, "turns": asked(node1={"failed": True, "msg": "It is empty."})},
        "node1 does not tell when something was last started: It is empty.",
        id="a node's turns cannot be read",
    ),
    pytest.param(
        GONE,
        {"engine": None, "turns": {n: {"unreachable": True, "msg": "no"} for n in QUIET}},
        "no node tells when something was last started.",
        id="nobody tells",
    ),
]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (
            "iam",
            "render",
            "setup prints the policy, and attaches none, with overlay_ip_iam: render. That is for people.",
        ),
        ("api_from", "node", "setup writes no policy with overlay_ip_api_from: node. That is for people."),
    ],
)
def test_a_permission_that_setup_does_not_write_is_for_people(key: str, value: str, why: str) -> None:
    asks = replace(NOT_READY, check="permission")
    seen = guard.Seen(report(), (), QUIET)
    verdict = guard.judge([asks], {**model(), key: value}, REAL, seen)
    assert verdict.lines == (f"{asks.title}: nothing is started: {why}",)
    others = replace(NOT_READY, check="source_dest_check")
    checks = guard.Seen(report(checks=(False, True)), (), QUIET)
    assert guard.judge([others], {**model(), key: value}, REAL, checks).do == "setup"


@pytest.mark.parametrize(("alert", "seen", "why"), HELD)
def test_what_is_not_started_and_why(alert: Alert, seen: dict[str, Any], why: str) -> None:
    verdict = judged(alert, **seen)
    assert verdict.lines == (f"{alert.title}: nothing is started: {why}",)
    assert (verdict.do, verdict.refused, verdict.pending) == ("", False, False)


def engines(*says: tuple[str, str], leads: Any = GAP, running: bool = True) -> guard.Seen:
    """A report in which the nodes' engines name these as state and holder."""
    made = report({OVERLAY: leads})
    for (name, node), (state, holder) in zip(made["nodes"].items(), says, strict=True):
        node["failover"] = [{"engine": "keepalived", "state": state, "running": running, "holder": holder}]
        view = next(view for view in made["overlays"][0]["engines"] if view["node"] == name)
        view.update(state=state, holder=holder)
    return guard.Seen(made, (), QUIET)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (engines(("BACKUP", ""), ("BACKUP", "")), "keepalived names nobody as the holder of 192.168.10.15/32 (node1: "),
        (engines(("MASTER", "node1"), ("MASTER", "node2")), "keepalived names node1 and node2 as holders of "),
        (
            engines(("BACKUP", ""), ("MASTER", "node2")),
            "keepalived takes node2 for the holder of 192.168.10.15/32, and ",
        ),
        (engines(("MASTER", "node1"), ("BACKUP", "")), ""),
        (engines(("MASTER", "node1"), ("BACKUP", ""), leads=NONE), ""),
        (engines(("MASTER", "node1"), ("BACKUP", ""), leads=DEAD), ""),
        (engines(("BACKUP", ""), ("BACKUP", ""), running=False), ""),
    ],
    ids=["nobody", "two", "another one", "at rest", "no route at all", "black holes", "engine stopped: not at work"],
)
def test_what_the_engine_says_beside_aws(seen: guard.Seen, why: str) -> None:
    """While they differ nothing is started; a route that is missing or dead is no difference."""
    verdict = guard.judge([replace(TABLE_DEAD, name="OverlayIpConfigDiffers")], model(), REAL, seen)
    assert why in verdict.lines[0]
    assert bool(verdict.do) is not bool(why)


REFUSED = [
    (replace(TABLE_DEAD, action="rm -rf"), "its label overlay_ip_action is rm -rf: write status, setup, switchover"),
    (
        replace(TABLE_DEAD, destination="10.9.9.9/32"),
        "10.9.9.9/32 is no overlay IP of this inventory, which has 192.168",
    ),
    (replace(NOT_READY, node="node3"), "its label node is node3, which is no node of this inventory: node1, node2."),
    (replace(GONE, target="localhost"), "its label overlay_ip_target is localhost, which is no node of this"),
    (replace(GONE, holder="all"), "its label overlay_ip_holder is all, which is no node of this"),
    (replace(GONE, holder=""), "a switchover needs the label overlay_ip_holder, so that a late alert moves nothing."),
    (replace(GONE, holder="", target=""), "needs the label overlay_ip_target and the label overlay_ip_holder, so"),
    (
        replace(GONE, holder="node2"),
        "overlay_ip_target and overlay_ip_holder are both node2: there is nothing to move.",
    ),
    (
        replace(TABLE_DEAD, vpc_id="vpc-1"),
        f"192.168.10.15/32 is in {VPC} by this inventory, and the alert is of another",
    ),
    (
        replace(NOT_READY, node="{{ lookup('pipe', 'id') }}\nx"),
        "its label node is ?? lookup??pipe?, ?id?? ???x, which is no node",
    ),
    (
        replace(TABLE_DEAD, deployment="database"),
        "its label deployment is database, and overlay_ip_name of this inventory is overlay-ip.",
    ),
    # Nodes of other inventories may be called alike: who is known by its node alone says whose it is, and where.
    (
        replace(NOT_READY, deployment=""),
        "it has neither the label destination nor the label deployment, so that it may be of another inventory, whose"
        " nodes have the same names: write deployment=overlay-ip if it is of this one.",
    ),
    # So may an overlay IP be in several inventories: what moves something says of which it is.
    (
        replace(GONE, vpc_id=""),
        "it has neither the label deployment nor the label vpc_id, so that it may be of another inventory, which has"
        " the same overlay IP: write deployment=overlay-ip if it is of this one.",
    ),
    (replace(GONE, vpc_id="vpc-1"), f"192.168.10.15/32 is in {VPC} by this inventory, and the alert is of another"),
    (replace(GONE, destination="", vpc_id=VPC), "neither the label destination nor the label deployment"),
    (
        replace(NOT_READY, vpc_id=""),
        "it has neither the label destination nor the label vpc_id, so that it may be of another inventory, whose nodes"
        f" have the same names: write vpc_id={VPC} if it is of this one.",
    ),
    (
        replace(NOT_READY, vpc_id="vpc-1"),
        f"the overlay IPs of this inventory are in {VPC}, and the alert is of another",
    ),
]


@pytest.mark.parametrize(("alert", "why"), REFUSED)
def test_what_is_refused(alert: Alert, why: str) -> None:
    verdict = judged(alert, leads={OVERLAY: GAP})
    assert (verdict.do, verdict.refused) == ("", True)
    (line,) = verdict.lines
    assert ": refused: " in line
    assert why in line
    assert "\n" not in line


def test_who_only_asks_for_a_look_need_not_say_whose_it_is() -> None:
    assert judged(Alert("Try", True, "status")).lines == ("Try: status, which was looked at just now.",)


def test_where_the_vpc_is_not_known_or_not_one_the_deployment_is_enough() -> None:
    two = {OVERLAY: GAP, OTHER: GAP}
    for vpcs in ((None, None), (VPC, "vpc-1")):
        made = report(two, engine=None)
        for overlay, vpc in zip(made["overlays"], vpcs, strict=True):
            overlay["vpc_id"] = vpc
        alert = replace(NOT_READY, vpc_id="", check="permission")
        assert guard.judge([alert], model("none", *two), REAL, guard.Seen(made, (), QUIET)).do == "setup"


def test_a_switchover_says_of_which_deployment_where_the_vpc_is_not_known() -> None:
    made = report({OVERLAY: ((1, "active"),)}, engine=None)
    made["overlays"][0]["vpc_id"] = None
    seen = guard.Seen(made, (), QUIET)
    verdict = guard.judge([GONE], model("none"), REAL, seen)
    assert (verdict.do, verdict.refused) == ("", True)
    assert verdict.lines[0].endswith("write the label deployment.")
    assert guard.judge([replace(GONE, deployment="overlay-ip")], model("none"), REAL, seen).do == "switchover"
    assert guard.judge([replace(GONE, vpc_id="", deployment="overlay-ip")], model("none"), REAL, seen).do


def test_what_is_not_allowed_is_refused() -> None:
    settings = guard.Settings(dry_run=False)
    (line,) = judged(GONE, settings=settings, engine=None).lines
    assert line.endswith(
        "refused: overlay_ip_response_actions does not have switchover: add it there if that may start by itself."
    )


def test_by_default_it_is_a_dry_run() -> None:
    verdict = judged(TABLE_DEAD, settings=guard.Settings(), leads={OVERLAY: GAP})
    assert (verdict.do, verdict.destinations, verdict.nodes) == ("", (), ())
    assert verdict.lines[-1] == "dry run: would start setup; nothing was started."
    settings = replace(REAL, dry_run=True)
    assert judged(GONE, settings=settings, engine=None).lines[-1] == (
        "dry run: would start switchover -e target=node2 -e expected_active=node1 -e overlay=192.168.10.15/32; nothing"
        " was started."
    )


def test_status_is_the_look_itself_and_takes_no_turn() -> None:
    verdict = judged(LOOK, leads={OVERLAY: SPLIT}, turns=asked(node1=turn(1)))
    assert (verdict.do, verdict.lines) == ("", (f"{LOOK.title}: status, which was looked at just now.",))


def test_no_look_is_needed_for_what_is_resolved_or_names_nothing() -> None:
    alerts = [replace(TABLE_DEAD, firing=False), Alert("DiskFull"), replace(NOT_READY, node="node3")]
    verdict = guard.judge(alerts, model(), REAL, None)
    assert (verdict.pending, verdict.refused, verdict.do) == (False, True, "")
    assert [line.split(": ", 1)[1][:8] for line in verdict.lines] == ["resolved", "refused:", "it names"]
    assert guard.judge([*alerts, DIFFERS], model(), REAL, None).pending


def test_one_message_starts_one_thing_the_gravest_first() -> None:
    """Two that ask for setup are served by one; a switchover goes before."""
    seen = guard.Seen(report({OVERLAY: GAP}, checks=(False, True), engine=None), (), QUIET)
    verdict = guard.judge([NOT_READY, TABLE_DEAD], model("none"), REAL, seen)
    assert (verdict.do, verdict.what) == ("setup", "setup, for OverlayIpTableDead 192.168.10.15/32")
    assert [line.rpartition(": ")[2] for line in verdict.lines] == ["setup.", "the same setup is for it."]
    verdict = guard.judge([NOT_READY, TABLE_DEAD, GONE], model("none"), REAL, seen)
    assert verdict.do == "switchover"
    assert [line.partition(": ")[2] for line in verdict.lines] == [
        "switchover.",
        "not now: one thing at a time, switchover first.",
        "not now: one thing at a time, switchover first.",
    ]


def test_setup_takes_the_turn_of_all_a_switchover_that_of_its_own() -> None:
    two = {OVERLAY: GAP, OTHER: GAP}
    seen = guard.Seen(report(two, engine=None), (), QUIET)
    both = model("none", OVERLAY, OTHER)
    assert guard.judge([TABLE_DEAD], both, REAL, seen).destinations == (OVERLAY, OTHER)
    assert guard.judge([GONE], both, REAL, seen).destinations == (OVERLAY,)
    verdict = guard.judge([replace(GONE, destination="", **OURS)], both, REAL, seen)
    assert (verdict.destinations, (verdict.request or {})["overlay"]) == ((OVERLAY, OTHER), "all")
    held = guard.Seen(seen.report, (), asked(node1=turn(5, OTHER)))
    assert guard.judge([TABLE_DEAD], both, REAL, held).do == ""
    assert guard.judge([GONE], both, REAL, held).do == "switchover"


def test_a_switchover_of_what_somebody_else_has_by_now() -> None:
    seen = guard.Seen(report({OVERLAY: SPLIT}, names=("node1", "node2"), engine=None), (), QUIET)
    alert = replace(GONE, target="node1", holder="node3")
    three = {**model("none"), "nodes": {"node1": {}, "node2": {}, "node3": {}}}
    (line,) = guard.judge([alert], three, REAL, seen).lines
    assert line.endswith("nothing is started: it is with node2, not with node3: somebody moved it meanwhile.")
