# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of whom: the calls that the model leads to, and the nodes that must say who they are."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import calls
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import InventoryError
from unit.inventory import NODES, read

OVERLAYS = read(
    overlay_ips=[
        {"address": "192.168.10.1", "route_table_ids": "rtb-0123456789abcdef0, rtb-0123456789abcdef1"},
        {"address": "192.168.10.2", "home": "node2"},
        {"address": "192.168.10.3", "label": "", "interface": "lo"},
        {"address": "192.168.20.0/24", "node_addresses": ["192.168.20.1"]},
        {"address": "192.168.30.0/24"},
    ]
)["overlays"]


def test_overlays_that_share_tables_share_a_call() -> None:
    tables = ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"]
    rest = ["192.168.10.2/32", "192.168.10.3/32", "192.168.20.0/24", "192.168.30.0/24"]
    made = calls.route_calls(OVERLAYS, by_home=False)
    assert [(c["destinations"], c["route_table_ids"], c["home"]) for c in made] == [
        (["192.168.10.1/32"], tables, None),
        (rest, [], None),
    ]
    by_home = calls.route_calls(OVERLAYS, by_home=True)
    assert [(c["home"], c["destinations"]) for c in by_home] == [
        ("node1", ["192.168.10.1/32"]),
        ("node2", ["192.168.10.2/32"]),
        ("node1", ["192.168.10.3/32", "192.168.20.0/24", "192.168.30.0/24"]),
    ]


def test_addresses_that_share_interface_and_label_share_a_call() -> None:
    assert calls.interface_calls(OVERLAYS) == [
        {
            "interface": "auto",
            "label": "auto",
            "addresses": ["192.168.10.1/32", "192.168.10.2/32", "192.168.20.1/32"],
        },
        {"interface": "lo", "label": "", "addresses": ["192.168.10.3/32"]},
    ]


def test_interfaces_are_grouped_by_how_they_are_named() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "node1": {"overlay_ip_network_interface_id": "eni-0123456789abcdef0"},
        "node2": {"overlay_ip_instance_id": "i-0123456789abcdef1", "overlay_ip_device_index": 1},
    }
    assert calls.interface_groups(read(hosts)["nodes"]) == [
        {"network_interface_ids": ["eni-0123456789abcdef0"]},
        {"device_index": 1, "instance_ids": ["i-0123456789abcdef1"]},
    ]


def test_no_group_of_interfaces_is_empty() -> None:
    by_instance = calls.interface_groups(read()["nodes"])
    assert by_instance == [{"device_index": 0, "instance_ids": [n["overlay_ip_instance_id"] for n in NODES.values()]}]
    unknown: dict[str, dict[str, Any]] = {"node1": {"overlay_ip_device_index": 1}, "node2": NODES["node2"]}
    assert calls.interface_groups(read(unknown)["nodes"]) == [
        {"device_index": 0, "instance_ids": [NODES["node2"]["overlay_ip_instance_id"]]}
    ]


def answer(number: int) -> dict[str, Any]:
    interface = {"device_number": 0, "network_interface_id": f"eni-{number}", "vpc_id": "vpc-1"}
    return {"identity": {"instance_id": f"i-{number}", "interfaces": [interface]}}


def test_nodes_that_the_inventory_does_not_name_are_asked() -> None:
    model = read({"node1": {}, "node2": NODES["node2"]})
    assert inventory_model.unknown(model) == ["node1"]
    inventory_model.identify(model, {"node1": answer(1)})
    assert model["nodes"]["node1"]["instance_id"] == "i-1"
    assert model["nodes"]["node1"]["network_interface_id"] == "eni-1"
    assert inventory_model.unknown(model) == []


@pytest.mark.parametrize(
    ("told", "why"),
    [({"unreachable": True}, "cannot be reached"), ({}, "got no answer from the instance metadata service")],
)
def test_a_node_that_cannot_say_who_it_is(told: dict[str, Any], why: str) -> None:
    with pytest.raises(InventoryError) as refused:
        inventory_model.identify(read({"node1": {}, "node2": {}}), {"node1": told})
    assert str(refused.value) == (
        f"overlay_ip_instance_id of node1 is not set, and node1 {why}: set it, or see to the node."
    )


def test_a_node_that_moves_the_route_itself_tells_its_interface_and_vpc() -> None:
    model = read(switchover=True, target="node2", overlay_ip_api_from="node")
    assert inventory_model.unknown(model) == ["node2"]
    inventory_model.identify(model, {"node2": answer(2)})
    assert inventory_model.unknown(model) == []
    assert model["nodes"]["node2"]["instance_id"] == NODES["node2"]["overlay_ip_instance_id"], "the inventory wins"


@pytest.mark.parametrize(
    ("api_from", "target", "asked"),
    [("controller", "node2", []), ("node", None, []), ("node", "node2", ["node2"])],
)
def test_only_a_target_that_moves_the_route_itself_is_asked_for_more_than_its_instance(
    api_from: str, target: str | None, asked: list[str]
) -> None:
    model = read(switchover=target is not None, target=target, overlay_ip_api_from=api_from)
    assert inventory_model.unknown(model) == asked
    if asked:  # half of it is not enough
        model["nodes"]["node2"]["network_interface_id"] = "eni-2"
        assert inventory_model.unknown(model) == asked


def test_an_address_that_a_clusters_own_resource_moves_is_left_to_it() -> None:
    moved = [{**overlay, "moved_by": {"resource": "rsc_ip"}} for overlay in OVERLAYS[:1]]
    assert calls.interface_calls(moved) == []
    assert calls.interface_calls([{**OVERLAYS[0], "moved_by": None}]) == calls.interface_calls(OVERLAYS[:1]) != []
