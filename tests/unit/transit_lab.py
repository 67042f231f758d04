# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transit gateway on the lab's endpoint: the nodes' VPC, another VPC and a VPN attached to it, two route tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab import outside
from lab.outside import CLIENTS, ON_PREMISES
from lab.world import Keys
from unit.aws_lab import OVERLAY, AwsLab

__all__ = ["CLIENTS", "ON_PREMISES", "Transit", "build", "remove"]


@dataclass
class Transit:
    """``tables`` are the default one, which the VPCs are associated with, and the VPN's own."""

    aws: AwsLab
    client: Any
    gateway: str
    tables: list[str]
    nodes: str
    clients: str
    vpn: str
    clients_vpc: str
    clients_subnet: str
    clients_table: str
    account: str

    def point(self, attachment: str | None, *tables: str, destination: str = OVERLAY, blackhole: bool = False) -> None:
        """Make the static route in these tables, default all; None: none."""
        for table in tables or self.tables:
            where = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": destination}
            if self.truth(table, destination, kind="static"):
                self.client.delete_transit_gateway_route(**where)
            if attachment:
                self.client.create_transit_gateway_route(**where, TransitGatewayAttachmentId=attachment)
            elif blackhole:
                self.client.create_transit_gateway_route(**where, Blackhole=True)
        self.aws.control.clear("calls")

    def truth(self, table: str, destination: str = OVERLAY, kind: str = "*") -> str | None:
        """The attachment that a table's route leads to, ``blackhole``, or None where there is none."""
        found = self.client.search_transit_gateway_routes(
            TransitGatewayRouteTableId=table,
            Filters=[
                {"Name": "route-search.exact-match", "Values": [destination]},
                {"Name": "type", "Values": [kind]},
            ],
        )["Routes"]
        if not found:
            return None
        attachments = found[0].get("TransitGatewayAttachments")
        return str(attachments[0]["TransitGatewayAttachmentId"]) if attachments else "blackhole"

    def user(self, name: str, *statements: dict[str, Any]) -> Keys:
        """A user of the gateway's account with just these statements."""
        return self.aws.policy_of(name, list(statements))

    def arn(self, kind: str, resource_id: str) -> str:
        """The ARN of a thing of the gateway's."""
        return f"arn:aws:ec2:{self.aws.world.region}:{self.account}:transit-gateway-{kind}/{resource_id}"


def build(aws: AwsLab) -> Transit:
    """A gateway of the world's own account."""
    made = outside.build(aws.client, aws.world, aws.control)
    aws.control.clear("calls")
    return Transit(
        aws,
        aws.client,
        made.gateway,
        list(made.tables),
        made.nodes,
        made.clients,
        made.vpn,
        made.clients_vpc,
        made.clients_subnet,
        made.clients_table,
        aws.world.owner_account_id,
    )


def remove(transit: Transit) -> None:
    """Take the attachments away again, so that a VPC has those of one test."""
    outside.remove(transit.client)


def shown(transit: Transit, attachment: str, **more: str) -> dict[str, str]:
    """What the module tells of a route to an attachment."""
    vpc = transit.aws.world.vpc_id if attachment == transit.nodes else transit.clients_vpc
    return {
        "transit_gateway_attachment_id": attachment,
        "resource_type": "vpc",
        "resource_id": vpc,
        "type": "static",
        "state": "active",
        **more,
    }
