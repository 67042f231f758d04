# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable, right and wrong: the model, or one sentence with variable, value and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import Given
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.values import mistakes
from unit.inventory import GOOD, GROUPS, NODES, read, refusal


def test_the_smallest_inventory() -> None:
    model = read()
    assert model["overlays"] == [
        {
            "address": "192.168.10.15",
            "destination": "192.168.10.15/32",
            "home": "node1",
            "route_table_ids": [],
            "vpc_id": None,
            "interface": "auto",
            "label": "auto",
            "node_addresses": ["192.168.10.15/32"],
            "vrrp_id": None,
            "follows": None,
            "apart_from": None,
            "called": ["192.168.10.15", "192.168.10.15/32"],
            "entries": [{"place": 0, "address": "192.168.10.15", "name": "", "route": False}],
            "unclear": "",
            "apart": {},
            "firmly_apart": [],
            "apart_by": "",
            "engine_holder": "",
            "engine_node": "",
            "moved_with": "overlay-ip-192.168.10.15",
            "bound": None,
            "moved_by": None,
            "resource": "overlay-ip-192.168.10.15",
            "top": "overlay-ip-192.168.10.15",
        }
    ]
    node = {"network_interface_id": None, "vpc_id": None, "device_index": 0, "iam_role": None}
    assert model["nodes"] == {
        name: {"instance_id": v["overlay_ip_instance_id"], **node, "cluster_name": name} for name, v in NODES.items()
    }
    assert {
        name: model[name] for name in ("region", "api_from", "failover", "exclusive", "rollback", "wait_timeout")
    } == {
        "region": "eu-central-1",
        "api_from": "controller",
        "failover": "none",
        "exclusive": False,
        "rollback": True,
        "wait_timeout": 60,
    }
    assert model["aws"] == {"region": "eu-central-1"}
    assert model["persistent"] is True


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"overlay_ip_group": "empty"},
            "The inventory has no host in the group 'empty': put the nodes there, or name their group in "
            "overlay_ip_group.",
        ),
        (
            {"overlay_ip_region": None},
            "overlay_ip_region is not set, nor is AWS_REGION: name the region of the VPC, for example eu-central-1.",
        ),
        (
            {"overlay_ip_region": "Frankfurt"},
            "overlay_ip_region is 'Frankfurt', which is no region: write one such as eu-central-1.",
        ),
        (
            {"overlay_ips": None},
            "overlay_ips is not set: list the overlay IPs there, for example [{address: 192.168.10.15}].",
        ),
        (
            {"overlay_ips": []},
            "overlay_ips is not set: list the overlay IPs there, for example [{address: 192.168.10.15}].",
        ),
        (
            {"overlay_ips": [7]},
            "overlay_ips[0] is 7, not a dictionary: write {address: 192.168.10.15}.",
        ),
        (
            {"overlay_ips": [{"home": "node1"}]},
            "overlay_ips[0] has no address: give the overlay IP, for example {address: 192.168.10.15}.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15", "adress": 1}]},
            "overlay_ips[0] has the unknown key 'adress': the keys are address, home, route_table_ids, vpc_id, "
            "interface, label, node_addresses, vrrp_id, follows, apart_from, route, name.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15/24"}]},
            "overlay_ips[0].address: '192.168.10.15/24' has host bits set: the network is 192.168.10.0/24; for the "
            "single address write 192.168.10.15/32.",
        ),
        (
            {"overlay_ips": [{"address": "127.0.0.1"}]},
            "overlay_ips[0].address: '127.0.0.1/32' lies in 127.0.0.0/8, the loopback range: choose an address "
            "outside it.",
        ),
        (
            {"overlay_ips": [{"address": "sap.example.com"}]},
            "overlay_ips[0].address: 'sap.example.com' is not an IPv4 or IPv6 address or prefix: give an address such "
            "as 192.168.10.15 or 2001:db8::15, or a prefix such as 192.168.10.0/24.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15"}, {"address": "192.168.10.15/32"}]},
            "overlay_ips[1] has the same address as overlay_ips[0] (192.168.10.15/32): remove one of them.",
        ),
        (
            {"overlay_ips": [{"address": "2001:db8::15"}, {"address": "2001:DB8:0::15"}]},
            "overlay_ips[1] has the same address as overlay_ips[0] (2001:db8::15/128): remove one of them.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15", "home": "node3"}]},
            "overlay_ips[0].home is 'node3', which is no node: choose one of node1, node2.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15", "route_table_ids": ["rtb-x"]}]},
            "overlay_ips[0].route_table_ids is 'rtb-x', not the id of a route table: write one such as "
            "rtb-0123456789abcdef0.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15", "route_table_ids": {"a": 1}}]},
            "overlay_ips[0].route_table_ids is {'a': 1}, not a list: write [a, b].",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.15", "vpc_id": "default"}]},
            "overlay_ips[0].vpc_id is 'default', not the id of a VPC: write one such as vpc-0123456789abcdef0.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.0/24", "node_addresses": ["192.168.11.1"]}]},
            "overlay_ips[0].node_addresses has 192.168.11.1/32, which is not in 192.168.10.0/24: correct it.",
        ),
        (
            {"overlay_ips": [{"address": "192.168.10.0/24", "node_addresses": ["192.168.10.0/25"]}]},
            "overlay_ips[0].node_addresses: '192.168.10.0/25' is a network; an interface needs one address: name the "
            "address in it that the node shall hold, such as 192.168.10.1/32. The route may still cover the whole "
            "network.",
        ),
        (
            {"overlay_ip_api_from": "laptop"},
            "overlay_ip_api_from is 'laptop': choose one of controller, node.",
        ),
        (
            {"overlay_ip_failover": "heartbeat"},
            "overlay_ip_failover is 'heartbeat': choose one of none, keepalived, pacemaker.",
        ),
        ({"overlay_ip_exclusive": "maybe"}, "overlay_ip_exclusive is 'maybe': write true or false."),
        (
            {"overlay_ip_wait_timeout": "long"},
            "overlay_ip_wait_timeout is 'long': write a whole number from 1 to 3600 (seconds).",
        ),
        (
            {"overlay_ip_probe": {"host": "client1"}},
            "overlay_ip_probe is {'host': 'client1'}: give the host to ask from and the port of the service, for "
            "example {host: client1, port: 5432}.",
        ),
        (
            {"overlay_ip_probe": {"host": "client1", "port": 70000}},
            "overlay_ip_probe.port is '70000': give a TCP port from 1 to 65535.",
        ),
        (
            {"hosts": {**NODES, "node2": {"overlay_ip_instance_id": "node2"}}},
            "overlay_ip_instance_id of node2 is 'node2', not the id of an instance: write one such as "
            "i-0123456789abcdef0.",
        ),
        (
            {"hosts": {**NODES, "node1": {"overlay_ip_network_interface_id": "eth0"}}},
            "overlay_ip_network_interface_id of node1 is 'eth0', not the id of a network interface: write one such as "
            "eni-0123456789abcdef0.",
        ),
        ({"switchover": True}, "target is not set: say where to move to, for example -e target=node2."),
        (
            {"switchover": True, "target": "node3"},
            "target is 'node3', which is no node: choose one of node1, node2.",
        ),
        (
            {"switchover": True, "target": "node2", "expected_active": "node9"},
            "expected_active is 'node9', which is no node: choose one of node1, node2.",
        ),
        (
            {"switchover": True, "target": "node2", "overlay": "192.168.10.99"},
            "overlay is '192.168.10.99', which is not in overlay_ips: choose one of 192.168.10.15.",
        ),
        (
            {"switchover": True, "target": "node2", "overlay": "everything"},
            "overlay: 'everything' is not an IPv4 or IPv6 address or prefix: give an address such as 192.168.10.15 or "
            "2001:db8::15, or a prefix such as 192.168.10.0/24.",
        ),
    ],
)
def test_every_mistake_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert refusal(**changes) == sentence


@pytest.mark.parametrize("empty", ["", "  ", None, "None"])
def test_what_awx_leaves_empty_is_not_given(empty: Any) -> None:
    given = {
        "overlay_ip_group": empty,
        "overlay_ip_exclusive": empty,
        "overlay_ip_wait_timeout": empty,
        "overlay_ip_probe": None,
        "overlay": empty,
        "expected_active": empty,
        "target": "node2",
    }
    model = read(switchover=True, **given)
    plain = read(switchover=True, target="node2")
    assert model == plain
    assert (plain["expected_active"], len(plain["overlays"])) == (None, 1)


@pytest.mark.parametrize("word", ["all", "192.168.10.15", "192.168.10.15/32", " 192.168.10.15 "])
def test_which_overlay(word: str) -> None:
    model = read(switchover=True, target="node2", overlay=word)
    assert [o["address"] for o in model["overlays"]] == ["192.168.10.15"]


def test_any_holder_is_as_good_as_none() -> None:
    assert read(switchover=True, target="node2", expected_active="any")["expected_active"] is None


@pytest.mark.parametrize(
    ("value", "expected"), [("yes", True), (True, True), ("0", False), (False, False), ("On", True)]
)
def test_flags(value: Any, expected: bool) -> None:
    assert read(overlay_ip_exclusive=value)["exclusive"] is expected


def test_what_the_play_does_not_know_is_asked_of_the_nodes() -> None:
    hosts = {name: {**variables, **GOOD} for name, variables in NODES.items()}
    model = read(hosts, overlay_ip_region=None, overlay_ips=None)
    assert (model["region"], len(model["overlays"])) == ("eu-central-1", 1)


def test_the_region_of_the_environment_comes_last() -> None:
    variables = {"overlay_ips": GOOD["overlay_ips"]}
    assert inventory_model.model(Given(variables, NODES, GROUPS, NAMES, "eu-west-1"))["region"] == "eu-west-1"
    by_options = {**variables, "overlay_ip_aws": {"region": "eu-west-2"}}
    assert inventory_model.model(Given(by_options, NODES, GROUPS, NAMES, "eu-west-1"))["region"] == "eu-west-2"


def test_the_instance_id_of_the_aws_inventory_will_do() -> None:
    hosts = {**NODES, "node2": {"instance_id": "i-0fedcba9876543210"}}
    assert read(hosts)["nodes"]["node2"]["instance_id"] == "i-0fedcba9876543210"


def test_who_launched_the_job_goes_into_the_user_agent() -> None:
    model = read(awx_job_id=4711, awx_user_name="müller; rm -rf /")
    assert model["caller"] == "awx-job/4711 awx-user/m_ller__rm_-rf__"
    assert model["aws"] == {"region": "eu-central-1", "aws_config": {"user_agent_extra": model["caller"]}}


def test_a_callers_name_is_cut_where_a_user_agent_would_grow_too_long() -> None:
    assert read(awx_user_name="x" * 80)["caller"] == "awx-user/" + "x" * 64


@pytest.mark.parametrize("port", [0, "0", 65536, "-1", "http", "1.5", ""])
def test_what_is_no_port(port: Any) -> None:
    assert "overlay_ip_probe" in refusal(overlay_ip_probe={"host": "client1", "port": port})


@pytest.mark.parametrize("port", [1, 65535, "5432"])
def test_what_is_a_port(port: Any) -> None:
    assert read(overlay_ip_probe={"host": "client1", "port": port})["probe"] == {"host": "client1", "port": int(port)}


@pytest.mark.parametrize(
    ("item", "address", "destination"),
    [
        ("192.168.10.15", "192.168.10.15", "192.168.10.15/32"),
        ({"address": "192.168.10.15/32"}, "192.168.10.15", "192.168.10.15/32"),
        ({"address": "192.168.20.0/24"}, "192.168.20.0/24", "192.168.20.0/24"),
        ({"address": "2001:db8::15"}, "2001:db8::15", "2001:db8::15/128"),
        ({"address": "2001:db8:1::/64"}, "2001:db8:1::/64", "2001:db8:1::/64"),
        ({"address": "2001:db8::/32"}, "2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_an_address_is_shown_without_its_length_and_a_network_with_it(
    item: Any, address: str, destination: str
) -> None:
    [overlay] = read(overlay_ips=[item])["overlays"]
    assert (overlay["address"], overlay["destination"]) == (address, destination)


@pytest.mark.parametrize("name", ["eth0; reboot", "a/b", "eth0:1", ".", "..", "sixteen-letters-", "a\nb"])
def test_what_no_interface_can_be_called_is_refused(name: str) -> None:
    told = refusal(overlay_ips=[{"address": "192.168.10.15", "interface": name}])
    assert told.startswith("overlay_ips[0].interface is ")
    assert told.endswith("which no interface can be called: write its name, such as eth0, or auto.")


@pytest.mark.parametrize("label", ["eth0 ha", 'eth0:"', "eth0:a-long-label", "<x>"])
def test_a_label_that_a_file_could_not_hold_is_refused(label: str) -> None:
    told = refusal(overlay_ips=[{"address": "192.168.10.15", "label": label}])
    assert told.startswith("overlay_ips[0].label is ")
    assert read(overlay_ips=[{"address": "192.168.10.15", "label": ""}])["overlays"][0]["label"] == ""


def test_unknown_keys_of_dictionaries_are_told() -> None:
    variables = {"overlay_ip_aws": {"endpont_url": "x", "zzz": 1}, "overlay_ip_probe": {"host": "c", "portt": 1}}
    told = mistakes(variables, {})
    assert told[0] == "overlay_ip_aws has the unknown key 'endpont_url': did you mean endpoint_url?"
    assert told[1].startswith("overlay_ip_aws has the unknown key 'zzz': the keys are access_key, ")
    assert told[2:] == ["overlay_ip_probe has the unknown key 'portt': did you mean port?"]
