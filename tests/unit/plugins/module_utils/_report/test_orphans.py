# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier inventory left: the nodes' records and AWS's routes against the inventory."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import orphans, status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report.sight import Sight

NOW, GONE = "192.168.10.15", "192.168.10.16"


def overlay(address: str = NOW, **more: Any) -> dict[str, Any]:
    made = {"address": address, "destination": f"{address}/32", "node_addresses": [f"{address}/32"], "home": "node1"}
    return {**made, "route_table_ids": [], "vpc_id": None, "interface": "auto", "label": "auto", **more}


def model(*overlays: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes = {
        name: {"instance_id": f"i-{name[-1]}", "network_interface_id": None, "device_index": 0}
        for name in ("node1", "node2")
    }
    made = {"nodes": nodes, "overlays": list(overlays or (overlay(),)), "failover": "none", "region": "eu-central-1"}
    made["deployment"] = "overlay-ip"
    return {**made, "exclusive": False, "persistent": True, **more}


def entry(address: str) -> dict[str, Any]:
    return {"destination": f"{address}/32", "addresses": [f"{address}/32"], "route_table_ids": ["rtb-1"]}


def program(name: str, *addresses: str, left: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    other = "node2" if name == "node1" else "node1"
    made = {"name": name, "network_interface_id": f"eni-{name[-1]}", "peers": {other: f"eni-{other[-1]}"}}
    return {**made, "overlays": [entry(a) for a in addresses], "left": [entry(a) for a in left], **more}


def host(name: str, *, live: Any = (), saved: Any = (), views: Any = (), **record: Any) -> dict[str, Any]:
    interfaces = [{"device_number": n, "network_interface_id": f"eni-{name[-1]}{'b' * n}"} for n in (0, 1)]
    return {
        "identity": {"instance_id": f"i-{name[-1]}", "interfaces": interfaces},
        "addresses": [{"address": f"{NOW}/32", "live": True}],
        "failover": list(views),
        "record": {
            "program": None,
            "live": [{"address": f"{a}/32", "interface": "eth0", "label": "eth0:1"} for a in live],
            "saved": [{"address": f"{a}/32", "interface": "eth0", "label": "", "files": ["/etc/a"]} for a in saved],
            **record,
        },
    }


def hosts(**of_node1: Any) -> dict[str, Any]:
    return {"node1": host("node1", **of_node1), "node2": host("node2")}


def route(node: str = "1", table: str = "rtb-1") -> dict[str, Any]:
    return {
        "route_table_id": table,
        "network_interface_id": f"eni-{node}",
        "instance_id": f"i-{node[0]}",
        "state": "active",
    }


def seen(*routes: dict[str, Any], address: str = NOW, others: Any = ()) -> dict[str, Any]:
    made = {"destination": f"{address}/32", "routes": list(routes or (route(),)), "others": list(others)}
    return {**made, "consistent": True, "holder": route(), "findings": []}


def judged(of: dict[str, Any], said: dict[str, Any], *looked: dict[str, Any], left: Any = ()) -> dict[str, Any]:
    return orphans.judged(Sight(of, said, looked or (seen(),), left))


def ids(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(f["id"], f["severity"], f["node"]) for f in found["findings"]]


def view(engine: str, *given: str, running: bool = True, configured: bool = True) -> dict[str, Any]:
    slugs = [{"slug": slug, "command": f"drop {slug}"} for slug in given]
    return {"engine": engine, "running": running, "configured": configured, "given": slugs, "state": "", "holder": ""}


def test_what_is_as_the_inventory_says_is_no_orphan() -> None:
    found = judged(model(), hosts(live=[NOW], saved=[NOW]))
    assert found["findings"] == []
    assert found["destinations"] == []
    assert not any(found[key] for key in ("engines", "resources", "routes", "addresses", "release", "programs"))
    assert found["left"] == {"node1": [], "node2": []}


def test_a_removed_overlay_ip_is_named_with_the_commands_that_remove_it() -> None:
    said = hosts(live=[NOW, GONE], saved=[NOW, GONE])
    assert judged(model(), said)["destinations"] == [f"{GONE}/32"]
    found = judged(model(), said, left=[seen(route("1"), address=GONE)])
    assert ids(found) == [("orphan_route", "warning", ""), ("orphan_address", "warning", "node1")]
    of_route, of_address = found["findings"]
    assert of_route["message"] == (
        f"rtb-1 still routes {GONE}/32 to node1, which is no overlay IP of the inventory any more."
    )
    command = f"aws ec2 delete-route --region eu-central-1 --route-table-id rtb-1 --destination-cidr-block {GONE}/32"
    assert of_route["remedy"] == f"`{command}`, or overlay_ip_orphans=remove takes it away."
    assert of_address["message"] == (
        f"node1 still has {GONE}, which is no overlay IP of the inventory any more: up on eth0 as eth0:1, kept by"
        " /etc/a."
    )
    assert f"-m aws_ha.overlay_ip.overlay_interface -a 'addresses={GONE} state=absent'" in of_address["remedy"]
    assert found["addresses"] == {"node1": [GONE]}
    assert [r["route_table_id"] for r in found["routes"]] == ["rtb-1"]
    assert len(found["told"]["report"]) == 2
    assert found["told"]["remove"] == []


@pytest.mark.parametrize("kept", ["overlays", "left"])
def test_what_the_program_still_knows_is_kept_until_nothing_of_it_is_there(kept: str) -> None:
    addresses = (NOW, GONE) if kept == "overlays" else (NOW,)
    known = program("node1", *addresses, left=(GONE,) if kept == "left" else ())
    of = model(failover="keepalived", persistent=False, exclusive=True)
    up = judged(of, hosts(live=[GONE], program=known))
    assert [e["destination"] for e in up["left"]["node1"]] == [f"{GONE}/32"]
    routed = judged(of, hosts(program=known), left=[seen(address=GONE)])
    assert [e["destination"] for e in routed["left"]["node1"]] == [f"{GONE}/32"]
    nothing = judged(of, hosts(program=known), left=[])
    assert nothing["left"]["node1"] == []
    not_looked = judged(of, hosts(program=known), left=None)
    assert len(not_looked["left"]["node1"]) == 1
    silent = judged(of, {"node1": host("node1", program=known), "node2": {}}, left=[])
    assert len(silent["left"]["node1"]) == 1


def test_a_route_of_somebody_else_is_not_ours_to_remove() -> None:
    foreign = {**route(), "network_interface_id": "eni-9", "instance_id": "i-9"}
    gateway = {"route_table_id": "rtb-2", "network_interface_id": None, "instance_id": None, "target": "tgw-1"}
    left = [seen(foreign, gateway, address=GONE)]
    assert judged(model(), hosts(saved=[GONE]), left=left)["routes"] == []


def test_the_route_to_a_node_that_is_none_any_more_is_ours() -> None:
    known = program("node1", NOW, GONE, peers={"node9": "eni-9"})
    gone = {**route(), "network_interface_id": "eni-9", "instance_id": "i-9"}
    (found,) = judged(model(), hosts(program=known), left=[seen(gone, address=GONE)])["routes"]
    assert found["holder"] == "i-9"


def test_a_table_that_is_named_no_more() -> None:
    looked = seen(route(), others=[route("2", "rtb-2")])
    found = judged(model(), hosts(), looked)
    assert [(r["route_table_id"], r["holder"]) for r in found["routes"]] == [("rtb-2", "node2")]
    assert found["findings"][0]["message"].startswith(f"rtb-2 still routes {NOW}/32 to node2, and is not to any more.")
    looked["findings"] = [{"id": "unmanaged_route", "severity": "warning", "message": "", "remedy": ""}]
    report = status.report(model(), [looked], hosts(), found)
    assert report["overlays"][0]["findings"] == []  # told once
    assert [f["id"] for f in report["orphans"]] == ["orphan_route"]
    assert report["healthy"]
    assert "left by an earlier inventory:" in status.lines(report)


def test_an_ipv6_route_is_removed_by_its_own_option() -> None:
    looked = {**seen(), "destination": "2001:db8::15/128", "others": [route("2", "rtb-2")]}
    (found,) = judged(model(), hosts(), looked)["findings"]
    assert "--destination-ipv6-cidr-block 2001:db8::15/128" in found["remedy"]


@pytest.mark.parametrize(("running", "severity"), [(True, "error"), (False, "warning")])
def test_another_engine(running: bool, severity: str) -> None:
    of = model(failover="pacemaker", exclusive=True, persistent=False)
    found = judged(of, hosts(views=[view("keepalived", running=running), view("pacemaker", "192.168.10.15")]))
    assert ids(found) == [("orphan_engine", severity, "")]
    assert found["engines"] == ["keepalived"]
    assert found["told"] == {"report": [], "remove": []}  # setup mends it


def test_an_engine_that_setup_did_not_configure_is_nobodys_orphan() -> None:
    assert judged(model(), hosts(views=[view("keepalived", configured=False)]))["engines"] == []


def test_a_resource_of_the_chosen_engine() -> None:
    of = model(failover="pacemaker", exclusive=True, persistent=False)
    found = judged(of, hosts(views=[view("pacemaker", NOW, GONE)]))
    assert ids(found) == [("orphan_resource", "warning", "")]
    assert f"`drop {GONE}`" in found["findings"][0]["remedy"]
    assert found["resources"] == [GONE]


def test_a_removed_node_may_still_take_over() -> None:
    known = program("node1", NOW, peers={"node2": "eni-2", "node9": "eni-9"})
    found = judged(model(failover="keepalived"), hosts(program=known))
    assert ids(found) == [("orphan_node", "warning", "")]
    assert "On node9 `systemctl disable --now keepalived; aws-overlay-ip give-up`" in found["findings"][0]["remedy"]
    assert found["removed"] == {"node1": {"node9": "eni-9"}, "node2": {}}
    assert found["refused"] == {"report": [], "remove": []}


def test_a_removed_node_is_named_as_long_as_the_record_has_it() -> None:
    known = program("node1", NOW, removed={"node9": "eni-9", "node8": "eni-2b"})
    found = judged(model(failover="keepalived"), hosts(program=known))
    assert ids(found) == [("orphan_node", "warning", "")] * 2
    assert list(found["removed"]["node1"]) == ["node9", "node8"]
    back = program("node1", NOW, removed={"node2": "eni-2"})
    assert judged(model(failover="keepalived"), hosts(program=back))["findings"] == []


def test_a_node_by_another_name_is_none_that_was_removed() -> None:
    known = program("node1", NOW, peers={"old-name": "eni-2"})
    assert judged(model(failover="keepalived"), hosts(program=known))["findings"] == []


@pytest.mark.parametrize(
    ("engine", "state", "told"), [("keepalived", "active", 1), ("keepalived", "blackhole", 0), ("none", "active", 0)]
)
def test_a_removed_node_that_holds_is_refused_where_an_engine_would_take_it(engine: str, state: str, told: int) -> None:
    known = program("node1", NOW, peers={"node2": "eni-2", "node9": "eni-9"})
    gone = {"route_table_id": "rtb-1", "network_interface_id": "eni-9", "instance_id": "i-9", "state": state}
    found = judged(model(failover=engine), hosts(program=known), seen(gone))
    sentence = (
        f"{NOW}/32 is routed to eni-9 of node9, which is no node of the inventory any more. Put node9 back, run the"
        " switchover to a node that stays, then take it out again."
    )
    assert found["refused"] == {"report": [sentence] * told, "remove": [sentence] * told}


def strange(engine: str, **more: Any) -> dict[str, Any]:
    """A node that keepalived of another inventory moves an overlay IP on."""
    said = hosts(program=program("node1", GONE, peers={"node9": "eni-9"}), views=[view("keepalived")], **more)
    return judged(model(failover=engine), said)


def test_beside_no_engine_another_inventory_s_is_left_alone() -> None:
    found = strange("none", live=[GONE, NOW], saved=[NOW])
    assert ids(found) == [("other_inventory", "info", "node1")]
    assert found["findings"][0]["message"] == (
        f"keepalived on node1 moves {GONE}/32 for the deployment 'overlay-ip', and this inventory, whose"
        f" overlay_ip_name is the same, has {NOW}/32: that is another inventory's, or all were renamed."
    )
    assert found["strangers"] == ["node1"]
    assert found["refused"] == {"report": [], "remove": []}
    assert not any(found[key] for key in ("engines", "addresses", "programs", "destinations"))


@pytest.mark.parametrize(("engine", "refused"), [("keepalived", ["report"]), ("pacemaker", ["report", "remove"])])
def test_an_engine_takes_the_place_of_another_inventory_s_on_request_alone(engine: str, refused: list[str]) -> None:
    found = strange(engine, live=[GONE])
    assert [choice for choice, told in found["refused"].items() if told] == refused
    assert found["engines"] == []
    assert found["addresses"] == {"node1": [GONE]}


def test_a_replaced_node() -> None:
    known = program("node1", NOW, peers={"node2": "eni-old"})
    found = judged(model(failover="keepalived"), hosts(program=known))
    assert ids(found) == [("node_replaced", "error", "node1")]
    assert "node1 takes eni-old for the interface of node2, but it is eni-2" in found["findings"][0]["message"]
    assert found["told"] == {"report": [], "remove": []}  # setup mends it


def test_a_machine_that_is_not_the_one_of_the_inventory_is_refused() -> None:
    of = model()
    of["nodes"]["node2"]["instance_id"] = "i-old"
    found = judged(of, hosts())
    assert ids(found) == [("wrong_instance", "error", "node2")]
    told = (
        "node2 is i-2, but the inventory says i-old: the node was replaced. Set overlay_ip_instance_id of node2 to i-2,"
        " or refresh the inventory's source, then run setup."
    )
    assert found["refused"] == {"report": [told], "remove": [told]}


@pytest.mark.parametrize("chosen", [{"device_index": 1}, {"network_interface_id": "eni-1b"}])
def test_a_route_to_another_interface_of_the_node(chosen: dict[str, Any]) -> None:
    of = model()
    of["nodes"]["node1"].update(chosen)
    found = judged(of, hosts(), seen(route(), route(table="rtb-2")))
    assert ids(found) == [("other_interface", "warning", "node1")]
    assert found["findings"][0]["message"] == (
        f"rtb-1, rtb-2: {NOW}/32 still goes to eni-1 of node1, whose interface is eni-1b now."
    )
    assert found["findings"][0]["remedy"] == "`ansible-playbook switchover.yml -e target=node1` moves it."
    assert len(found["told"]["report"]) == len(found["told"]["remove"]) == 1
    assert found["former"] == {"node1": ["eni-1"], "node2": []}


def test_a_remedy_has_no_command_with_a_name_that_would_make_another_one_of_it() -> None:
    name, of = "n{{ 1 }} *", model()
    for known in (of["nodes"], said := hosts(live=[NOW, GONE], saved=[NOW, GONE])):
        known[name] = known.pop("node1")
    of["nodes"][name]["device_index"] = 1
    found = judged(of, said, seen(route(), route(table="rtb-2")))
    assert [f["remedy"] for f in found["findings"] if f["node"] == name] == [
        "Setup with overlay_ip_orphans=remove takes it away.",
        f"A switchover to {name} moves it.",
    ]


def test_an_address_on_another_interface_or_with_another_label() -> None:
    of = model(overlay(interface="eth1", label="eth1:9"))
    assert ids(judged(of, hosts(live=[NOW]))) == [
        ("other_interface_on_node", "warning", "node1"),
        ("other_label_on_node", "warning", "node1"),
    ]
    v6 = model(overlay("2001:db8::15", interface="eth0", label="eth0:9"))
    v6["overlays"][0].update(destination="2001:db8::15/128", node_addresses=["2001:db8::15/128"])
    assert judged(v6, hosts(live=["2001:db8::15"]))["findings"] == []


@pytest.mark.parametrize(
    ("index", "interface", "up", "told"),
    [
        (1, "auto", [NOW], True),
        (1, "eth2", [NOW], True),
        (1, "eth1", [NOW], False),  # setup moves it there
        (0, "auto", [NOW], False),
        (1, "auto", [], False),
    ],
)
def test_an_address_whose_packets_come_in_by_another_interface(
    index: int, interface: str, up: list[str], told: bool
) -> None:
    of, said = model(overlay(interface=interface)), hosts(live=up)
    of["nodes"]["node1"]["device_index"] = index
    assert not any(f["id"] == "arrives_elsewhere" for f in judged(of, said)["findings"])  # nobody knows the names
    for number, one in enumerate(said["node1"]["identity"]["interfaces"]):
        one["name"] = f"eth{number}"
    found = [f for f in judged(of, said, seen(route("1b")))["findings"] if f["id"] == "arrives_elsewhere"]
    assert [(f["severity"], f["node"], f["message"], f["remedy"]) for f in found] == [
        (
            "warning",
            "node1",
            f"{NOW} is on eth0 of node1, but its packets come in by eth1 (eni-1b): where the replies leave by eth0, EC2"
            " drops them.",
            "Set `interface: eth1` of this overlay IP, and run setup.",
        )
    ] * told


def test_files_go_where_only_the_holder_has_the_address() -> None:
    said = {"node1": host("node1", saved=[NOW], live=[NOW]), "node2": host("node2", saved=[NOW], live=[NOW])}
    of = model(failover="keepalived", exclusive=True, persistent=False)
    assert judged(of, said, seen(route("1")))["release"] == {"node2": [f"{NOW}/32"]}
    assert judged(of, said, seen(route("2")))["release"] == {"node1": [f"{NOW}/32"]}
    split = seen(route("1"), route("2", "rtb-2"))
    assert judged(of, said, split)["release"] == {}  # a table still leads there
    assert judged(model(), said, seen(route("1")))["release"] == {}


def test_a_program_that_no_engine_needs() -> None:
    found = judged(model(), hosts(program=program("node1", NOW)), left=[])
    assert ids(found) == [("orphan_program", "info", "node1")]
    assert found["programs"] == ["node1"]
    kept = judged(model(), hosts(program=program("node1", NOW, GONE), live=[GONE]), left=[])
    assert kept["programs"] == []  # it is the only record of what is left
