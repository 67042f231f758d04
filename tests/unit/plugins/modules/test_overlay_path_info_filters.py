# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How overlay_path_info judges security groups across a transit gateway, and the ports of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from unit.aws_lab import Run
from unit.path_site import BOTH, CLIENT, PORT, Site, allow, revoke, wrong

pytest_plugins = ("unit.path_play",)


def machine(site: Site, group: str, **more: Any) -> None:
    """Give the client an interface with this security group."""
    site.ec2.create_network_interface(
        SubnetId=site.transit.clients_subnet, PrivateIpAddress=CLIENT, Groups=[group], **more
    )


@pytest.mark.parametrize(
    ("gateway", "attachment", "passes"),
    [("enable", "enable", True), ("enable", "disable", False), ("disable", "enable", False)],
)
def test_a_group_of_another_vpc_counts_where_all_support_it(
    site: Site, play: Run, gateway: str, attachment: str, passes: bool
) -> None:
    group = site.ec2.create_security_group(GroupName="app", Description="x", VpcId=site.transit.clients_vpc)["GroupId"]
    machine(site, group)
    revoke(site.ec2, site.group, "0.0.0.0/0")
    site.allowed = "10.99.0.0/16"
    allow(site.ec2, site.group, site.allowed)
    pair = [{"GroupId": group}]
    rule = [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": pair}]
    site.ec2.authorize_security_group_ingress(GroupId=site.group, IpPermissions=rule)
    support = "SecurityGroupReferencingSupport"
    site.ec2.modify_transit_gateway(TransitGatewayId=site.transit.gateway, Options={support: gateway})
    site.ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=site.transit.clients, Options={support: attachment}
    )
    try:
        result = play()
    finally:
        site.ec2.revoke_security_group_ingress(GroupId=site.group, IpPermissions=rule)
    assert wrong(result) == {holder: [] if passes else ["security_group"] for holder in BOTH}
    rules = str([hop["rule"] for hop in result["paths"][0]["hops"] if "inbound" in hop["where"]])
    off = site.transit.gateway if gateway == "disable" else site.transit.clients
    assert (f"by {support} of {site.transit.gateway}" if passes else f"{support} is off at {off}") in rules
    assert result["api_calls"]["DescribeTransitGateways"] == 1


@pytest.mark.parametrize(
    ("ports", "errors", "warnings"),
    [
        ((32768, 65535), [], []),
        ((1024, 65535), [], []),
        ((32768, 60999), [], ["network_acl"]),
        ((49152, 65535), ["network_acl"], []),
    ],
)
def test_the_ports_of_a_client_whose_system_is_not_known(
    site: Site, play: Run, ports: tuple[int, int], errors: list[str], warnings: list[str]
) -> None:
    _answers(site, ports)
    result = play()
    assert wrong(result)["node2"] == errors
    told = [f for f in result["paths"][1]["findings"] if f["severity"] == "warning"]
    assert [f["id"] for f in told] == warnings
    for one in told:
        assert "a Windows client gets no answer at its ports 49152-65535: " in one["message"]
        assert f"  Warning: {one['message']} {one['remedy']}" in result["lines"]
        assert f"Allow TCP ports 32768-65535 to {CLIENT}/32 outbound" in one["remedy"]


def test_a_load_balancer_takes_all_unprivileged_ports(site: Site, play: Run) -> None:
    """In the clients' VPC, as one of PrivateLink or of an application: what its interface says of itself."""
    group = site.ec2.create_security_group(GroupName="elb", Description="x", VpcId=site.transit.clients_vpc)["GroupId"]
    machine(site, group, Description="ELB app/front/0123456789abcdef")
    _answers(site, (32768, 65535))
    assert wrong(play())["node2"] == ["network_acl"]
    assert f"Allow TCP ports 1024-65535 to {CLIENT}/32 outbound" in str(play()["paths"][1]["findings"])
    _answers(site, (1024, 65535))
    assert wrong(play())["node2"] == []


def _answers(site: Site, ports: tuple[int, int]) -> None:
    """Let nothing but these ports out of the second node's subnet."""
    acl = site.acl(site.aws.world.nodes[1].subnet_id, egress=True, ports=ports, action="allow")
    site.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=True)
