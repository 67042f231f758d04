# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster calls the nodes, and who moves the overlay IPs: the inventory's names beside the cluster's."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import clusters
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from unit.inventory import GOOD, GROUPS, NODES

IP = "192.168.10.15"
MOVER = {
    "name": "rsc_ip",
    "agent": "ocf:heartbeat:aws-vpc-move-ip",
    "moves": "route",
    "destinations": [f"{IP}/32"],
    "tables": ["rtb-1"],
    "interface": "",
    "top": "grp",
    "follows": "",
    "role": "",
    "bond": "",
    "deployment": "",
    "ours": False,
    "through": True,
}


def nodes(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"instance_id": f"i-{n}", "cluster_name": None} for n, name in enumerate(names, 1)}


def view(name: str = "", members: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    return [{"engine": "pacemaker", "name": name, "members": members or {}, "movers": [], **more}]


def model(failover: str = "none") -> dict[str, Any]:
    overlay = {"address": IP, "destination": f"{IP}/32", "node_addresses": [f"{IP}/32"], "home": "db1"}
    return {"failover": failover, "deployment": "overlay-ip", "nodes": nodes("db1", "db2"), "overlays": [overlay]}


BOTH = {"SAP1.corp": "", "SAP2.corp": ""}


@pytest.mark.parametrize(
    ("names", "views", "found"),
    [
        (("db1", "db2"), {}, ["db1", "db2"]),
        (("db1", "db2"), {"db1": view("SAP1.corp", BOTH), "db2": view("SAP2.corp", BOTH)}, ["SAP1.corp", "SAP2.corp"]),
        # Crossed, whatever the names look like.
        (("a", "b"), {"a": view("b", {"a": "", "b": ""}), "b": view("a", {"a": "", "b": ""})}, ["b", "a"]),
        # One of them cannot be asked: what is left over.
        (("db1", "db2"), {"db2": view("SAP1.corp", BOTH)}, ["SAP2.corp", "SAP1.corp"]),
        # Of three, two cannot be asked: by the instance, by the name.
        (
            ("db1", "db2", "db3"),
            {"db3": view("X3", {"X1": "", "X2": "i-1", "X3": ""})},
            ["X2", "X1", "X3"],
        ),
        (
            ("db1", "db2", "db3"),
            {"db3": view("X", {"DB2.corp": "", "db1.corp": "", "X": ""})},
            ["db1.corp", "DB2.corp", "X"],
        ),
        # Nobody knows: the inventory's names.
        (("db1", "db2", "db3"), {"db3": view("X3", {"X1": "", "X2": "", "X3": ""})}, ["db1", "db2", "X3"]),
    ],
)
def test_names(names: tuple[str, ...], views: dict[str, Any], found: list[str]) -> None:
    assert list(clusters.cluster_names(nodes(*names), views).values()) == found


def test_what_the_inventory_says_goes_first() -> None:
    given = nodes("db1", "db2")
    given["db1"]["cluster_name"] = "SAP2.corp"
    found = clusters.cluster_names(given, {"db2": view("", BOTH)})
    assert found == {"db1": "SAP2.corp", "db2": "SAP1.corp"}


def test_who_was_not_heard_yet_is_heard_later() -> None:
    given = model()
    clusters.heed(given, {})
    assert [node["cluster_name"] for node in given["nodes"].values()] == ["db1", "db2"]
    clusters.heed(given, {"db1": view("SAP1.corp", BOTH)})
    assert [node["cluster_name"] for node in given["nodes"].values()] == ["SAP1.corp", "SAP2.corp"]
    clusters.heed(given, {})
    assert [node["cluster_name"] for node in given["nodes"].values()] == ["SAP1.corp", "SAP2.corp"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("db1", "db1"),
        ("i-2", "db2"),
        ("SAP2.corp", "db2"),
        ("sap2.CORP", "db2"),
        ("DB1", "db1"),
        ("sap2", None),
        ("i-3", None),
        ("", None),
    ],
)
def test_whom_a_person_means(word: str, name: str | None) -> None:
    given = nodes("db1", "db2")
    for n, node in enumerate(given.values(), 1):
        node["cluster_name"] = f"SAP{n}.corp"
    assert clusters.called(given, word) == name


def test_the_inventorys_name_goes_before_the_clusters() -> None:
    given = nodes("a", "b")
    given["a"]["cluster_name"], given["b"]["cluster_name"] = "b", "a"
    assert clusters.called(given, "a") == "a"


def test_an_overlay_that_another_resource_moves() -> None:
    given = model()
    told = {f"db{n}": view(f"SAP{n}.corp", BOTH, movers=[MOVER], holders={IP: "SAP2.corp"}) for n in (1, 2)}
    clusters.heed(given, told)
    (overlay,) = given["overlays"]
    assert overlay["moved_by"] == {
        "resource": "rsc_ip",
        "engine": "pacemaker",
        "agent": "ocf:heartbeat:aws-vpc-move-ip",
        "moves": "route",
        "top": "grp",
        "follows": "",
        "role": "",
        "through": True,
    }
    assert (overlay["resource"], overlay["top"], overlay["home"]) == ("rsc_ip", "grp", "db2")
    assert given["mover"] == "pacemaker"


@pytest.mark.parametrize(
    "change",
    [{"destinations": ["192.0.2.1/32"]}, {"moves": "named"}, {"destinations": []}],
)
def test_what_moves_something_else(change: dict[str, Any]) -> None:
    given = model()
    clusters.heed(given, {"db1": view(movers=[{**MOVER, **change}])})
    assert (given["overlays"][0]["moved_by"], given["mover"]) == (None, "none")
    assert given["overlays"][0]["resource"] == f"overlay-ip-{IP}"


def test_what_an_overlay_follows_is_said_by_the_constraint_whoever_moves_it() -> None:
    bound = {"follows": "msl_DB", "role": "Unpromoted", "bond": "col"}
    for ours in (True, False):
        given = model("pacemaker")
        clusters.heed(given, {"db1": view(movers=[{**MOVER, **bound, "ours": ours}])})
        assert given["overlays"][0]["bound"] == bound
    clusters.heed(given, {"db1": view(movers=[MOVER])})
    assert given["overlays"][0]["bound"] is None


def test_what_another_deployment_moves_is_told_as_a_shared_address_and_here_not_at_all() -> None:
    given = model("pacemaker")
    clusters.heed(given, {"db1": view(movers=[{**MOVER, "deployment": "sap"}])})
    assert (given["overlays"][0]["moved_by"], given["overlays"][0]["resource"]) == (None, f"overlay-ip-{IP}")


def test_a_deployment_has_names_of_its_own() -> None:
    given = {**model("pacemaker"), "deployment": "sap"}
    clusters.heed(given, {})
    assert given["overlays"][0]["resource"] == f"sap-overlay-ip-{IP}"


def test_who_answers_and_knows_no_cluster_is_not_the_one_that_is_left_over() -> None:
    members = {"db1": "", "gone": ""}
    there = view("db1", members)
    assert clusters.cluster_names(nodes("db1", "new"), {"db1": there, "new": []})["new"] == "new"
    assert clusters.cluster_names(nodes("db1", "new"), {"db1": there, "new": view()})["new"] == "new"
    # Nobody could ask it, or it has the cluster's configuration and the cluster does not run there.
    assert clusters.cluster_names(nodes("db1", "new"), {"db1": there})["new"] == "gone"
    assert clusters.cluster_names(nodes("db1", "new"), {"db1": there, "new": view("", members)})["new"] == "gone"


def test_one_of_ours_is_nobody_elses_under_whatever_name() -> None:
    given = model("pacemaker")
    clusters.heed(given, {"db1": view(movers=[{**MOVER, "ours": True}])})
    (overlay,) = given["overlays"]
    assert (overlay["moved_by"], overlay["resource"], overlay["top"]) == (None, "rsc_ip", "grp")
    assert (given["mover"], overlay["home"]) == ("pacemaker", "db1")


def test_two_are_one_too_many() -> None:
    given = model("pacemaker")
    clusters.heed(given, {"db1": view(movers=[{**MOVER, "ours": True, "name": "mine"}, MOVER])})
    (overlay,) = given["overlays"]
    assert (overlay["moved_by"]["resource"], overlay["resource"], overlay["home"]) == ("rsc_ip", "mine", "db1")


def test_why_a_move_is_not_judged_is_the_clusters_word() -> None:
    given = model()
    clusters.heed(given, {"db1": view(movers=[{**MOVER, "unclear": "col says of it what cannot be judged"}])})
    assert given["overlays"][0]["unclear"] == "col says of it what cannot be judged"
    clusters.heed(given, {"db1": view(movers=[MOVER])})
    assert given["overlays"][0]["unclear"] == ""


@pytest.mark.parametrize(("top", "why"), [("grp", ""), ("rsc_ip2", "grp and rsc_ip2 move it, each by itself")])
def test_of_two_that_move_it_one_alone_is_not_moved(top: str, why: str) -> None:
    """Those in one group are moved at once."""
    given = model()
    second = {**MOVER, "name": "rsc_ip2", "agent": "ocf:heartbeat:IPaddr2", "moves": "address", "top": top}
    clusters.heed(given, {"db1": view(movers=[MOVER, second]), "db2": view(movers=[MOVER, second])})
    assert given["overlays"][0]["unclear"] == why


def test_what_cannot_be_asked_to_move_it_is_not_the_mover() -> None:
    given = model()
    clusters.heed(given, {"db1": view(movers=[{**MOVER, "through": False}])})
    assert given["overlays"][0]["moved_by"]["through"] is False
    assert given["mover"] == "none"


TOLD = {"node1": view("SAP1.corp", BOTH), "node2": view("SAP2.corp", BOTH)}


def given(told: dict[str, Any] | None = None, hosts: Any = None, **request: str) -> inventory_model.Given:
    return inventory_model.Given({**GOOD, **request}, hosts or NODES, GROUPS, NAMES, told=told or {})


@pytest.mark.parametrize("word", ["node2", "SAP2.corp", "sap2.corp", "i-0123456789abcdef1"])
def test_a_request_may_name_a_node_in_each_way(word: str) -> None:
    read = inventory_model.judged(given(TOLD, target=word, expected_active="SAP1.corp"), switchover=True)
    assert (read["target"], read["expected_active"]) == ("node2", "node1")


def test_a_name_that_the_inventory_gives_needs_nobody_to_be_asked() -> None:
    hosts = {name: {**node, "overlay_ip_cluster_name": f"X-{name}"} for name, node in NODES.items()}
    asked = given(hosts=hosts, target="x-NODE2")
    assert inventory_model.stranger(asked) is None
    assert inventory_model.judged(asked, switchover=True)["target"] == "node2"


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ({"target": "SAP2.corp"}, True),
        ({"target": "node2", "expected_active": "SAP1.corp"}, True),
        ({"target": "node2"}, False),
        ({"target": "node2", "expected_active": "any"}, False),
        ({}, False),
        # What is wrong besides is told at once, and nobody is asked for it.
        ({"target": "SAP2.corp", "overlay_ip_wait_timeout": "soon"}, False),
    ],
)
def test_whether_the_nodes_are_to_be_asked(request_: dict[str, str], asked: bool) -> None:
    made = inventory_model.Given({**GOOD, **request_}, NODES, GROUPS, NAMES)
    assert bool(inventory_model.stranger(made)) is asked


def test_who_still_is_nobody_is_refused() -> None:
    with pytest.raises(inventory_model.InventoryError, match="target is 'SAP3', which is no node: choose one of node1"):
        inventory_model.judged(given(TOLD, target="SAP3"), switchover=True)


@pytest.mark.parametrize(
    ("holders", "node"),
    [({IP: "SAP2.corp"}, "db2"), ({IP: "self"}, ""), ({IP: ""}, ""), ({"192.168.10.99": "SAP2.corp"}, ""), ({}, "")],
)
def test_where_a_cluster_has_it(holders: dict[str, str], node: str) -> None:
    """keepalived says `self` alone: it follows the routes, and so does setup."""
    made = model("pacemaker")
    clusters.heed(made, {"db1": view("SAP1.corp", BOTH, holders=holders), "db2": view("SAP2.corp", BOTH)})
    assert made["overlays"][0]["engine_holder"] == node


@pytest.mark.parametrize(
    ("first", "second", "node"),
    [
        ({"holder": ""}, {"holder": "self"}, "db2"),
        ({"holder": "self"}, {"holder": "self"}, ""),
        ({"holder": ""}, {"holder": ""}, ""),
        ({"holder": ""}, {"holder": "self", "running": False}, ""),
        ({"holders": {IP: ""}}, {"holders": {IP: "self"}}, "db2"),
        ({"holders": {IP: "self"}, "holder": ""}, {"holders": {IP: ""}, "holder": "self"}, "db1"),
        ({"holders": {IP: "SAP2.corp"}}, {}, "db2"),
    ],
)
def test_which_node_an_engine_names(first: dict[str, Any], second: dict[str, Any], node: str) -> None:
    made = model("keepalived")
    clusters.heed(made, {"db1": view("SAP1.corp", BOTH, **first), "db2": view("SAP2.corp", BOTH, **second)})
    assert made["overlays"][0]["engine_node"] == node
