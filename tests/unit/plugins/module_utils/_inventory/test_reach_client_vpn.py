# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client VPN endpoint in overlay_ip_reach, right and wrong: the entry whole, or a sentence for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from unit.inventory import read, refusal

ENDPOINT = "cvpn-endpoint-0123456789abcdef0"
ENTRY: dict[str, Any] = {"via": "client_vpn", "endpoint_id": ENDPOINT}
THREE = [{"address": "192.168.10.15"}, {"address": "192.168.20.1"}, {"address": "2001:db8::15"}]


def test_the_smallest_entry_is_about_all_overlay_ips_of_ipv4() -> None:
    assert read(overlay_ips=THREE, overlay_ip_reach=[ENTRY])["reach"] == [
        {
            "via": "client_vpn",
            "client_vpn_endpoint_id": ENDPOINT,
            "destinations": ["192.168.10.15/32", "192.168.20.1/32"],
            "subnet_ids": [],
            "access_group_ids": [],
            "assume_role_arn": None,
            "looks": [
                {"from": f"client_vpn:{ENDPOINT}", "addresses": ["192.168.10.15/32", "192.168.20.1/32"]},
            ],
        }
    ]


def test_a_whole_entry() -> None:
    entry = {
        **ENTRY,
        "destinations": ["192.168.0.0/16", "2001:db8::/64"],
        "subnets": "subnet-0123456789abcdef0",
        "access_group_ids": ["S-1-5-21"],
    }
    [found] = read(overlay_ips=THREE, overlay_ip_reach=[entry])["reach"]
    assert found["destinations"] == ["192.168.0.0/16", "2001:db8::/64"]
    assert (found["subnet_ids"], found["access_group_ids"]) == (["subnet-0123456789abcdef0"], ["S-1-5-21"])
    assert [look["addresses"] for look in found["looks"]] == [
        ["192.168.10.15/32", "192.168.20.1/32"],
        ["2001:db8::15/128"],
    ]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {**ENTRY, "clients": ["0.0.0.0/0"]},
            "overlay_ip_reach[0] has clients, which a Client VPN endpoint gives their addresses itself: leave it",
        ),
        (
            {**ENTRY, "destinations": ["0.0.0.0/0"]},
            "overlay_ip_reach[0].destinations has 0.0.0.0/0, the default route: with it everything would be sent into",
        ),
        ({"via": "client_vpn"}, "overlay_ip_reach[0] has no endpoint_id: name the Client VPN endpoint, for example"),
        (
            {**ENTRY, "endpoint_id": "vpn-0123456789abcdef0"},
            "overlay_ip_reach[0].endpoint_id is 'vpn-0123456789abcdef0', not the id of a Client VPN endpoint: write",
        ),
        ({**ENTRY, "groups": []}, "overlay_ip_reach[0] has the unknown key 'groups': the keys are via, endpoint_id,"),
        ({**ENTRY, "subnets": ["10.0.1.0/24"]}, "overlay_ip_reach[0].subnets is '10.0.1.0/24', not the id of a subnet"),
        (
            {**ENTRY, "destinations": ["192.168.10.0/24"]},
            "overlay_ip_reach[0].destinations do not hold 192.168.20.1/32: add it, or a prefix around it",
        ),
        ({**ENTRY, "destinations": ["192.168.10.1/24"]}, "overlay_ip_reach[0].destinations: '192.168.10.1/24' has"),
        ({**ENTRY, "access_group_ids": {}}, "overlay_ip_reach[0].access_group_ids is {}, not a list: write [a, b]."),
    ],
)
def test_a_mistake_is_a_sentence(entry: Any, sentence: str) -> None:
    assert sentence in refusal(overlay_ips=THREE, overlay_ip_reach=[entry])


def test_overlay_ips_of_ipv6_alone_are_to_be_named() -> None:
    told = refusal(overlay_ips=[{"address": "2001:db8::15"}], overlay_ip_reach=[ENTRY])
    assert "overlay_ip_reach[0] has no destinations, and no overlay IP is IPv4: name those of IPv6" in told


def test_what_is_declared_by_endpoint() -> None:
    entry = {**ENTRY, "subnets": ["subnet-0123456789abcdef0"], "access_group_ids": ["S-1"]}
    assert read(overlay_ips=THREE[:1], overlay_ip_reach=[entry])["reached"]["client_vpn"] == {
        ENDPOINT: {
            "destinations": ["192.168.10.15/32"],
            "subnet_ids": ["subnet-0123456789abcdef0"],
            "access_group_ids": ["S-1"],
        }
    }


def test_one_endpoint_has_one_entry() -> None:
    told = refusal(overlay_ips=THREE, overlay_ip_reach=[ENTRY, {**ENTRY, "access_group_ids": ["S-1"]}])
    assert f"overlay_ip_reach[1] is about {ENDPOINT}, as overlay_ip_reach[0] is: make one entry of them." in told
