# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines beside AWS: what is wrong, what it hinders, and when setup may end."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import engines, status

FIRST, SECOND = "192.168.10.15", "fd00::1"


def model(engine: str = "fake", **more: Any) -> dict[str, Any]:
    overlays = [
        {"destination": f"{a}/{n}", "address": a, "node_addresses": [f"{a}/{n}"]}
        for a, n in ((FIRST, 32), (SECOND, 128))
    ]
    nodes = {f"node{n}": {"instance_id": f"i-{n}", "network_interface_id": f"eni-{n}"} for n in (1, 2)}
    shown = {"nodes": nodes, "overlays": overlays, "persistent": False, "exclusive": True}
    shown |= {"region": "r", "deployment": "overlay-ip"}
    return {**shown, "failover": engine, **more}


def seen(first: int = 1, second: int = 1) -> list[dict[str, Any]]:
    found = []
    for destination, holder in ((f"{FIRST}/32", first), (f"{SECOND}/128", second)):
        at = {"instance_id": f"i-{holder}", "network_interface_id": f"eni-{holder}"}
        route = {**at, "route_table_id": "rtb-1", "state": "active"}
        shown = {"destination": destination, "consistent": True, "holder": at, "routes": [route], "findings": []}
        found.append(shown)
    return found


def view(holder: str = "", state: str = "BACKUP", **more: Any) -> dict[str, Any]:
    return {"engine": "fake", "state": state, "running": True, "holder": holder, "holders": {}, "findings": [], **more}


def host(*addresses: str, views: tuple[dict[str, Any], ...] = (view(),)) -> dict[str, Any]:
    live = [{"address": f"{a}/{128 if ':' in a else 32}", "live": True} for a in addresses]
    return {"addresses": live, "findings": [], "failover": list(views)}


def trouble(name: str, node: str = "", *hinders: str, severity: str = "warning") -> dict[str, Any]:
    said = {"id": name, "severity": severity, "message": f"It is {name}.", "remedy": "mend it."}
    return {**said, "node": node, "hinders": list(hinders)}


MASTER = host(FIRST, SECOND, views=(view("self", "MASTER"),))


def look(first: dict[str, Any], second: dict[str, Any], routes: Any = None, **more: Any) -> dict[str, Any]:
    return status.report(model(**more), seen() if routes is None else routes, {"node1": first, "node2": second})


def ids(report: dict[str, Any]) -> dict[str, list[str]]:
    return {name: [f["id"] for f in node["findings"]] for name, node in report["nodes"].items()}


def test_at_rest() -> None:
    report = look(MASTER, host())
    assert ids(report) == {"node1": [], "node2": []}
    assert engines.unrest(report) == []


def test_each_overlay_ip_may_be_on_a_node_of_its_own() -> None:
    both = view(state="started on node1, node2", holders={FIRST: "node1", "fd00--1": "node2"})
    report = look(host(FIRST, views=(both,)), host(SECOND, views=(both,)), seen(1, 2))
    assert ids(report) == {"node1": [], "node2": []}
    crossed = look(host(FIRST, views=(both,)), host(SECOND, views=(both,)), seen(2, 1))
    assert ids(crossed)["node1"].count("engine_disagrees") == 2


def test_an_address_on_a_node_whose_engine_is_not_master_is_named() -> None:
    report = look(MASTER, host(FIRST, views=(view(state="FAULT"),)))
    (finding,) = report["nodes"]["node2"]["findings"]
    assert finding["message"] == f"{FIRST}/32 is up on node2, where fake says FAULT."
    assert finding["remedy"] == "Run `aws-overlay-ip give-up` on node2."
    assert report["healthy"] is False
    assert engines.unrest(report) == [finding["message"]]


def test_so_is_one_to_which_aws_routes() -> None:
    report = look(host(FIRST, SECOND, views=(view(state="FAULT"),)), host())
    found = [f for f in report["nodes"]["node1"]["findings"] if f["id"] == "address_astray"]
    assert [f["message"] for f in found] == [
        f"{FIRST}/32 is up on node1, where fake says FAULT, though AWS routes it there.",
        f"{SECOND}/128 is up on node1, where fake says FAULT, though AWS routes it there.",
    ]
    assert found[0]["remedy"] == "See to fake there (journalctl -u fake), then run setup."


def test_an_engine_that_should_be_there_and_is_not() -> None:
    report = look(MASTER, host(views=()))
    assert ids(report) == {"node1": [], "node2": ["engine_absent"]}
    assert report["nodes"]["node2"]["findings"][0]["message"] == (
        "overlay_ip_failover is fake, but it is not set up on node2."
    )
    assert ids(look(host(FIRST, SECOND, views=()), host(views=()), failover="none")) == {"node1": [], "node2": []}


def test_one_that_does_not_run_is_not_said_to_disagree() -> None:
    stopped = view(state="stopped", running=False, findings=[trouble("engine_stopped", "self", severity="error")])
    report = look(host(views=(stopped,)), host(), seen(2, 2))
    assert ids(report)["node1"] == ["engine_stopped"]


@pytest.mark.parametrize(
    ("says", "nobody", "message"),
    [
        ("node2", False, "takes node2 for the holder of {}, but AWS routes it to node1."),
        ("", False, "takes nobody for the holder of {}, but AWS routes it to node1."),
        ("self", True, "takes node1 for the holder of {}, but AWS routes it to no single node."),
    ],
)
def test_what_an_engine_takes_for_true_is_told_beside_what_aws_says(says: str, nobody: bool, message: str) -> None:
    said = view(says)
    del said["running"]  # not told by nodes of an older version
    routes = [{**shown, "holder": None} if nobody else shown for shown in seen()]
    report = look(host(FIRST, SECOND, views=(said,)), host(), routes)
    found = [f for f in report["nodes"]["node1"]["findings"] if f["id"] == "engine_disagrees"]
    assert found[0]["message"] == f"fake on node1 (BACKUP) {message.format(f'{FIRST}/32')}"


def test_a_finding_of_an_engine_has_its_remedy_after_a_colon_and_others_after_a_full_stop() -> None:
    assert engines.sentence(trouble("x")) == "It is x: mend it."
    assert engines.sentence({"message": "It is x.", "remedy": "Mend it."}) == "It is x. Mend it."


def test_what_is_told_twice_is_told_once_and_where_it_belongs() -> None:
    common = trouble("maintenance", "", "move")
    about = trouble("standby", "node2", "move")
    views = view("node1", findings=[common, about])
    report = look(host(FIRST, SECOND, views=(views,)), host(views=(views,)))
    assert ids(report) == {"node1": ["maintenance"], "node2": ["standby"]}


def test_who_says_of_himself_that_he_is_stopped_is_not_said_so_by_the_other() -> None:
    says = {**trouble("engine_stopped", "node2", "move"), "message": "The cluster does not run on node2."}
    own = trouble("engine_stopped", "self", "move")
    stopped = view(running=False, findings=[own])
    report = look(host(FIRST, SECOND, views=(view("node1", findings=[says]),)), host(views=(stopped,)))
    assert [f["message"] for f in report["nodes"]["node2"]["findings"]] == ["It is engine_stopped."]
    alone = look(host(FIRST, SECOND, views=(view("node1", findings=[says]),)), {"unreachable": True})
    assert says["message"] in [f["message"] for f in alone["nodes"]["node2"]["findings"]]


@pytest.mark.parametrize(
    ("node", "door", "target", "said"),
    [
        ("node2", "move", "node2", ["It is x: mend it, or give another target."]),
        ("node2", "move", "node1", []),
        ("", "move", "node1", ["It is x: mend it."]),
        ("node2", "setup", None, ["It is x: mend it."]),
        ("node2", "teardown", None, []),
    ],
)
def test_what_hinders_what(node: str, door: str, target: str | None, said: list[str]) -> None:
    views = view("node1", findings=[trouble("x", node, "move", "setup")])
    report = look(host(FIRST, SECOND, views=(views,)), host())
    assert engines.hindered(report, door, target) == said
    assert engines.harmless(report, door) == ([] if door in ("move", "setup") else ["It is x: mend it."])


@pytest.mark.parametrize(
    ("door", "ours", "said"),
    [
        ("setup", True, ["It is y: mend it."]),  # it is to let go: what hinders that counts
        ("setup", False, []),  # somebody else's is asked for nothing
        ("teardown", True, ["It is y: mend it."]),
        ("move", True, []),
    ],
)
def test_what_hinders_an_engine_that_is_not_the_chosen_one(door: str, ours: bool, said: list[str]) -> None:
    troubles = [trouble("x", "", "move", "setup"), trouble("y", "", "move", "setup", "teardown")]
    report = look(host(FIRST, SECOND, views=(view("node1", configured=ours, findings=troubles),)), host())
    assert engines.hindered(report, door, "node2", "other") == said


def test_only_the_target_is_asked_before_a_move() -> None:
    views = view(state="stopped", running=False, findings=[trouble("x", "self", "move")])
    report = status.report(model(target="node2"), [], {"node2": host(views=(views,))})
    assert engines.hindered(report, "move", "node2") == ["It is x: mend it, or give another target."]


def test_what_is_no_rest() -> None:
    split = [{**shown, "holder": None, "consistent": False} for shown in seen()[:1]]
    assert engines.unrest(look(host(views=(view(),)), host(), split)) == [f"{FIRST}/32 is not routed to one node."]
    assert "node2 cannot be asked." in engines.unrest(look(MASTER, {"unreachable": True}))
    fault = view(state="FAULT", findings=[trouble("engine_fault", "self", severity="error")])
    assert "It is engine_fault: mend it." in engines.unrest(look(MASTER, host(views=(fault,))))
    standby = view("self", "MASTER", findings=[trouble("standby", "node2")])
    assert engines.unrest(look(host(FIRST, SECOND, views=(standby,)), host())) == []
    elsewhere = {"id": "nm_cloud_setup", "severity": "error", "message": "m", "remedy": "r"}
    assert engines.unrest(look({**MASTER, "findings": [elsewhere]}, host())) == []
    assert any("does not have" in said for said in engines.unrest(look(host(views=(view("self"),)), host())))


def test_nothing_is_said_of_a_node_that_cannot_be_asked() -> None:
    assert ids(look(MASTER, {"unreachable": True}))["node2"] == ["node_unreachable"]


def test_an_application_that_fails_at_the_standby_is_not_waited_for() -> None:
    failed = view(state="FAULT", findings=[trouble("engine_check_failed", "self", severity="error")])
    there = "It is engine_check_failed: mend it."
    assert engines.unrest(look(MASTER, host(views=(failed,)))) == []
    assert there in engines.unrest(look(host(FIRST, SECOND, views=(failed,)), host(views=(view(),))))
    both = engines.unrest(look(host(views=(failed,)), host(views=(failed,))))
    assert there in both


MOVED = {
    "resource": "rsc_ip",
    "engine": "fake",
    "agent": "ocf:heartbeat:aws-vpc-move-ip",
    "moves": "route",
    "top": "grp",
    "follows": "",
    "role": "",
    "through": True,
}
OTHERS = {"node1": "SAP1.corp", "node2": "SAP2.corp"}


def through(failover: str = "none", **by: Any) -> dict[str, Any]:
    """A model with the cluster's names and one overlay IP that a resource of somebody else's moves."""
    made = model(failover)
    made["overlays"] = [{**made["overlays"][0], "moved_by": {**MOVED, **by}}]
    for name, known in OTHERS.items():
        made["nodes"][name]["cluster_name"] = known
    return made


def cluster(holder: str = "SAP1.corp", *findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"holders": {FIRST: holder}, "configured": False, "findings": list(findings), **more}
    return view(holder, f"started on {holder}", **said)


def pair(made: dict[str, Any], said: dict[str, Any], routes: Any = None) -> dict[str, Any]:
    hosts = {"node1": host(FIRST, views=(said,)), "node2": host(views=(said,))}
    return status.report(made, (routes or seen())[:1], hosts)


def test_the_clusters_names_are_read_as_the_inventorys() -> None:
    standby = {**trouble("node_standby", "SAP2.corp", "move"), "message": "SAP2.corp is in standby, not xSAP2.corp."}
    report = pair(through(), cluster("SAP1.corp", standby))
    (moved, *rest) = report["nodes"]["node1"]["findings"]
    assert (moved["id"], moved["severity"], rest) == ("moved_by_another", "info", [])
    (finding,) = report["nodes"]["node2"]["findings"]
    assert (finding["message"], finding["node"]) == ("node2 is in standby, not xSAP2.corp.", "node2")
    assert engines.hindered(report, "move", "node2", "none") == [
        "node2 is in standby, not xSAP2.corp: mend it, or give another target."
    ]
    assert engines.hindered(report, "move", "node1", "none") == []
    assert engines.hindered(report, "setup", None, "none") == []
    assert report["nodes"]["node2"]["failover"][0]["state"] == "started on node1"
    line = "node1: has 192.168.10.15/32; fake (rsc_ip, ocf:heartbeat:aws-vpc-move-ip): started on node1"
    assert line in status.lines(report)


def test_a_cluster_with_names_of_its_own_that_really_disagrees_is_told() -> None:
    report = pair(through(), cluster("SAP2.corp"))
    assert "takes node2 for the holder" in str([f["message"] for f in report["nodes"]["node1"]["findings"]])


@pytest.mark.parametrize(
    ("failover", "by", "hinders", "words"),
    [
        ("none", {}, ["teardown"], "work through it"),
        (
            "none",
            {"follows": "msl", "role": "Promoted"},
            ["move", "teardown"],
            "follows the promoted instance of msl",
        ),
        ("none", {"through": False}, ["move", "teardown"], "move it by fake's own means"),
        ("fake", {}, ["setup", "move", "teardown"], "replace that by `migrate.yml`, or set overlay_ip_failover=none"),
        ("fake", {"moves": "address"}, ["setup", "move", "teardown"], "take it out of fake, or set"),
    ],
)
def test_what_another_resource_that_moves_it_hinders(
    failover: str, by: dict[str, Any], hinders: list[str], words: str
) -> None:
    report = pair(through(failover, **by), cluster())
    told = [f for f in report["nodes"]["node1"]["findings"] if f["id"] == "moved_by_another"]
    assert [f["hinders"] for f in told] == [hinders]
    assert "192.168.10.15/32 is moved by rsc_ip (ocf:heartbeat:aws-vpc-move-ip, in grp) of fake already." in str(told)
    for door in ("setup", "move", "teardown"):
        assert any(words in s for s in engines.hindered(report, door, "node2", failover)) is (door in hinders)
    assert report["healthy"] is (failover == "none")


def test_a_cluster_that_does_something_else_is_nobodys_business() -> None:
    broken = trouble("maintenance_mode", "", "setup", "move", "teardown", severity="error")
    plain = model("none", persistent=True, exclusive=False)
    other = view("SAP1.corp", "not started: no overlay IP", configured=False, findings=[broken])
    report = look(
        host(FIRST, SECOND, views=(other,)), host(FIRST, SECOND, views=(other,)), **{**plain, "engine": "none"}
    )
    assert ids(report) == {"node1": [], "node2": []}
    assert report["nodes"]["node1"]["failover"] == []


def test_the_address_of_what_a_cluster_moves_is_wanted_on_its_holder_alone() -> None:
    made = {**through(), "persistent": True, "exclusive": False}
    assert ids(pair(made, cluster()))["node2"] == []
    report = status.report(made, seen()[:1], {"node1": host(views=(cluster(),)), "node2": host(views=(cluster(),))})
    missing = next(f for f in report["nodes"]["node1"]["findings"] if f["id"] == "address_missing")
    assert missing["remedy"] == "See to rsc_ip of fake, which should bring it up."


def test_what_hinders_a_migration() -> None:
    """All that would hinder anything, but what it is about: the other resource, and maintenance."""
    found = [
        trouble("maintenance_mode", "", "setup", "move", "teardown"),
        trouble("resource_failed_there", "SAP2.corp", "move"),
        trouble("resource_bound"),
        trouble("resource_roams", "", "setup"),
    ]
    report = pair(through("fake"), cluster("SAP1.corp", *found))
    assert engines.hindered(report, "migrate", None, "fake") == ["It is resource_failed_there: mend it."]
    assert engines.harmless(report, "migrate") == []
    report["nodes"]["node2"]["reachable"] = False
    assert engines.hindered(report, "migrate", None, "fake")[0] == "node2 cannot be asked."


@pytest.mark.parametrize(("failover", "told"), [("none", []), ("fake", ["resource_roams"])])
def test_what_would_move_when_something_is_added_is_told_where_something_is(failover: str, told: list[str]) -> None:
    roams = trouble("resource_roams", "", "setup", severity="warning")
    report = pair(through(failover), cluster("SAP1.corp", roams))
    found = [f["id"] for node in report["nodes"].values() for f in node["findings"] if f["id"] == "resource_roams"]
    assert found == told
    assert any("resource_roams" in s for s in engines.hindered(report, "setup", None, failover)) is bool(told)
    assert not any("resource_roams" in s for s in engines.hindered(report, "migrate", None, failover))


@pytest.mark.parametrize(("member", "told"), [("SAP2.corp", ["node2"]), ("witness", [])])
def test_who_is_kept_off_is_told_where_it_is_a_node_of_the_inventory(member: str, told: list[str]) -> None:
    report = pair(through(), cluster("SAP1.corp", trouble("resource_kept_off", member, "move", severity="warning")))
    found = [(name, f) for name, node in report["nodes"].items() for f in node["findings"]]
    assert [name for name, f in found if f["id"] == "resource_kept_off"] == told
    assert bool(engines.hindered(report, "move", "node2", "none")) is bool(told)
