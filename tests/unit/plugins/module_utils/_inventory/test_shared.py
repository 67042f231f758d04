# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of `overlay_ips` that one prefix carries: one overlay of the model, or one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import InventoryError
from unit.inventory import read, refusal

NET = "10.99.0.0/28"
APP = {"name": "app", "address": "10.99.0.5", "route": NET}
DB = {"name": "db", "address": "10.99.0.6", "route": NET}
OTHER = {"address": "192.168.10.15"}


def overlays(*entries: Any, **more: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = read(overlay_ips=list(entries), **more)["overlays"]
    return made


def requested(word: str, *entries: Any) -> list[str]:
    model = read(overlay_ips=list(entries), switchover=True, target="node2", overlay=word)
    return [overlay["destination"] for overlay in model["overlays"]]


def test_one_entry_is_carried_by_its_route() -> None:
    (overlay,) = overlays(APP)
    assert overlay["destination"] == overlay["address"] == NET
    assert overlay["node_addresses"] == ["10.99.0.5/32"]
    assert overlay["resource"] == "overlay-ip-10.99.0.0-28"


def test_entries_of_one_route_are_one_overlay_in_the_place_of_the_first() -> None:
    first, other = overlays(APP, OTHER, {**DB, "home": "node2", "route_table_ids": ["rtb-0123456789abcdef0"]})
    assert (first["destination"], other["destination"]) == (NET, "192.168.10.15/32")
    assert first["node_addresses"] == ["10.99.0.5/32", "10.99.0.6/32"]
    assert [(e["place"], e["name"], e["address"]) for e in first["entries"]] == [
        (0, "app", "10.99.0.5"),
        (2, "db", "10.99.0.6"),
    ]
    assert first["home"] == "node2", "one entry says it for all"
    assert first["route_table_ids"] == ["rtb-0123456789abcdef0"]


def test_two_may_say_the_same_and_who_says_nothing_changes_nothing() -> None:
    (overlay,) = overlays({**APP, "home": "node2"}, {**DB, "home": "node2"}, {"address": "10.99.0.7", "route": NET})
    assert overlay["home"] == "node2"
    assert overlay["called"] == [NET, "10.99.0.5", "10.99.0.5/32", "app", "10.99.0.6", "10.99.0.6/32", "db", *(
        "10.99.0.7", "10.99.0.7/32",
    )]  # fmt: skip


def test_they_have_one_vrrp_instance() -> None:
    made = read(overlay_ips=[APP, DB, OTHER], overlay_ip_failover="keepalived", overlay_ip_keepalived_together=False)
    assert [one["words"] for one in made["keepalived"]["instances"]] == [f" {NET}", " 192.168.10.15"]


def test_ipv6() -> None:
    (overlay,) = overlays(
        {"address": "2001:db8::5", "route": "2001:db8::/124"}, {"address": "2001:DB8::6", "route": "2001:db8:0::/124"}
    )
    assert overlay["destination"] == "2001:db8::/124"
    assert overlay["node_addresses"] == ["2001:db8::5/128", "2001:db8::6/128"]


def test_its_own_address_as_route_is_no_route() -> None:
    assert overlays({**OTHER, "route": "192.168.10.15/32"}) == overlays(OTHER)


@pytest.mark.parametrize("word", [NET, "all", ""])
def test_a_request_for_all_of_them(word: str) -> None:
    assert requested(word, APP, DB) == [NET]


@pytest.mark.parametrize("word", ["app", "10.99.0.5", "10.99.0.5/32", NET])
def test_who_is_alone_in_a_route_is_moved_by_its_own_name(word: str) -> None:
    assert requested(word, APP, OTHER) == [NET]


def test_a_name_without_a_route() -> None:
    assert requested("web", {**OTHER, "name": "web"}, APP) == ["192.168.10.15/32"]


@pytest.mark.parametrize("word", ["app", "10.99.0.5"])
def test_one_of_several_is_refused_with_its_companions(word: str) -> None:
    many = [{"address": f"10.99.0.{number}", "route": NET} for number in (7, 8, 9)]
    with pytest.raises(InventoryError) as refused:
        requested(word, APP, DB, *many)
    assert str(refused.value) == (
        f"overlay is '{word}', which shares the route {NET} with db, 10.99.0.7, 10.99.0.8 and 1 more: they move"
        f" together; ask for all of them by overlay={NET}."
    )


@pytest.mark.parametrize(
    ("count", "named"),
    [(2, "10.99.0.1"), (3, "10.99.0.1 and 10.99.0.2"), (4, "10.99.0.1, 10.99.0.2 and 10.99.0.3")],
)
def test_few_companions_are_all_named(count: int, named: str) -> None:
    with pytest.raises(InventoryError, match=rf"shares the route {NET} with {named}: they move together"):
        requested("10.99.0.0", *({"address": f"10.99.0.{number}", "route": NET} for number in range(count)))


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (
            [{"address": "10.99.0.5", "route": "10.99.0.5/28"}],
            "overlay_ips[0].route: '10.99.0.5/28' has host bits set: the network is 10.99.0.0/28; for the single"
            " address write 10.99.0.5/32.",
        ),
        (
            [{"address": "2001:db8::5", "route": "2001:db8::1/124"}],
            "overlay_ips[0].route: '2001:db8::1/124' has host bits set: the network is 2001:db8::/124; for the single"
            " address write 2001:db8::1/128.",
        ),
        (
            [{"address": "10.99.0.16", "route": NET}],
            "overlay_ips[0].route is '10.99.0.0/28', which 10.99.0.16 is not in: write the prefix that carries the"
            " address.",
        ),
        (
            [{"address": "2001:db8::5", "route": NET}],
            "overlay_ips[0].route is '10.99.0.0/28', which 2001:db8::5 is not in: write the prefix that carries the"
            " address.",
        ),
        (
            [{"address": "10.99.0.4/30", "route": NET}],
            "overlay_ips[0].address is '10.99.0.4/30', a network, and route is given: write the one address of it that"
            " the nodes shall have, or leave route out.",
        ),
        (
            [{**APP, "node_addresses": ["10.99.0.6"]}],
            "overlay_ips[0] has route and node_addresses: address is what the nodes configure; give each further"
            " address of 10.99.0.0/28 an entry of its own, with the same route.",
        ),
        (
            [{**APP, "home": "node1"}, {**DB, "home": "node2"}],
            "overlay_ips[1].home is 'node2', and that of overlay_ips[0] 'node1': both are carried by 10.99.0.0/28 and"
            " move together; give both the same, or leave it out of one.",
        ),
        (
            [APP, {**DB, "label": ""}, {"address": "10.99.0.7", "route": NET, "label": "eth0:7"}],
            "overlay_ips[2].label is 'eth0:7', and that of overlay_ips[1] '': both are carried by 10.99.0.0/28 and move"
            " together; give both the same, or leave it out of one.",
        ),
        (
            [APP, {"address": "10.99.0.6"}],
            "overlay_ips[1] (10.99.0.6/32) lies in 10.99.0.0/28, which overlay_ips[0] is routed by: give it `route:"
            " 10.99.0.0/28`, too, or choose what does not overlap.",
        ),
        (
            [APP, {"address": "10.99.0.20", "route": "10.99.0.0/24"}],
            "overlay_ips[0] (10.99.0.0/28) lies in 10.99.0.0/24, which overlay_ips[1] is routed by: give it `route:"
            " 10.99.0.0/24`, too, or choose what does not overlap.",
        ),
        (
            [APP, {**APP, "name": "x"}],
            "overlay_ips[1] has the same address as overlay_ips[0] (10.99.0.5/32): remove one of them.",
        ),
        ([APP, {**DB, "name": "app"}], "overlay_ips[1] has the same name as overlay_ips[0] (app): choose another one."),
        (
            [{**APP, "name": "all"}],
            "overlay_ips[0].name is 'all': write a word that begins with a letter and has letters, digits and _.-"
            " alone, and is none of all, any.",
        ),
    ],
)  # fmt: skip
def test_mistakes(entries: list[Any], sentence: str) -> None:
    assert refusal(overlay_ips=entries) == sentence


LIST = "pl-0123456789abcdef0"


def listed(address: str, route: str = LIST, **more: Any) -> dict[str, Any]:
    return {"address": address, "route": route, **more}


def test_a_managed_prefix_list_is_a_route_too() -> None:
    first, other = overlays(listed("10.99.0.5", name="app"), OTHER, listed("10.98.7.1", home="node2"))
    assert (first["destination"], first["address"], first["home"]) == (LIST, LIST, "node2")
    assert first["node_addresses"] == ["10.99.0.5/32", "10.98.7.1/32"], "they need not be near each other"
    assert first["resource"] == f"overlay-ip-{LIST}"
    assert other["destination"] == "192.168.10.15/32"
    assert [requested(word, listed("10.99.0.5"), OTHER) for word in (LIST, "10.99.0.5")] == [[LIST], [LIST]]
    assert [o["apart_from"] for o in overlays({**OTHER, "apart_from": LIST}, listed("10.99.0.5"),
        overlay_ip_failover="pacemaker")] == [LIST, None]  # fmt: skip


def test_whoever_is_outside_is_given_what_is_in_the_list() -> None:
    model = read(
        overlay_ips=[listed("10.99.0.5"), listed("10.99.0.6"), OTHER],
        overlay_ip_reach=[{"via": "transit_gateway", "route_table_ids": ["tgw-rtb-0123456789abcdef0"],
            "clients": ["10.50.0.0/16"]}, {"via": "client_vpn", "endpoint_id": "cvpn-endpoint-0123456789abcdef0"}],
    )  # fmt: skip
    every = ["10.99.0.5/32", "10.99.0.6/32", "192.168.10.15/32"]
    gateway, vpn = model["reach"]
    assert (gateway["destinations"], gateway["removed"]["destinations"]) == (every, every)
    assert gateway["looks"] == [{"from": "10.50.0.0/16", "addresses": every}]
    assert vpn["destinations"] == every


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (
            [listed("10.99.0.5", "pl-nonsense")],
            "overlay_ips[0].route: 'pl-nonsense' is not the id of a managed prefix list: write one such as"
            " pl-0123456789abcdef0.",
        ),
        (
            [listed("10.99.0.4/30")],
            "overlay_ips[0].address is '10.99.0.4/30', a network, and route is given: write the one address of it that"
            " the nodes shall have, or leave route out.",
        ),
        (
            [listed("10.99.0.5"), listed("2001:db8::5")],
            "overlay_ips[1].address is 2001:db8::5, and that of overlay_ips[0] 10.99.0.5: a managed prefix list has one"
            f" family, and both have the route {LIST}; give one another list.",
        ),
        (
            [listed("10.99.0.5"), APP | {"address": "10.99.0.9"}],
            f"overlay_ips[0] (10.99.0.5/32) lies in 10.99.0.0/28, which is routed by {NET} (overlay_ips[1]): give both"
            " the same `route`, or choose what does not overlap.",
        ),
        (
            [{"address": "10.99.0.0/24", "node_addresses": ["10.99.0.9"]}, listed("10.99.0.5")],
            "overlay_ips[1] (10.99.0.5/32) lies in 10.99.0.0/24, which is routed by 10.99.0.0/24 (overlay_ips[0]): give"
            " both the same `route`, or choose what does not overlap.",
        ),
        (
            [listed("10.99.0.5"), {"address": "10.99.0.5"}],
            "overlay_ips[1] has the same address as overlay_ips[0] (10.99.0.5/32): remove one of them. overlay_ips[0]"
            " (10.99.0.5/32) lies in 10.99.0.5/32, which is routed by 10.99.0.5/32 (overlay_ips[1]): give both the same"
            " `route`, or choose what does not overlap.",
        ),
        (
            [{"address": LIST}],
            f"overlay_ips[0].address: '{LIST}' is not an IPv4 or IPv6 address or prefix: give an address such as"
            " 192.168.10.15 or 2001:db8::15, or a prefix such as 192.168.10.0/24.",
        ),
    ],
)
def test_mistakes_with_a_list(entries: list[Any], sentence: str) -> None:
    assert refusal(overlay_ips=entries) == sentence


def test_two_lists_do_not_overlap_where_their_addresses_do_not() -> None:
    assert len(overlays(listed("10.99.0.5"), listed("10.99.0.6", "pl-0123456789abcdef1"), listed("10.99.0.7"))) == 2


def test_prefixes_without_a_route_may_overlap_as_before() -> None:
    assert len(overlays({"address": NET, "node_addresses": ["10.99.0.5"]}, {"address": "10.99.0.6"})) == 2


def test_a_mistake_is_told_by_its_place_in_overlay_ips() -> None:
    entries = [APP, DB, {**OTHER, "follows": {"resource": "db"}}]
    assert refusal(overlay_ips=entries).startswith("overlay_ips[2] has follows, and overlay_ip_failover is none")


def test_apart_from_one_that_shares_a_route() -> None:
    made = overlays({**OTHER, "apart_from": "10.99.0.6"}, APP, DB, overlay_ip_failover="pacemaker")
    assert made[0]["apart_from"] == NET
    entries = [APP, {**DB, "apart_from": "10.99.0.5"}]
    assert "which is no other overlay IP" in refusal(overlay_ips=entries, overlay_ip_failover="pacemaker")
