# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared VPC whose attachment has subnets of its own, that are not shared with the account of the nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_path_info
from lab import outside
from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.world import WorldSpec, build
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module
from unit.path_site import BOTH, FAR, PORT, allow, wrong

GATEWAYS = ["ec2:DescribeTransitGateway*", "ec2:SearchTransitGatewayRoutes"]


@dataclass
class Shared:
    """``hidden`` are the attachment's subnets, one in each node's zone."""

    aws: AwsLab
    owner: Any
    nodes: str
    hidden: list[str]

    def role(self, name: str, *actions: str) -> str:
        """A role of the owner of VPC and gateway, that the nodes' account may take on."""
        iam = self.aws.endpoint.client("iam", self.aws.world.owner_admin.credentials())
        root = {"AWS": f"arn:aws:iam::{self.aws.world.account_id}:root"}
        trust = _document({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allowed = _document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=allowed)
        return str(made)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    with Endpoint() as endpoint:
        world = build(endpoint, WorldSpec(shared_vpc=True))
        control = Control(endpoint.url)
        owner = endpoint.client("ec2", world.owner_admin.credentials())
        nodes_account = endpoint.client("ec2", world.admin.credentials())
        made = outside.build(owner, world, control)
        hidden = [
            owner.create_subnet(VpcId=world.vpc_id, CidrBlock=f"10.0.20{n}.0/28", AvailabilityZone=zone)["Subnet"]
            for n, zone in enumerate(node.availability_zone for node in world.nodes)
        ]
        ids = [one["SubnetId"] for one in hidden]
        for node, subnet in zip(world.nodes, ids, strict=True):
            change = {"TransitGatewayAttachmentId": made.nodes}
            owner.modify_transit_gateway_vpc_attachment(**change, RemoveSubnetIds=[node.subnet_id])
            owner.modify_transit_gateway_vpc_attachment(**change, AddSubnetIds=[subnet])
        for table in made.tables:
            owner.create_transit_gateway_route(
                TransitGatewayRouteTableId=table,
                DestinationCidrBlock=OVERLAY,
                TransitGatewayAttachmentId=made.nodes,
            )
        for table in world.route_table_ids:
            route = {"RouteTableId": table, "DestinationCidrBlock": OVERLAY}
            owner.create_route(**route, NetworkInterfaceId=world.nodes[0].network_interface_ids[0])
            route["DestinationCidrBlock"] = outside.ON_PREMISES
            owner.create_route(**route, TransitGatewayId=made.gateway)
        for node in world.nodes:
            nodes_account.modify_network_interface_attribute(
                NetworkInterfaceId=node.network_interface_ids[0], SourceDestCheck={"Value": False}
            )
        eni = world.nodes[0].network_interface_ids[0]
        found = nodes_account.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
        allow(nodes_account, found["Groups"][0]["GroupId"], "0.0.0.0/0")
        yield Shared(AwsLab(endpoint, world, control), owner, made.nodes, ids)


@pytest.fixture
def play(shared: Shared, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(**params: Any) -> dict[str, Any]:
        world = shared.aws.world
        chosen = {
            "from": FAR,
            "address": "192.168.10.15",
            "port": PORT,
            "instance_ids": [m.instance_id for m in world.nodes],
            **shared.aws.options(world.admin),
            **params,
        }
        return run_module(overlay_path_info, capsys, **chosen)

    return run


def not_seen(result: dict[str, Any]) -> set[str]:
    return {f["message"] for path in result["paths"] for f in path["findings"] if f["id"] == "not_seen"}


def test_subnets_that_are_not_shared_are_not_seen_and_not_missing(shared: Shared, play: Run) -> None:
    """The owner's role is for the gateway alone: that every zone has its subnet is neither true nor false."""
    result = play(transit_gateway_role_arns=[shared.role("gateway", *GATEWAYS)])
    assert wrong(result) == {holder: [] for holder in BOTH}
    hidden = ", ".join(shared.hidden)
    mine = ", ".join(sorted(one.subnet_id for one in (*shared.aws.world.nodes, *shared.aws.world.clients)))
    assert not_seen(result) == {
        f"Not seen: the subnets {hidden} of {shared.nodes}, since they are not shared with this account.",
        f"Not seen: the network ACLs of {mine}, since they are not shown to this account.",
    }
    for path, node in zip(result["paths"], shared.aws.world.nodes, strict=True):
        zones = [hop for hop in path["hops"] if hop["where"].endswith(f"in {node.availability_zone}")]
        rule = f"its subnets {hidden} were not seen"
        assert [(hop["rule"], hop["passes"]) for hop in zones] == [(rule, None)], path["hops"]
        assert [hop["passes"] for hop in path["hops"] if rule == hop["rule"]] == [None, None]
        assert {hop["passes"] for hop in path["hops"] if "ACL" in hop["where"]} == {None}
    [remedy] = {f["remedy"] for path in result["paths"] for f in path["findings"] if hidden in f["message"]}
    assert remedy.startswith("Let the owner of that VPC see that there is one in the zone of each node")


def test_one_that_is_shared_counts_and_a_zone_without_any_is_told(shared: Shared, play: Run) -> None:
    """All of the attachment's subnets are seen now: one in the first node's zone."""
    roles = {"transit_gateway_role_arns": [shared.role("gateway-2", *GATEWAYS)]}
    first = shared.aws.world.nodes[0].subnet_id
    change = {"TransitGatewayAttachmentId": shared.nodes}
    shared.owner.modify_transit_gateway_vpc_attachment(**change, RemoveSubnetIds=[shared.hidden[0]])
    shared.owner.modify_transit_gateway_vpc_attachment(**change, AddSubnetIds=[first])
    result = play(**roles)
    assert [hop["passes"] for hop in result["paths"][0]["hops"] if hop["rule"] == f"enters by {first}"] == [True]
    assert wrong(result) == {holder: [] for holder in BOTH}  # the second zone's is still hidden
    shared.owner.modify_transit_gateway_vpc_attachment(**change, RemoveSubnetIds=[shared.hidden[1]])
    assert wrong(play(**roles)) == {"node1": [], "node2": ["no_attachment_subnet"]}


def test_an_address_in_a_subnet_that_is_not_shared_is_somebodys(shared: Shared, play: Run) -> None:
    """Only the owner of the VPC sees that: no refusal, and what can be seen is looked at."""
    result = play(**{"from": "10.0.200.5"})
    assert wrong(result) == {holder: [] for holder in BOTH}
    said = f"Not seen: the subnet of 10.0.200.5 in {shared.aws.world.vpc_id}, since it is not shared with this account."
    assert said in not_seen(result)
    assert [hop["passes"] for hop in result["paths"][0]["hops"] if hop["where"].startswith("subnet of")] == [None]
