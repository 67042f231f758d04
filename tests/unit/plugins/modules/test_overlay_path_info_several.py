# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that several attachments know: equal ways, a second way, and parts that are led elsewhere."""

from __future__ import annotations

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, FAR, Site, wrong
from unit.transit_lab import ON_PREMISES

pytest_plugins = ("unit.path_play",)


@pytest.fixture
def second(site: Site) -> str:
    """Another VPN to the same network, which is used in equal part; its table is the default one."""
    return site.aws.control.attach(site.transit.gateway, "vpn", "vpn-0123456789abcdef0", [ON_PREMISES])


def hops(result: dict, direction: str, where: str) -> list[tuple[str, bool | None]]:
    [found] = {
        tuple(
            (hop["rule"], hop["passes"])
            for hop in path["hops"]
            if hop["direction"] == direction and hop["where"].startswith(where)
        )
        for path in result["paths"]
    }
    return list(found)


def test_equal_ways_are_told_and_each_of_their_tables_is_asked(site: Site, play: Run, second: str) -> None:
    transit = site.transit
    result = play(**{"from": FAR})
    assert wrong(result) == {holder: [] for holder in BOTH}
    own, theirs = transit.tables
    longest = f", the longest prefix that holds {FAR}"
    assert hops(result, "back", "transit gateway") == [
        (f"{ON_PREMISES} -> {transit.vpn} (propagated, active), in equal part to {second}{longest}", True)
    ]
    there = hops(result, "there", "transit gateway")
    assert there == [(f"{OVERLAY} -> {transit.nodes} (static, active)", True)] * 2
    asked = [hop["where"] for hop in result["paths"][0]["hops"] if hop["side"] == "transit gateway"]
    assert asked == [f"transit gateway route table {table}" for table in (theirs, own, own)]


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_equal_ways_that_drops_is_not_known_to_be_used(site: Site, play: Run, second: str, which: int) -> None:
    """A VPN is told the routes of its table, so that the network outside may know which of them to take."""
    transit = site.transit
    transit.point(None, transit.tables[which])
    result = play(**{"from": FAR})
    rule = f"no route for {OVERLAY}: what comes in by this one is dropped, if any does; another attachment of that"
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert sorted(passes is None for _rule, passes in hops(result, "there", "transit gateway")) == [False, True]
    assert rule in str(result["lines"])
    transit.point(None)
    assert wrong(play(**{"from": FAR})) == {holder: ["no_static_route"] * 2 for holder in BOTH}


def test_the_one_that_is_named_is_asked_alone_and_gets_its_part_of_the_answers(
    site: Site, play: Run, second: str
) -> None:
    for attachment, table in ((site.transit.vpn, 1), (second, 0)):
        result = play(**{"from": FAR}, transit_gateway_attachment_id=attachment)
        assert wrong(result) == {holder: [] for holder in BOTH}
        assert [passes for _rule, passes in hops(result, "back", "transit gateway")] == [True]
        tables = [hop["where"] for hop in result["paths"][0]["hops"] if hop["side"] == "transit gateway"]
        assert tables[0].endswith(site.transit.tables[table])
        assert len(tables) == 2
    site.transit.point(None, site.transit.tables[0])
    assert wrong(play(**{"from": FAR}, transit_gateway_attachment_id=second)) == {
        holder: ["no_static_route"] for holder in BOTH
    }


def test_an_answer_by_another_way_outside_may_come_to_the_source(site: Site, play: Run) -> None:
    """Direct Connect in front, and the VPN, which is named, as its backup: the announcement of the first one counts."""
    transit = site.transit
    first = site.aws.control.attach(transit.gateway, "direct-connect-gateway", "dxgw-0123456789abcdef0", [ON_PREMISES])
    result = play(**{"from": FAR}, transit_gateway_attachment_id=transit.vpn)
    assert wrong(result) == {holder: [] for holder in BOTH}
    [(rule, passes)] = hops(result, "back", "transit gateway")
    assert passes is None
    assert f"{ON_PREMISES} -> {first} (propagated, active)" in rule
    assert f"another way than {transit.vpn} (vpn " in rule
    remedy = f"  To look at: See whether {FAR} is behind {first} (direct-connect-gateway dxgw-0123456789abcdef0), too."
    assert f"{remedy} If not: Propagate {transit.vpn} to {transit.tables[0]}, or make" in str(result["lines"])
    unnamed = play(**{"from": FAR})
    assert wrong(unnamed) == {holder: [] for holder in BOTH}
    assert {path["attachment"] for path in unnamed["paths"]} == {"direct-connect-gateway"}
    transit.point(transit.clients, destination=FAR)  # a VPC, which may have tunnels of its own
    assert wrong(play(**{"from": FAR}, transit_gateway_attachment_id=transit.vpn)) == {holder: [] for holder in BOTH}
    transit.point(None, destination=FAR)
    transit.point(None, destination=FAR, blackhole=True)
    assert wrong(play(**{"from": FAR}, transit_gateway_attachment_id=transit.vpn)) == {
        holder: ["no_return_route"] for holder in BOTH
    }
    transit.point(None, destination=FAR)


# --- parts of a network ----------------------------------------------------------------------------------------------


def warnings(result: dict) -> list[str]:
    [found] = {tuple(f["message"] for f in path["findings"] if f["id"] == "part_elsewhere") for path in result["paths"]}
    return list(found)


def test_a_part_of_the_source_that_a_gateway_leads_elsewhere_is_a_warning(site: Site, play: Run) -> None:
    transit, part = site.transit, "10.20.1.0/25"
    transit.point(transit.clients, destination=part)
    assert warnings(play(**{"from": "10.20.1.0/24"})) == []  # to the same attachment
    transit.point(transit.vpn, destination=part)
    result = play(**{"from": "10.20.1.0/24"})
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert warnings(result) == [
        f"transit gateway route table {transit.tables[0]}: of 10.20.1.0/24, a part is led elsewhere: {part} ->"
        f" {transit.vpn} (active)."
    ]
    assert "Look from an address in it." in str(result["lines"])
    assert warnings(play()) == []  # one address has no parts: its own route decides
    transit.point(None, destination=part)


def test_a_part_of_the_source_that_a_subnets_table_leads_elsewhere_is_a_warning(site: Site, play: Run) -> None:
    vgw = site.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    site.ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=site.aws.world.vpc_id)
    for table in site.aws.tables:
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.20.1.0/25", GatewayId=vgw)
    result = play(**{"from": "10.20.1.0/24"})
    assert wrong(result) == {holder: [] for holder in BOTH}
    messages = {f["message"] for path in result["paths"] for f in path["findings"] if f["id"] == "part_elsewhere"}
    assert len(messages) == len({node.subnet_id for node in site.aws.world.nodes})
    assert all(f"of 10.20.1.0/24, a part is led elsewhere: 10.20.1.0/25 -> {vgw} (active)" in one for one in messages)
    assert wrong(play(**{"from": "10.20.1.0/25"})) == {holder: ["virtual_private_gateway"] for holder in BOTH}


def test_a_part_of_the_overlay_prefix_that_is_led_elsewhere_is_a_warning(site: Site, play: Run) -> None:
    whole, transit = "192.168.10.0/28", site.transit
    transit.point(transit.nodes, destination=whole)
    site.ec2.create_route(RouteTableId=site.clients_table, DestinationCidrBlock=whole, TransitGatewayId=transit.gateway)
    for table in site.aws.tables:
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=whole, NetworkInterfaceId=site.aws.eni(1))
    assert warnings(play(address=[whole])) == []
    transit.point(None, blackhole=True)
    assert warnings(play(address=[whole])) == [
        f"transit gateway route table {transit.tables[0]}: of {whole}, a part is led elsewhere: {OVERLAY} -> nowhere"
        " (blackhole)."
    ]
    assert wrong(play()) == {holder: ["no_static_route"] for holder in BOTH}
    transit.point(None, destination=whole)


def test_least_calls(site: Site, play: Run, second: str) -> None:
    """A search more where the source is a network, and one for each further table."""
    play(**{"from": CLIENT})
    searches = site.aws.calls().count("SearchTransitGatewayRoutes")
    site.aws.control.clear("calls")
    play(**{"from": FAR})
    assert (searches, site.aws.calls().count("SearchTransitGatewayRoutes")) == (2, 4)


def test_a_network_of_which_parts_alone_are_routed_is_no_drop(site: Site, play: Run) -> None:
    """As with clients: [10.0.0.0/8], where the VPCs announce their own blocks."""
    transit, wide = site.transit, "10.0.0.0/8"
    result = play(**{"from": wide})
    assert wrong(result) == {holder: [] for holder in BOTH}
    lines = str(result["lines"])
    assert f"no route for {wide}; for a part of it, 10.20.0.0/16 -> {transit.gateway}" in lines
    assert f"no route holds all of {wide}, but parts of it: 10.20.0.0/16 -> {transit.clients} (active)" in lines
    assert f"To look at: Look from an address of {wide} that one of these holds." in lines
    named = play(**{"from": "172.16.0.0/12"}, transit_gateway_attachment_id=transit.vpn)
    assert wrong(named) == {holder: [] for holder in BOTH}
    assert f"no route for 172.16.0.0/12; for a part of it, {ON_PREMISES} -> {transit.vpn}" in str(named["lines"])
    for table in site.aws.tables:  # and now no part of it comes to the gateway
        site.route(table, "10.20.0.0/16")
    assert wrong(play(**{"from": wide})) == {holder: ["no_return_route"] for holder in BOTH}


def test_an_overlay_prefix_of_which_a_part_alone_is_routed_is_no_drop(site: Site, play: Run) -> None:
    whole = "192.168.10.0/28"
    result = play(address=[whole])
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert f"no route for {whole}; for a part of it, {OVERLAY} -> {site.transit.nodes}" in str(result["lines"])
    assert f"no route for {whole}; for a part of it, {OVERLAY} -> {site.aws.eni(1)}" in str(result["lines"])
    site.transit.point(None)
    assert wrong(play(address=[whole])) == {holder: ["no_static_route"] for holder in BOTH}
