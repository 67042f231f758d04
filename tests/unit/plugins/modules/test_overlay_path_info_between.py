# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wide route leads to another VPC, which may inspect: the table of its attachment says whether anything comes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, FAR, Site, wrong
from unit.transit_lab import CLIENTS, ON_PREMISES

pytest_plugins = ("unit.path_play",)
EVERYTHING = "0.0.0.0/0"


@dataclass
class Between:
    """A VPC that default routes of both tables lead to, and the table of its own attachment."""

    vpc: str
    attachment: str
    table: str


@pytest.fixture
def between(site: Site) -> Iterator[Between]:
    """Nothing is propagated, and no static route of the overlay IP is left: all goes by that VPC."""
    ec2, transit = site.ec2, site.transit
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    zone = site.aws.world.nodes[0].availability_zone
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit.gateway, VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=transit.gateway)["TransitGatewayRouteTable"]
    table = made["TransitGatewayRouteTableId"]
    ec2.disassociate_transit_gateway_route_table(
        TransitGatewayRouteTableId=transit.tables[0], TransitGatewayAttachmentId=attachment
    )
    ec2.associate_transit_gateway_route_table(TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment)
    for one in transit.tables:
        for end in (transit.vpn, transit.clients):
            ec2.disable_transit_gateway_route_table_propagation(
                TransitGatewayRouteTableId=one, TransitGatewayAttachmentId=end
            )
        transit.point(None, one)
        transit.point(attachment, one, destination=EVERYTHING)
    yield Between(vpc, attachment, table)
    for one in (*transit.tables, table):
        transit.point(None, one, destination=EVERYTHING)


def onward(site: Site, table: str) -> None:
    """Let it all come on from there."""
    site.transit.point(site.transit.nodes, table)
    site.transit.point(site.transit.clients, table, destination=CLIENTS)
    site.transit.point(site.transit.vpn, table, destination=ON_PREMISES)


@pytest.mark.parametrize("source", [CLIENT, FAR])
def test_what_comes_on_from_there_is_neither_right_nor_wrong(
    site: Site, play: Run, between: Between, source: str
) -> None:
    """Of the source behind the VPN, that table tells by what it comes, too."""
    onward(site, between.table)
    result = play(**{"from": source})
    assert wrong(result) == {holder: [] for holder in BOTH}
    told = f"{EVERYTHING} -> {between.attachment}, leads to another VPC ({between.vpc}): an inspection VPC?"
    for path in result["paths"]:
        unseen = [(hop["direction"], hop["passes"]) for hop in path["hops"] if hop["rule"].startswith(told)]
        assert unseen == [("there", None), ("back", None)]
        assert path["attachment"] == ("vpc" if source == CLIENT else "vpn")
    assert f"sent back to the transit gateway: {between.table} leads on." in str(result["lines"])
    assert "but a default route" not in str(result["lines"])


@pytest.mark.parametrize("loops", [False, True])
def test_what_does_not_come_on_from_there_is_dropped(site: Site, play: Run, between: Between, loops: bool) -> None:
    """An egress VPC, whose table knows neither the overlay IP nor the clients, or sends all into it again."""
    if loops:
        site.transit.point(between.attachment, between.table, destination=EVERYTHING)
    result = play()
    assert wrong(result) == {holder: ["no_static_route", "no_return_route"] for holder in BOTH}
    assert result["works"] is False
    has = f"{EVERYTHING} -> {between.attachment} (active)" if loops else f"no route for {OVERLAY}"
    assert (
        f"{EVERYTHING} -> {between.attachment}, another VPC ({between.vpc}), and from there it does not come on:"
        f" {between.table} has {has}"
    ) in [hop["rule"] for hop in result["paths"][0]["hops"]]
    remedy = f"Or, if {between.vpc} shall inspect it, make the route in {between.table}."
    assert result["paths"][0]["findings"][0]["remedy"].endswith(remedy)
    site.transit.point(site.transit.nodes, site.transit.tables[0])
    assert wrong(play()) == {holder: ["no_return_route"] for holder in BOTH}


def test_of_a_source_that_table_does_not_know_nothing_is_said(site: Site, play: Run, between: Between) -> None:
    """It may leave from that VPC by itself, as to the internet."""
    result = play(**{"from": FAR})
    assert wrong(result) == {holder: [] for holder in BOTH}
    for path in result["paths"]:
        assert (f"the way from {FAR} to {site.transit.gateway}", None) in [
            (hop["where"], hop["passes"]) for hop in path["hops"]
        ]
    assert f"sent back to the transit gateway: {between.table} does not lead on." in str(result["lines"])
    site.ec2.modify_network_interface_attribute(NetworkInterfaceId=site.aws.eni(2), SourceDestCheck={"Value": True})
    assert wrong(play(**{"from": FAR}))["node2"] == ["source_dest_check"]  # what can be seen is seen


def test_a_table_there_that_leads_back_to_the_nodes_loses_the_answer(site: Site, play: Run, between: Between) -> None:
    site.transit.point(site.transit.nodes, between.table, destination=EVERYTHING)
    result = play(**{"from": FAR})
    assert wrong(result) == {holder: ["no_return_route"] for holder in BOTH}
    assert f"whose table {between.table} leads back to the nodes" in str(result["lines"])


def test_who_may_not_read_that_table_is_told(site: Site, play: Run, between: Between) -> None:
    """As where the VPC's attachment is of an account that does not show its association."""
    onward(site, between.table)
    tables = [site.transit.arn("route-table", one) for one in site.transit.tables]
    search = {"Effect": "Allow", "Action": "ec2:SearchTransitGatewayRoutes", "Resource": tables}
    keys = site.transit.user("not-between", {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}, search)
    result = play(**site.aws.options(keys))
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert {f["message"].split(", since")[0] for f in result["paths"][0]["findings"] if f["id"] == "not_seen"} == {
        f"Not seen: the routes of {between.table}"
    }
    assert "and that the table of that attachment leads on." in str(result["lines"])


# --- the end of the answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wide", ["192.168.0.0/16", "192.0.0.0/8"])
def test_an_answer_that_is_led_back_to_the_nodes_is_lost(site: Site, play: Run, wide: str) -> None:
    """A client behind the VPN whose network lies in the prefix of the overlay IPs."""
    transit = site.transit
    transit.point(None)
    transit.point(transit.nodes, destination=wide)
    for table in site.aws.tables:
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=wide, TransitGatewayId=transit.gateway)
    try:
        result = play(**{"from": "192.168.50.7"})
        named = play(**{"from": "192.168.50.7"}, transit_gateway_attachment_id=transit.vpn)
    finally:
        transit.point(None, destination=wide)
        for table in site.aws.tables:
            site.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=wide)
    assert wrong(result) == wrong(named) == {holder: ["no_return_route"] for holder in BOTH}
    assert [path["side"] for path in result["paths"]] == ["transit gateway"] * 2
    assert f"{wide} -> {transit.nodes} (static, active), back into the nodes' own VPC ({site.aws.world.vpc_id})" in str(
        result["lines"]
    )
    assert "another account" not in str(result)
    assert result["lines"][-1] == "The fault is on this side: transit gateway."


def test_an_answer_that_is_dropped_on_purpose_is_lost(site: Site, play: Run) -> None:
    transit, away = site.transit, "10.66.0.0/16"
    transit.point(None, destination=away, blackhole=True)
    try:
        result = play(**{"from": "10.66.1.1"})
    finally:
        transit.point(None, destination=away)
    assert {found[-1] for found in wrong(result).values()} == {"no_return_route"}
    assert f"{away} -> nowhere (static, blackhole), which drops it" in str(result["lines"])


def test_a_node_that_is_a_router_is_no_overlay_ip(site: Site, play: Run) -> None:
    """A wide route to a node keeps the answer in the VPC: the way back is missing, and from is right."""
    for table in site.aws.tables:
        site.route(table, CLIENTS)
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYTHING, NetworkInterfaceId=site.aws.eni(1))
    try:
        result = play()
    finally:
        for table in site.aws.tables:
            site.route(table, EVERYTHING)
    assert wrong(result) == {holder: ["no_return_route"] for holder in BOTH}
    assert "an overlay IP itself" not in str(result["lines"])


def test_an_overlay_ip_as_the_source_gets_no_answer(site: Site, play: Run) -> None:
    result = play(**{"from": "192.168.10.15"})
    assert wrong(result) == {holder: ["no_return_route"] for holder in BOTH}
    told = f"{OVERLAY} -> {site.aws.eni(1)}, a node: {OVERLAY} is an overlay IP itself"
    assert {hop["rule"] for path in result["paths"] for hop in path["hops"] if hop["passes"] is False} == {told}
    assert "  To do: Correct from: nobody outside of the VPC has the address of an overlay IP and" in str(
        result["lines"]
    )
