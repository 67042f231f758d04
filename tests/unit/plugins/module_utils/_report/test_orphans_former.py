# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a prefix carries now, or the other way round: what is left over, and what is replaced."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import orphans, status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report.sight import Sight

NET, APP, DB = "10.99.0.0/28", "10.99.0.5/32", "10.99.0.6/32"


def overlay(destination: str, *addresses: str) -> dict[str, Any]:
    made: dict[str, Any] = {"destination": destination, "address": destination.removesuffix("/32")}
    made["node_addresses"], shared = list(addresses), destination == NET
    entries = [{"place": n, "address": a[:-3], "name": "", "route": shared} for n, a in enumerate(addresses)]
    made |= {"entries": entries, "home": "node1", "route_table_ids": [], "vpc_id": None}
    return {**made, "interface": "auto", "label": "auto"}


SHARED, SINGLE = [overlay(NET, APP, DB)], [overlay(APP, APP), overlay(DB, DB)]


def model(overlays: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    nodes = {f"node{n}": {"instance_id": f"i-{n}", "network_interface_id": None, "device_index": 0} for n in (1, 2)}
    made = {"nodes": nodes, "overlays": overlays, "failover": "none", "region": "eu-central-1"}
    return {**made, "deployment": "overlay-ip", "exclusive": False, "persistent": True, **more}


def host(*entries: tuple[str, ...], routed: Any = (), given: Any = (), node: int = 1) -> dict[str, Any]:
    overlays = [{"destination": one[0], "addresses": list(one[1:]), "route_table_ids": ["rtb-1"]} for one in entries]
    program = {"name": f"node{node}", "network_interface_id": f"eni-{node}", "peers": {}, "overlays": overlays}
    view = {"engine": "pacemaker", "running": True, "configured": True, "state": "", "holder": ""}
    return {
        "identity": {"instance_id": f"i-{node}", "interfaces": []},
        "addresses": [{"address": a, "live": True} for a in (APP, DB)],
        "failover": [{**view, "given": [{"slug": slug, "command": f"drop {slug}"} for slug in given]}] if given else [],
        "record": {"program": {**program, "left": []} if entries else None, "live": [], "saved": [], "routed": routed},
    }


def to(node: int, **more: str) -> dict[str, Any]:
    ids = {"network_interface_id": f"eni-{node}", "instance_id": f"i-{node}", "state": "active"}
    return {"route_table_id": "rtb-1", **ids, **more}


def seen(destination: str, own: int | None, *beside: dict[str, Any], findings: Any = ()) -> dict[str, Any]:
    route = to(own) if own else {"route_table_id": "rtb-1", "state": None}
    made = {"destination": destination, "routes": [route], "others": [], "beside": list(beside)}
    return {**made, "consistent": True, "holder": to(own) if own else None, "findings": list(findings)}


def judged(of: dict[str, Any], said: dict[str, Any], looked: list[dict[str, Any]], left: Any = ()) -> dict[str, Any]:
    return orphans.judged(Sight(of, said, looked, left))


def test_single_routes_are_replaced_and_no_leftovers() -> None:
    said = {"node1": host((APP, APP), (DB, DB)), "node2": host((APP, APP), (DB, DB), node=2)}
    of = model(SHARED, failover="keepalived")
    looked = [seen(NET, 1, to(1, destination=APP), to(1, destination=DB))]
    assert judged(of, said, looked)["destinations"] == [APP, DB]
    found = judged(of, said, looked, [seen(APP, 1), seen(DB, 1)])
    assert found["findings"] == []
    assert found["routes"] == []
    assert found["replaced"] == [APP, DB]
    assert [e["destination"] for e in found["left"]["node1"]] == [APP, DB], "the engine may still ask for them"
    assert found["kept_on"] == {"node1": [], "node2": []}
    assert found["strangers"] == []


def test_a_program_of_other_addresses_is_still_a_strangers() -> None:
    said = {"node1": host(("192.168.10.15/32", "192.168.10.15/32"))}
    assert judged(model(SHARED), said, [seen(NET, 1)])["strangers"] == ["node1"]


def test_what_is_at_two_nodes_is_refused_whatever_is_asked_for() -> None:
    found = judged(model(SHARED), {"node1": host()}, [seen(NET, None, to(1, destination=APP), to(2, destination=DB))])
    for choice in ("report", "remove"):
        assert found["refused"][choice] == [
            f"rtb-1 routes {DB} to node2, and {NET}, which replaces it, is held by node1. With the inventory as it was,"
            f" switch over to one node; or, where {NET} has its route already, switch over to node2."
        ]


def test_the_engines_resources_of_them_are_handed_over_and_others_are_left_over() -> None:
    said = {"node1": host(given=["10.99.0.5", "10.99.0.6", "192.168.10.9", "10.99.0.0-28"])}
    found = judged(
        model(SHARED, failover="pacemaker"), said, [seen(NET, 1, to(1, destination=APP), to(1, destination=DB))]
    )
    assert (found["handed_over"], found["resources"]) == (["10.99.0.5", "10.99.0.6"], ["192.168.10.9"])


def test_the_way_back_leaves_the_prefix_over_if_it_is_on_record() -> None:
    prefix = to(2, destination=NET)
    looked = [seen(APP, None, prefix), seen(DB, None, prefix)]
    for routed, gone in (([NET], [NET]), ([], [])):
        assert judged(model(SINGLE), {"node1": host(routed=routed)}, looked)["destinations"] == gone
    of = model(SINGLE, exclusive=True)
    said = {"node1": host(routed=[NET], given=["10.99.0.0-28"])}
    found = judged({**of, "failover": "pacemaker"}, said, looked, [seen(NET, 2)])
    assert [f["id"] for f in found["findings"]] == ["orphan_route"]
    assert [(r["destination"], r["network_interface_id"]) for r in found["routes"]] == [(NET, "eni-2")]
    assert (found["handed_over"], found["replaced"], found["resources"]) == (["10.99.0.0-28"], [], [])


def test_status_tells_one_thing_once_and_what_a_route_carries() -> None:
    overlap = {"id": "more_specific_route", "severity": "warning", "remedy": "Do."}
    mine = {**overlap, "message": f"rtb-1 also has {APP} to eni-1: this part of {NET} goes there, not to the node."}
    other = {**overlap, "message": "rtb-1 also has 10.99.0.9/32 to eni-9: this part goes there."}
    told = status.report(
        model(SHARED), [seen(NET, 1, to(1, destination=APP), findings=[mine, other])], {"node1": host()}
    )
    assert [f["id"] for f in told["overlays"][0]["findings"]] == ["more_specific_route", "former_route"]
    assert status.lines(told)[1] == f"{NET} (10.99.0.5, 10.99.0.6): held by node1"
