# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_ip_reach by a load balancer, right and wrong: the entry whole, or a sentence for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from unit.inventory import read, refusal

SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
ENTRY: dict[str, Any] = {
    "via": "load_balancer",
    "name": "sap-ascs",
    "subnets": [SUBNET],
    "listeners": [{"port": 3600}],
}


def entry(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ENTRY, **changes}.items() if value is not None}


def test_the_smallest_entry_leads_to_the_only_overlay_ip() -> None:
    assert read(overlay_ip_reach=[ENTRY])["reach"] == [
        {
            "via": "load_balancer",
            "name": "sap-ascs",
            "address": "192.168.10.15",
            "subnet_ids": [SUBNET],
            "security_group_ids": [],
            "listeners": [
                {
                    "port": 3600,
                    "target_port": None,
                    "idle_timeout": 350,
                    "health_port": None,
                    "address": None,
                    "protocol": "TCP",
                    "certificate_arn": None,
                }
            ],
            "tags": {},
            "health_interval": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 2,
            "deregistration_delay": 300,
            "unhealthy_connection_termination": True,
            "proxy_protocol": False,
            "assume_role_arn": None,
            "looks": [{"from": "load_balancer:sap-ascs", "addresses": ["192.168.10.15/32"]}],
        }
    ]


def test_a_whole_entry_as_text_from_a_survey() -> None:
    listener = {
        "port": "443",
        "target_port": "8443",
        "protocol": "tls",
        "certificate_arn": "arn:x",
        "health_port": "3600",
        "address": "192.168.10.16",
    }
    [made] = read(
        overlay_ips=[{"address": "192.168.10.15"}, {"address": "192.168.10.16"}],
        overlay_ip_reach=[
            entry(
                address="192.168.10.15/32",
                subnets=f"{SUBNET}, subnet-0123456789abcdef1",
                security_groups=[GROUP],
                listeners=[listener],
                tags={"cost": 42},
                health_interval="10",
                proxy_protocol="yes",
                unhealthy_connection_termination="no",
            )
        ],
    )["reach"]
    assert made["address"] == "192.168.10.15"
    assert made["listeners"][0] == {**listener, "port": 443, "target_port": 8443, "health_port": 3600} | {
        "protocol": "TLS",
        "idle_timeout": 350,
    }
    assert (made["subnet_ids"], made["security_group_ids"]) == ([SUBNET, "subnet-0123456789abcdef1"], [GROUP])
    assert (made["tags"], made["health_interval"]) == ({"cost": "42"}, 10)
    assert (made["proxy_protocol"], made["unhealthy_connection_termination"]) == (True, False)


def test_the_ipv4_address_of_two_families_is_meant() -> None:
    both = [{"address": "192.168.10.15"}, {"address": "2001:db8::15"}]
    assert read(overlay_ips=both, overlay_ip_reach=[ENTRY])["reach"][0]["address"] == "192.168.10.15"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"route_table_ids": []}, "overlay_ip_reach[0] has the unknown key 'route_table_ids': the keys are via, name,"),
        ({"name": None}, "overlay_ip_reach[0]: name is '': take 1 to 26 letters, digits and hyphens"),
        ({"subnets": ["net-1"]}, "overlay_ip_reach[0].subnets is 'net-1', not the id of a subnet: write one such as"),
        ({"subnets": []}, "overlay_ip_reach[0]: subnets is empty: name at least one."),
        ({"security_groups": ["sg"]}, "overlay_ip_reach[0].security_groups is 'sg', not the id of a security group"),
        ({"listeners": []}, "overlay_ip_reach[0]: listeners is empty: name at least one."),
        ({"listeners": [3600]}, "overlay_ip_reach[0].listeners[0] is 3600, not a dictionary: write {port: 3600"),
        ({"listeners": [{}]}, "overlay_ip_reach[0].listeners[0] has no port: name the port of the load balancer."),
        (
            {"listeners": [{"port": 1, "timeout": 2}]},
            "overlay_ip_reach[0].listeners[0] has the unknown key 'timeout': the keys are port,",
        ),
        ({"listeners": [{"port": 70000}]}, "overlay_ip_reach[0].listeners[0].port is 70000: write a whole number from"),
        (
            {"listeners": [{"port": 1, "idle_timeout": 30}]},
            "overlay_ip_reach[0]: The listener of port 1 has the idle_timeout 30: take 60 to 6000 seconds.",
        ),
        (
            {"listeners": [{"port": 1, "protocol": "udp"}]},
            "overlay_ip_reach[0]: The listener of port 1 has the protocol UDP, and answers of a target",
        ),
        ({"address": "2001:db8::15"}, "overlay_ip_reach[0]: The listener of port 3600 leads to 2001:db8::15, and AWS"),
        (
            {"address": "192.168.10.99"},
            "overlay_ip_reach[0].address is 192.168.10.99, which is no overlay IP of the inventory: choose one of 192.",
        ),
        (
            {"listeners": [{"port": 1}, {"port": 2, "address": "10.0.1.10"}]},
            "overlay_ip_reach[0].listeners[1].address is 10.0.1.10, which is no overlay IP of the inventory: choose",
        ),
        ({"health_interval": 4}, "overlay_ip_reach[0].health_interval is 4: write a whole number from 5 to 300"),
        ({"proxy_protocol": "perhaps"}, "overlay_ip_reach[0].proxy_protocol is 'perhaps': write true or false."),
        (
            {"tags": {"aws:cost": 42}},
            "overlay_ip_reach[0]: tags has the key 'aws:cost', which is one of AWS's own: take another key.",
        ),
        ({"listeners": [{"port": 1, "target_port": 0}]}, "overlay_ip_reach[0].listeners[0].target_port is 0: write a"),
        ({"tags": "cost"}, "overlay_ip_reach[0].tags is 'cost', not a dictionary: write {key: value}."),
    ],
)
def test_each_mistake_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert refusal(overlay_ip_reach=[entry(**changes)]).startswith(sentence)


def test_an_address_of_a_network_is_one_of_its_own() -> None:
    network = [{"address": "192.168.10.0/24", "node_addresses": ["192.168.10.15"]}]
    for address in ("192.168.10.15", "192.168.10.16"):
        made = read(overlay_ips=network, overlay_ip_reach=[entry(address=address)])["reach"][0]
        assert made["address"] == address
    told = refusal(overlay_ips=network, overlay_ip_reach=[entry(address="192.168.11.15")])
    assert told.endswith("which is no overlay IP of the inventory: choose one of 192.168.10.0/24.")


def test_which_of_two_overlay_ips_has_to_be_said() -> None:
    two = [{"address": "192.168.10.15"}, {"address": "192.168.10.16"}]
    told = refusal(overlay_ips=two, overlay_ip_reach=[ENTRY])
    assert told.startswith("overlay_ip_reach[0] has no address, and there are 2 overlay IPs of IPv4: name the one that")
    named = entry(listeners=[{"port": 1, "address": "192.168.10.16"}])
    assert read(overlay_ips=two, overlay_ip_reach=[named])["reach"][0]["address"] == ""
