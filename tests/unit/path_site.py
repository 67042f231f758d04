# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site outside of the nodes' VPC, in which everybody reaches the overlay IP. The fixtures are in `path_play`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unit.aws_lab import OVERLAY, AwsLab
from unit.transit_lab import Transit

CLIENT, FAR, NEAR = "10.20.1.5", "172.20.3.0/24", "10.0.3.10"
PORT = 3600
BOTH = ("node1", "node2")


@dataclass
class Site:
    """A world in which everybody reaches the overlay IP, whoever holds it."""

    transit: Transit
    group: str
    clients_table: str
    allowed: str
    undo: list[tuple[str, str]] = field(default_factory=list)

    @property
    def aws(self) -> AwsLab:
        return self.transit.aws

    @property
    def ec2(self) -> Any:
        return self.transit.client

    def route(self, table: str, destination: str, **target: str) -> None:
        """Make or replace a route of a VPC; without a target, delete it."""
        where = {"RouteTableId": table, "DestinationCidrBlock": destination}
        self.ec2.delete_route(**where)
        if target:
            self.ec2.create_route(**where, **target)

    def fail_over(self, node: int) -> None:
        """Move the route where there is one, as a failover does."""
        for table, target in self.aws.truth().items():
            if target:
                self.ec2.replace_route(
                    RouteTableId=table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=self.aws.eni(node)
                )

    def acl(self, subnet: str, *, egress: bool, ports: tuple[int, int], action: str = "deny") -> str:
        """Give a subnet an ACL of its own that allows everything, but for these TCP ports; its id."""
        vpc = self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
        acl = self.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        everything = {"NetworkAclId": acl, "Protocol": "-1", "CidrBlock": "0.0.0.0/0", "RuleAction": "allow"}
        for side in (True, False):
            self.ec2.create_network_acl_entry(**everything, RuleNumber=100, Egress=side)
        span = {"From": ports[0], "To": ports[1]}
        one = {**everything, "Protocol": "6", "RuleAction": action, "RuleNumber": 50, "Egress": egress}
        self.ec2.create_network_acl_entry(**one, PortRange=span)
        self.undo.append((subnet, self.associate(subnet, acl)))
        return str(acl)

    def associate(self, subnet: str, acl: str) -> str:
        """Give a subnet another ACL; the one that it had."""
        used = self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
        found = [(n, a) for n in used["NetworkAcls"] for a in n["Associations"] if a["SubnetId"] == subnet]
        [(before, association)] = found
        self.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
        return str(before["NetworkAclId"])


def permission(network: str, low: int = PORT, high: int = PORT) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "IpRanges": [{"CidrIp": network}]}]


def allow(ec2: Any, group: str, network: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission(network))


def revoke(ec2: Any, group: str, network: str) -> None:
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission(network))


def wrong(result: dict[str, Any]) -> dict[str, list[str]]:
    """Per holder, what is wrong with its path."""
    assert "failed" not in result, result["msg"]
    return {path["holder"]: [f["id"] for f in path["findings"] if f["severity"] == "error"] for path in result["paths"]}
