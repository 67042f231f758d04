# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What overlay_path_info may not look at is told once, and the rest is looked at; each gateway by its owner's role."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from unit.aws_lab import OVERLAY, Run
from unit.path_site import CLIENT, FAR, Site, wrong

pytest_plugins = ("unit.path_play",)


def without(site: Site, *actions: str) -> dict[str, Any]:
    """AWS options of a caller who may all that a path needs, but for these actions."""
    world, transit = site.aws.world, site.transit
    document = policy_document.reach(Place("aws", world.region), transit.account, transit.tables, [transit.nodes])
    taken = {f"ec2:{action}" for action in actions}
    statements = []
    for one in document["Statement"]:
        listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        if rest := [action for action in listed if action not in taken]:
            statements.append({**one, "Action": rest})
    return site.aws.options(transit.user("without-" + actions[0][-20:], *statements))


def warned(result: dict[str, Any]) -> list[str]:
    assert "failed" not in result, result["msg"]
    [found] = {tuple(f["message"] for f in path["findings"] if f["id"] == "not_seen") for path in result["paths"]}
    return list(found)


@pytest.mark.parametrize(
    ("action", "source", "what"),
    [
        ("SearchTransitGatewayRoutes", CLIENT, "the routes of tgw-rtb-"),
        ("DescribeVpcPeeringConnections", CLIENT, "peering connections"),
        ("DescribeTransitGatewayAttachments", CLIENT, "the transit gateways of vpc-"),
        ("DescribeTransitGatewayVpcAttachments", CLIENT, "the subnets of tgw-attach-"),
        ("DescribeNetworkInterfaces", CLIENT, "the interface of the source"),
        ("DescribeNetworkAcls", CLIENT, "the network ACLs of vpc-"),
        ("DescribeSecurityGroups", CLIENT, "the security groups of both ends"),
        ("SearchTransitGatewayRoutes", FAR, "the routes of tgw-rtb-"),
        ("DescribeVpcPeeringConnections", FAR, "peering connections"),
        ("DescribeTransitGatewayAttachments", FAR, "the transit gateways of vpc-"),
    ],
)
def test_a_missing_permission_ends_nothing(site: Site, play: Run, action: str, source: str, what: str) -> None:
    site.ec2.modify_network_interface_attribute(NetworkInterfaceId=site.aws.eni(2), SourceDestCheck={"Value": True})
    result = play(**{"from": source}, **without(site, action))
    messages = warned(result)
    assert messages, result["paths"][0]["findings"]
    assert all(one.startswith(f"Not seen: {what}") and action in one for one in messages)
    of_both_vpcs = action in ("DescribeNetworkAcls", "DescribeTransitGatewayVpcAttachments")
    assert len(messages) == (2 if of_both_vpcs else 1)
    assert wrong(result) == {"node1": [], "node2": ["source_dest_check"]}  # what can be seen is seen
    for message in messages:
        assert [line for line in result["lines"] if f"  Warning: {message} Grant it (" in line], result["lines"]


def test_each_gateway_is_asked_by_its_owners_role(site: Site, play: Run, request: pytest.FixtureRequest) -> None:
    """Two gateways of two accounts; the clients come by the second, and the first one's role may not look there."""
    lab = site.aws
    attachments, roles = [], []
    for name in ("one", "two"):
        attachment, role = _foreign(site, name, request)
        attachments.append(attachment)
        roles.append(role)
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    own = ["ec2:Describe*", "ec2:SearchTransitGatewayRoutes"]  # of the caller's own gateway, which there is, too
    describe = {"Effect": "Allow", "Action": own, "Resource": "*"}
    caller = lab.options(site.transit.user("several", statement, describe))
    for order in (roles, roles[::-1]):
        result = play(**{"from": FAR}, transit_gateway_role_arns=order, **caller)
        assert warned(result) == []
        told = [hop["rule"] for hop in result["paths"][0]["hops"] if hop["side"] == "transit gateway"]
        assert told == [
            f"{OVERLAY} -> {attachments[1]} (static, active)",
            "172.20.0.0/16 -> tgw-attach-" + told[1].partition("tgw-attach-")[2],
        ]
    unseen = play(**{"from": FAR}, transit_gateway_role_arns=roles[:1], **caller)
    assert {path["works"] for path in unseen["paths"]} == {True}
    assert len(warned(unseen)) == 1  # of the second one's gateway


def _foreign(site: Site, name: str, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Attach the nodes' VPC to a gateway of another account, whose role may all on it: attachment and role."""
    lab, transit = site.aws, site.transit
    account, keys = lab.endpoint.add_account()
    owner, iam = lab.endpoint.client("ec2", keys), lab.endpoint.client("iam", keys)
    gateway = owner.create_transit_gateway()["TransitGateway"]
    gateway_id, table = gateway["TransitGatewayId"], gateway["Options"]["AssociationDefaultRouteTableId"]
    attachment = transit.client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway_id, VpcId=lab.world.vpc_id, SubnetIds=[n.subnet_id for n in lab.world.nodes]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    request.addfinalizer(lambda: owner.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment))
    if name == "two":
        lab.control.attach(gateway_id, "vpn", "vpn-0123456789abcdef0", ["172.20.0.0/16"])
        owner.create_transit_gateway_route(
            TransitGatewayRouteTableId=table, DestinationCidrBlock=OVERLAY, TransitGatewayAttachmentId=attachment
        )
        for one in lab.tables:
            site.route(one, "172.20.0.0/16", TransitGatewayId=gateway_id)
        transit_table = transit.tables[0]
        transit.client.disable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=transit_table, TransitGatewayAttachmentId=transit.vpn
        )
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{lab.world.account_id}:root"}}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    document = policy_document.reach(Place("aws", lab.world.region), account, [table], [attachment])
    iam.put_role_policy(RoleName=name, PolicyName="reach", PolicyDocument=json.dumps(document))
    return str(attachment), str(role)
