# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as others build them: a firewall in the clients' VPC, two gateways, another account's inspection VPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, FAR, Site, wrong
from unit.plugins.modules.test_overlay_path_info_between import EVERYTHING, Between, between, onward
from unit.transit_lab import ON_PREMISES

__all__ = ["between"]  # a fixture

pytest_plugins = ("unit.path_play",)


def dropped(result: dict[str, Any]) -> set[str]:
    return {hop["where"] for path in result["paths"] for hop in path["hops"] if hop["passes"] is False}


@pytest.mark.parametrize("alive", [True, False])
def test_a_firewall_in_the_clients_vpc(site: Site, play: Run, alive: bool) -> None:
    """In the table of the subnet by which the answer comes in: a route for the client's own subnet."""
    ec2, vpc = site.ec2, site.transit.clients_vpc
    zone = site.aws.world.nodes[0].availability_zone
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.2.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=OVERLAY, TransitGatewayId=site.transit.gateway)
    firewall = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    if alive:
        image = site.aws.world.nodes[0].instance_id
        image = ec2.describe_instances(InstanceIds=[image])["Reservations"][0]["Instances"][0]["ImageId"]
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
        firewall = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    where = {"RouteTableId": site.clients_table, "DestinationCidrBlock": "10.20.2.0/24"}
    ec2.create_route(**where, NetworkInterfaceId=firewall)
    result = play(**{"from": "10.20.2.9"})
    assert wrong(result) == {holder: [] if alive else ["no_return_route"] for holder in BOTH}
    hop = next(hop for hop in result["paths"][0]["hops"] if firewall in hop["rule"])
    assert (hop["direction"], hop["side"], hop["passes"]) == ("back", "clients' side", None if alive else False)
    ec2.delete_route(**where)
    assert wrong(play(**{"from": "10.20.2.9"})) == {holder: [] for holder in BOTH}


def test_a_virtual_private_gateway_that_does_not_get_the_answers(site: Site, play: Run, between: Between) -> None:
    """In a table that serves no node: the nodes' own lead to the transit gateway, and on to a VPC that inspects."""
    ec2, table = site.ec2, site.aws.world.route_table_ids[1]
    vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=site.aws.world.vpc_id)
    site.route(table, ON_PREMISES, GatewayId=vgw)
    result = play(**{"from": FAR})
    for one in site.aws.tables:
        site.route(one, ON_PREMISES, GatewayId=vgw)
    by_it = play(**{"from": FAR})
    ec2.detach_vpn_gateway(VpnGatewayId=vgw, VpcId=site.aws.world.vpc_id)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert {path["holder"] for path in result["paths"] if any(h["passes"] is None for h in path["hops"])} == set(BOTH)
    assert wrong(by_it) == {holder: ["virtual_private_gateway"] for holder in BOTH}


def test_of_two_gateways_the_one_that_gets_the_answers_is_asked(site: Site, play: Run) -> None:
    """The first one has a default route to its VPN."""
    ec2, world, network = site.ec2, site.aws.world, "10.77.0.0/16"
    gateway = ec2.create_transit_gateway()["TransitGateway"]
    second, table = gateway["TransitGatewayId"], gateway["Options"]["AssociationDefaultRouteTableId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=second, VpcId=world.vpc_id, SubnetIds=[node.subnet_id for node in world.nodes]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    vpn = site.aws.control.attach(second, "vpn", "vpn-0aaaaaaaaaaaaaaaa", [network])
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=table, DestinationCidrBlock=OVERLAY, TransitGatewayAttachmentId=attachment
    )
    site.transit.point(site.transit.vpn, destination=EVERYTHING)
    for one in site.aws.tables:
        ec2.create_route(RouteTableId=one, DestinationCidrBlock=network, TransitGatewayId=second)
    try:
        result = play(**{"from": "10.77.1.0/24"})
    finally:
        site.transit.point(None, destination=EVERYTHING)
        ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        for one in site.aws.tables:
            ec2.delete_route(RouteTableId=one, DestinationCidrBlock=network)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert f"{network} -> {vpn} (propagated, active)" in str(result["lines"])


def test_who_does_not_own_the_gateway_is_told_what_it_does_not_see(site: Site, play: Run) -> None:
    """Of its own attachment, which table routes it: that is neither a missing association nor a missing way."""
    lab, transit = site.aws, site.transit
    _account, keys = lab.endpoint.add_account()
    owner = lab.endpoint.client("ec2", keys)
    gateway = owner.create_transit_gateway(Options={"DefaultRouteTableAssociation": "disable"})["TransitGateway"]
    site.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=transit.nodes)
    attachment = site.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway["TransitGatewayId"],
        VpcId=lab.world.vpc_id,
        SubnetIds=[node.subnet_id for node in lab.world.nodes],
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    for table in lab.tables:
        site.route(table, ON_PREMISES, TransitGatewayId=gateway["TransitGatewayId"])
    result = play(**{"from": FAR})
    owner.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert (
        f"Not seen: the association of {attachment}, since only the owner of {gateway['TransitGatewayId']} sees it."
        " Name a role of the account that owns it"
    ) in str(result["lines"])


@pytest.fixture
def foreign(site: Site) -> Iterator[tuple[str, str]]:
    """Another account's VPC, of which nothing is seen here but its attachment; and the table of that."""
    lab, transit = site.aws, site.transit
    _account, keys = lab.endpoint.add_account()
    owner, zone = lab.endpoint.client("ec2", keys), lab.world.nodes[0].availability_zone
    vpc = owner.create_vpc(CidrBlock="10.200.0.0/24")["Vpc"]["VpcId"]
    subnet = owner.create_subnet(VpcId=vpc, CidrBlock="10.200.0.0/28", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    attachment = owner.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit.gateway, VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    made = site.ec2.create_transit_gateway_route_table(TransitGatewayId=transit.gateway)["TransitGatewayRouteTable"]
    table = made["TransitGatewayRouteTableId"]
    where = {"TransitGatewayAttachmentId": attachment}
    site.ec2.disassociate_transit_gateway_route_table(**where, TransitGatewayRouteTableId=transit.tables[0])
    site.ec2.associate_transit_gateway_route_table(**where, TransitGatewayRouteTableId=table)
    site.ec2.disable_transit_gateway_route_table_propagation(
        TransitGatewayAttachmentId=transit.vpn, TransitGatewayRouteTableId=transit.tables[0]
    )
    yield str(attachment), str(table)
    site.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)


@pytest.mark.parametrize("static", [ON_PREMISES, "172.16.0.0/12", EVERYTHING])
def test_another_accounts_vpc_may_inspect_or_have_the_source(
    site: Site, play: Run, foreign: tuple[str, str], static: str
) -> None:
    """A static route may lead to both; more than a VPC has leads to one that inspects."""
    attachment, table = foreign
    transit = site.transit
    transit.point(attachment, destination=static)
    onward(site, table)
    result, named = play(**{"from": FAR}), play(**{"from": FAR}, transit_gateway_attachment_id=transit.vpn)
    transit.point(None, table, destination=ON_PREMISES)
    ends = play(**{"from": FAR})
    transit.point(None, destination=static)
    for one in (result, named, ends):
        assert wrong(one) == {holder: [] for holder in BOTH}
    for one in (result, named):
        assert f"{static} -> {attachment}, leads to another VPC" in str(one["lines"])
    kinds = [{path["attachment"] for path in one["paths"]} for one in (result, named, ends)]
    assert kinds == ([{None}, {"vpn"}, {"vpc"}] if static == ON_PREMISES else [{"vpn"}, {"vpn"}, {None}])


def test_two_inspection_vpcs_one_behind_the_other(site: Site, play: Run, between: Between) -> None:
    ec2, transit = site.ec2, site.transit
    zone = site.aws.world.nodes[0].availability_zone
    vpc = ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.98.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    further = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit.gateway, VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    transit.point(further, between.table, destination=EVERYTHING)
    for source in ("10.20.1.5", FAR):
        assert wrong(play(**{"from": source})) == {holder: [] for holder in BOTH}
    transit.point(None, between.table, destination=EVERYTHING)
    assert dropped(play()) == {f"transit gateway route table {transit.tables[0]}"}
