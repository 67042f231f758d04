# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_ip_reach, right and wrong: the entries whole, or a sentence for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from unit.inventory import read, refusal

TABLE, ATTACHMENT = "tgw-rtb-0123456789abcdef0", "tgw-attach-0123456789abcdef0"
ENTRY: dict[str, Any] = {"via": "transit_gateway", "route_table_ids": [TABLE]}
BOTH = [{"address": "192.168.10.15"}, {"address": "2001:db8::15"}]


def test_without_it_there_is_none() -> None:
    assert read()["reach"] == []
    assert read(overlay_ip_reach="")["reach"] == []


def test_the_smallest_entry_is_about_all_overlay_ips() -> None:
    assert read(overlay_ips=BOTH, overlay_ip_reach=[ENTRY])["reach"] == [
        {
            "via": "transit_gateway",
            "route_table_ids": [TABLE],
            "attachment_id": None,
            "vpc_id": None,
            "destinations": ["192.168.10.15/32", "2001:db8::15/128"],
            "prefix_list_ids": [],
            "clients": [],
            "assume_role_arn": None,
            "remove_return_routes": False,
            "removed": {
                "destinations": ["192.168.10.15/32", "2001:db8::15/128"],
                "prefix_list_ids": [],
                "kept": [],
            },
            "looks": [],
            "stays": [],
        }
    ]


def test_lists_take_the_place_of_the_overlay_ips_or_stand_beside_them() -> None:
    lists = ["pl-0123456789abcdef0"]
    [alone] = read(overlay_ips=BOTH, overlay_ip_reach=[{**ENTRY, "prefix_list_ids": lists}])["reach"]
    assert (alone["destinations"], alone["prefix_list_ids"]) == ([], lists)
    beside = {**ENTRY, "prefix_list_ids": lists, "destinations": ["192.168.10.0/24", "2001:db8::/64"]}
    [both] = read(overlay_ips=BOTH, overlay_ip_reach=[beside])["reach"]
    assert (both["destinations"], both["prefix_list_ids"]) == (["192.168.10.0/24", "2001:db8::/64"], lists)


def test_teardown_keeps_what_others_may_be_reached_by() -> None:
    """A prefix for two pairs, as docs/reach.md advises: the first teardown must not cut off the other pair."""
    lists = ["pl-0123456789abcdef0"]
    wide = {**ENTRY, "prefix_list_ids": lists, "destinations": ["192.168.10.0/24", "2001:db8::15"]}
    [entry] = read(overlay_ips=BOTH, overlay_ip_reach=[wide])["reach"]
    assert entry["removed"] == {
        "destinations": ["2001:db8::15/128"],
        "prefix_list_ids": [],
        "kept": ["192.168.10.0/24", *lists],
    }
    [asked] = read(overlay_ips=BOTH, overlay_ip_reach=[{**wide, "remove_shared_routes": True}])["reach"]
    assert asked["removed"] == {
        "destinations": ["192.168.10.0/24", "2001:db8::15/128"],
        "prefix_list_ids": lists,
        "kept": [],
    }


def test_what_stays_is_told_with_what_removes_it() -> None:
    wide = {**ENTRY, "destinations": ["192.168.10.0/24", "2001:db8::15"], "clients": ["10.20.0.0/16"]}
    [entry] = read(overlay_ips=BOTH, overlay_ip_reach=[wide])["reach"]
    there, back = entry["stays"]
    assert there.startswith(
        f"Kept in {TABLE}: 192.168.10.0/24, which may lead to overlay IPs of others, too. If nobody"
    )
    assert "run teardown with remove_shared_routes: true in this entry" in there
    assert back.startswith("Kept in the route tables of the nodes: the way back to 10.20.0.0/16, which others may need")
    assert back.endswith("remove_return_routes: true in this entry of overlay_ip_reach, or transit_gateway_return_route"
                         " with state=absent.")  # fmt: skip
    asked = {**wide, "remove_shared_routes": True, "remove_return_routes": True}
    assert read(overlay_ips=BOTH, overlay_ip_reach=[asked])["reach"][0]["stays"] == []


def test_a_whole_entry() -> None:
    role = "arn:aws:iam::123456789012:role/team/reach"
    entry = {
        **ENTRY,
        "attachment_id": ATTACHMENT,
        "destinations": ["192.168.10.0/24", "2001:db8::/64"],
        "clients": "10.20.0.0/16, 2001:db8:1::/48",
        "assume_role_arn": role,
        "remove_return_routes": "yes",
    }
    [read_entry] = read(overlay_ips=BOTH, overlay_ip_reach=[entry])["reach"]
    assert read_entry["destinations"] == ["192.168.10.0/24", "2001:db8::/64"]
    assert (read_entry["attachment_id"], read_entry["assume_role_arn"]) == (ATTACHMENT, role)
    assert read_entry["remove_return_routes"] is True
    # Each network is looked at towards the overlay IPs of its family.
    assert read_entry["looks"] == [
        {"from": "10.20.0.0/16", "addresses": ["192.168.10.15/32"]},
        {"from": "2001:db8:1::/48", "addresses": ["2001:db8::15/128"]},
    ]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("transit_gateway", "overlay_ip_reach[0] is 'transit_gateway', not a dictionary: write {via: transit_gateway"),
        (
            {**ENTRY, "clients": ["0.0.0.0/0"]},
            "overlay_ip_reach[0].clients has 0.0.0.0/0, the default route: with it the nodes would answer everybody by",
        ),
        (
            {**ENTRY, "destinations": ["::/0"]},
            "overlay_ip_reach[0].destinations has ::/0, the default route: with it everything would be sent into the",
        ),
        (
            {"via": "carrier pigeon"},
            "overlay_ip_reach[0].via is 'carrier pigeon': choose one of transit_gateway, load_balancer, client_vpn.",
        ),
        ({}, "overlay_ip_reach[0].via is '': choose one of transit_gateway, load_balancer, client_vpn."),
        ({**ENTRY, "client": "10.20.0.0/16"}, "overlay_ip_reach[0] has the unknown key 'client': the keys are via, "),
        (
            {"via": "transit_gateway"},
            "overlay_ip_reach[0] has no route_table_ids: name the transit gateway route tables",
        ),
        (
            {**ENTRY, "route_table_ids": ["rtb-0123456789abcdef0"]},
            "overlay_ip_reach[0].route_table_ids is 'rtb-0123456789abcdef0', not the id of a transit gateway",
        ),
        (
            {**ENTRY, "attachment_id": "tgw-1"},
            "overlay_ip_reach[0].attachment_id is 'tgw-1', not the id of a transit gateway attachment",
        ),
        (
            {**ENTRY, "attachment_id": ATTACHMENT, "vpc_id": "vpc-0123456789abcdef0"},
            "overlay_ip_reach[0] has attachment_id and vpc_id: keep one of them.",
        ),
        (
            {**ENTRY, "clients": ["10.20.0.0/16", "192.168.10.15"]},
            "overlay_ip_reach[0].clients has 192.168.10.15/32, which lies in the overlay IP 192.168.10.15/32 itself",
        ),
        (
            {**ENTRY, "clients": ["192.168.0.0/16"], "destinations": ["192.168.0.0/16"]},
            "overlay_ip_reach[0] has 192.168.0.0/16 in clients and in destinations, so that the transit gateway would",
        ),
        ({**ENTRY, "clients": ["10.20.0.1/16"]}, "overlay_ip_reach[0].clients: '10.20.0.1/16' has host bits set"),
        (
            {**ENTRY, "prefix_list_ids": ["192.168.10.0/24"]},
            "overlay_ip_reach[0].prefix_list_ids is '192.168.10.0/24', not the id of a prefix list",
        ),
        (
            {**ENTRY, "destinations": ["192.168.11.0/24"]},
            "overlay_ip_reach[0].destinations do not hold 192.168.10.15/32: add it, or a prefix around it, or leave",
        ),
        (
            {**ENTRY, "assume_role_arn": "reach"},
            "overlay_ip_reach[0].assume_role_arn is 'reach', not the ARN of a role: such an ARN is arn:aws:iam::",
        ),
        (
            {**ENTRY, "remove_return_routes": "perhaps"},
            "overlay_ip_reach[0].remove_return_routes is 'perhaps': write true or false.",
        ),
    ],
)
def test_each_mistake_has_its_sentence(entry: Any, sentence: str) -> None:
    assert refusal(overlay_ip_reach=[entry]).startswith(sentence)


def test_clients_may_be_around_the_overlay_ips_and_not_in_them() -> None:
    """A site of 192.168.0.0/16 may have one address of it overlaid: the longest prefix decides at both ends."""
    wide = {**ENTRY, "clients": ["192.168.0.0/16", "2001:db8::/32"]}
    assert read(overlay_ips=BOTH, overlay_ip_reach=[wide])["reach"][0]["clients"] == wide["clients"]
    network = [{"address": "192.168.10.0/24", "node_addresses": ["192.168.10.15"]}]
    told = refusal(overlay_ips=network, overlay_ip_reach=[{**ENTRY, "clients": ["192.168.10.128/25"]}])
    assert told.startswith("overlay_ip_reach[0].clients has 192.168.10.128/25, which lies in the overlay IP 192.168.10")
    six = refusal(overlay_ips=BOTH, overlay_ip_reach=[{**ENTRY, "clients": ["2001:db8::15"]}])
    assert six.startswith("overlay_ip_reach[0].clients has 2001:db8::15/128, which lies in the overlay IP 2001:db8::15")


def test_all_mistakes_are_told_at_once() -> None:
    told = refusal(overlay_ip_reach=[{"via": "x"}, {**ENTRY, "clients": ["nowhere"], "vpc_id": "v"}])
    assert [f"overlay_ip_reach[{n}]" in told for n in (0, 1)] == [True, True]
    assert "'nowhere' is not an IPv4" in told
    assert "vpc_id is 'v'" in told


def test_what_is_declared_by_table() -> None:
    other = {**ENTRY, "route_table_ids": ["tgw-rtb-0fedcba9876543210"], "destinations": ["192.168.0.0/16"]}
    model = read(overlay_ips=[BOTH[0]], overlay_ip_reach=[ENTRY, other])
    [table] = ENTRY["route_table_ids"]
    assert model["reached"] == {
        "transit_gateway": {table: ["192.168.10.15/32"], "tgw-rtb-0fedcba9876543210": ["192.168.0.0/16"]},
        "client_vpn": {},
    }
    assert read(overlay_ips=BOTH)["reached"] == {"transit_gateway": {}, "client_vpn": {}}
