# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies outside of a world: a transit gateway, another VPC and an on-premises network attached to it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from lab.endpoint.control import Control
from lab.world import World, wait_for

ON_PREMISES = "172.20.0.0/16"
CLIENTS = "10.20.0.0/16"
CLIENTS_SUBNET = "10.20.1.0/24"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outside:
    """Ids. ``tables`` are the default one, which the VPCs are associated with, and the VPN's own."""

    gateway: str
    tables: tuple[str, str]
    nodes: str
    clients: str
    vpn: str
    clients_vpc: str
    clients_subnet: str
    clients_table: str


def build(ec2: Any, world: World, control: Control) -> Outside:
    """A gateway in the account of ``ec2``; everything is attached and propagated, and no overlay IP is routed."""
    gateway = ec2.create_transit_gateway()["TransitGateway"]
    gateway_id, default = gateway["TransitGatewayId"], gateway["Options"]["AssociationDefaultRouteTableId"]
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway_id)["TransitGatewayRouteTable"]
    other = made["TransitGatewayRouteTableId"]
    vpc = ec2.create_vpc(CidrBlock=CLIENTS)["Vpc"]["VpcId"]
    zone = world.nodes[0].availability_zone
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=CLIENTS_SUBNET, AvailabilityZone=zone)["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]

    def attach(vpc_id: str, subnets: list[str]) -> str:
        made = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway_id, VpcId=vpc_id, SubnetIds=subnets)
        return str(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])

    mine, theirs = attach(world.vpc_id, [machine.subnet_id for machine in world.nodes]), attach(vpc, [subnet])
    vpn = control.attach(gateway_id, "vpn", f"vpn-{next(_numbers):017x}", [ON_PREMISES])
    ec2.disassociate_transit_gateway_route_table(TransitGatewayRouteTableId=default, TransitGatewayAttachmentId=vpn)
    ec2.associate_transit_gateway_route_table(TransitGatewayRouteTableId=other, TransitGatewayAttachmentId=vpn)
    ec2.enable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=other, TransitGatewayAttachmentId=mine
    )
    table = tables[0]["RouteTableId"]
    return Outside(gateway_id, (default, other), mine, theirs, vpn, vpc, subnet, table)


def remove(ec2: Any) -> None:
    """Detach all VPCs, so that a world has the attachments of one test."""
    for attachment in ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]:
        ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment["TransitGatewayAttachmentId"])


def client_vpn(ec2: Any, *subnets: str, clients: str = "172.30.0.0/22") -> str:
    """A Client VPN endpoint that is associated with these subnets; its id. It routes to the VPC alone."""
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    by = {"Type": "certificate-authentication"}
    made = ec2.create_client_vpn_endpoint(
        ClientCidrBlock=clients,
        ServerCertificateArn=certificate,
        AuthenticationOptions=[{**by, "MutualAuthentication": {"ClientRootCertificateChainArn": certificate}}],
        ConnectionLogOptions={"Enabled": False},
    )
    endpoint = str(made["ClientVpnEndpointId"])
    for subnet in subnets:
        ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)

    def associated() -> bool:
        found = ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]
        return all(one["Status"]["Code"] == "associated" for one in found)

    wait_for(associated, f"{endpoint} to be associated", 5)
    return endpoint
