# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where overlay_path_info looks from, and what it says of a source that nobody knows."""

from __future__ import annotations

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, Site, wrong
from unit.transit_lab import CLIENTS

pytest_plugins = ("unit.path_play",)


def test_a_virtual_private_gateway_cannot_carry_it(site: Site, play: Run) -> None:
    vgw = site.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    site.ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=site.aws.world.vpc_id)
    site.ec2.create_route(RouteTableId=site.aws.tables[0], DestinationCidrBlock="10.77.0.0/16", GatewayId=vgw)
    result = play(**{"from": "10.77.1.1"})
    assert wrong(result) == {"node1": ["virtual_private_gateway"], "node2": ["virtual_private_gateway"]}
    assert "Network Load Balancer" in result["paths"][0]["findings"][0]["remedy"]


def test_a_peering_cannot_carry_it(site: Site, play: Run) -> None:
    vpc = site.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    site.ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.1.0/24")
    made = site.ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=site.aws.world.vpc_id)
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    site.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    result = play(**{"from": "10.30.1.5"})
    assert wrong(result) == {"node1": ["peering"], "node2": ["peering"]}
    assert result["paths"][0]["hops"][0]["where"] == f"peering {peering}"
    site.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)


def test_a_source_that_nobody_knows_is_one_sentence_with_what_was_looked_at(site: Site, play: Run) -> None:
    result = play(**{"from": "203.0.113.7"})
    assert wrong(result) == {"node1": ["no_way"], "node2": ["no_way"]}
    assert [path["side"] for path in result["paths"]] == [None, None]
    mine, transit = site.aws.world.vpc_id, site.transit
    first, remedy = result["lines"]
    assert first == (
        f"the way from 203.0.113.7 to {mine}: no way was found; looked at: the blocks of {mine} (10.0.0.0/16), the"
        f" subnets of what is attached to {transit.gateway} ({transit.clients_vpc}), the routes of {transit.tables[0]},"
        f" active peering connections, routes of {mine} to a virtual private gateway."
    )
    assert remedy.startswith("To do: Correct from; or name the attachment of 203.0.113.7's network in transit_gateway")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "10.0.250.9",
            "10.0.250.9 belongs to nothing: it lies in the block of {mine}, and in none of its subnets (10.0.",
        ),
        (
            "10.20.200.9",
            "10.20.200.9 belongs to nothing: the transit gateway leads to {theirs} for it, and none of its subnets"
            " (10.20.1.0/24) has it. Correct from.",
        ),
    ],
)
def test_an_address_that_no_subnet_has(site: Site, play: Run, source: str, sentence: str) -> None:
    result = play(**{"from": source})
    told = sentence.format(mine=site.aws.world.vpc_id, theirs=site.transit.clients_vpc)
    assert (result["failed"], result["msg"].startswith(told)) == (True, True), result["msg"]


def test_what_only_a_default_route_knows_is_taken_to_be_there_and_told(site: Site, play: Run) -> None:
    transit = site.transit
    transit.point(transit.vpn, destination="0.0.0.0/0")
    for table in site.aws.tables:
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", TransitGatewayId=transit.gateway)
    try:
        result = play(**{"from": "203.0.113.7"})
    finally:
        transit.point(None, destination="0.0.0.0/0")
    assert wrong(result) == {"node1": [], "node2": []}
    assert f"  there  ?    the network of 203.0.113.7: nothing knows it but a default route, to {transit.vpn}" in str(
        result["lines"]
    )
    assert f"  To look at: If 203.0.113.7 is not behind {transit.vpn}, correct from." in result["lines"]


def test_two_vpcs_of_one_block_are_asked_about(site: Site, play: Run) -> None:
    """The twin's way is refused by the routes of its own VPC; the first one's is in order."""
    twin = site.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    zone = site.aws.world.nodes[0].availability_zone
    subnet = site.ec2.create_subnet(VpcId=twin, CidrBlock="10.20.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    attachment = site.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=site.transit.gateway, VpcId=twin, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    told = play()["msg"]
    both = sorted([(site.transit.clients_vpc, site.transit.clients), (twin, attachment)])
    assert told == (
        f"{CLIENT} lies in a subnet of {both[0][0]} ({both[0][1]}) and of {both[1][0]} ({both[1][1]}): which of them is"
        " meant? Name its attachment in transit_gateway_attachment_id (path.yml: -e"
        " overlay_ip_path_attachment=tgw-attach-...)."
    )
    assert wrong(play(transit_gateway_attachment_id=site.transit.clients)) == {"node1": [], "node2": []}
    assert "no_route" in wrong(play(transit_gateway_attachment_id=attachment))["node1"]


def test_a_node_reaches_itself(play: Run) -> None:
    result = play(**{"from": "10.0.2.10"})
    assert [f["id"] for f in result["paths"][0]["findings"]] == ["reaches_itself"]
    assert result["paths"][1]["findings"] == []


def test_from_each_address_of_a_load_balancer(site: Site, play: Run) -> None:
    elb = site.aws.endpoint.client("elbv2", site.aws.world.owner_admin.credentials())
    subnets = [node.subnet_id for node in site.aws.world.nodes]
    made = elb.create_load_balancer(Name="sap-ascs", Type="network", Scheme="internal", Subnets=subnets)
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    try:
        good = play(**{"from": "load_balancer:sap-ascs"})
        assert good["works"] is True
        assert [line for line in good["lines"] if line.startswith("sap-ascs (")] == [
            f"sap-ascs (10.0.{zone}.200) to {OVERLAY}, held by {node}:"
            for zone in (1, 2)
            for node in ("node1", "node2")
        ]
        table = site.aws.world.route_table_ids[2]  # that of node2's subnet
        site.route(table, OVERLAY)
        bad = play(**{"from": "load_balancer:sap-ascs"})
        assert [path["works"] for path in bad["paths"]] == [True, True, False, False]
        assert {f["id"] for path in bad["paths"] for f in path["findings"]} == {"no_overlay_route"}
    finally:
        elb.delete_load_balancer(LoadBalancerArn=arn)
    told = play(**{"from": "load_balancer:sap-ascs"})["msg"]
    assert told.startswith("Load balancer sap-ascs has no address that this caller can see: run reach.yml")


def test_each_subnet_of_a_whole_vpc_is_looked_at(site: Site, play: Run) -> None:
    """Clients that are declared by the VPC's block: what drops in all of its subnets, and in one of them."""
    ec2, transit = site.ec2, site.transit
    good = play(**{"from": CLIENTS})
    site.route(site.clients_table, OVERLAY)
    bad = play(**{"from": CLIENTS})
    for number in ("2", "3"):
        ec2.create_subnet(
            VpcId=transit.clients_vpc,
            CidrBlock=f"10.20.{number}.0/24",
            AvailabilityZone=site.aws.world.nodes[0].availability_zone,
        )
    of_two = play(**{"from": CLIENTS})
    where = {"RouteTableId": site.clients_table, "DestinationCidrBlock": OVERLAY}
    ec2.create_route(**where, TransitGatewayId=transit.gateway)
    own = ec2.create_route_table(VpcId=transit.clients_vpc)["RouteTable"]["RouteTableId"]
    ids = [{"Name": "cidr-block", "Values": ["10.20.3.0/24"]}, {"Name": "vpc-id", "Values": [transit.clients_vpc]}]
    [alone] = [one["SubnetId"] for one in ec2.describe_subnets(Filters=ids)["Subnets"]]
    ec2.associate_route_table(RouteTableId=own, SubnetId=alone)
    part = play(**{"from": CLIENTS})
    assert wrong(good) == wrong(part) == {holder: [] for holder in BOTH}
    assert wrong(bad) == {holder: ["no_route"] for holder in BOTH}
    assert wrong(of_two) == {holder: ["no_route"] * 2 for holder in BOTH}
    for result in (good, bad, of_two, part):
        assert "subnet of 10.20.0.0/16" not in str(result["lines"])
    warned = [f for f in part["paths"][0]["findings"] if f["severity"] == "warning"]
    assert [(one["id"], f"in route table {own} of {alone} " in one["message"]) for one in warned] == [
        ("part_elsewhere", True)
    ]
    assert f"in the table of {alone} (" in warned[0]["remedy"]
