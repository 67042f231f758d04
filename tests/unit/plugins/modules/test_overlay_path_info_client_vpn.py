# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path from a Client VPN endpoint's clients: each mistake is planted, and the path names it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_path_info
from lab import outside
from lab.world import wait_for
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module

PORT = 3600


@dataclass
class Site:
    """A world in which an endpoint's clients reach the overlay IP, whoever holds it, by either of its subnets."""

    aws: AwsLab
    endpoint: str
    subnets: list[str]
    group: str

    @property
    def ec2(self) -> Any:
        return self.aws.client

    def route(self, subnet: str, destination: str = OVERLAY, *, there: bool = True) -> None:
        """Make or delete a route of the endpoint."""
        call = self.ec2.create_client_vpn_route if there else self.ec2.delete_client_vpn_route
        call(ClientVpnEndpointId=self.endpoint, DestinationCidrBlock=destination, TargetVpcSubnetId=subnet)
        self.settle()

    def settle(self) -> None:
        """Wait until everything of the endpoint is there, or gone."""
        mine = {"ClientVpnEndpointId": self.endpoint}

        def active() -> bool:
            found = self.ec2.describe_client_vpn_routes(**mine)["Routes"]
            found += self.ec2.describe_client_vpn_authorization_rules(**mine)["AuthorizationRules"]
            return {one["Status"]["Code"] for one in found} == {"active"}

        wait_for(active, "the endpoint to be settled", 5)

    def fail_over(self, node: int) -> None:
        for table in self.aws.tables:
            interface = {"NetworkInterfaceId": self.aws.eni(node)}
            if self.aws.truth().get(table):
                self.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=OVERLAY, **interface)

    def allowed(self, *, there: bool) -> None:
        """Let the endpoint's own security group in at the nodes."""
        pairs = [{"GroupId": self.group}]
        rule = [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": pairs}]
        call = self.ec2.authorize_security_group_ingress if there else self.ec2.revoke_security_group_ingress
        call(GroupId=self.nodes_group, IpPermissions=rule)

    @property
    def nodes_group(self) -> str:
        found = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.aws.eni(1)])["NetworkInterfaces"]
        return str(found[0]["Groups"][0]["GroupId"])


@pytest.fixture
def site(aws: AwsLab) -> Iterator[Site]:
    aws.endpoint.configure(client_vpn=0.05)
    ec2, subnets = aws.client, [node.subnet_id for node in aws.world.nodes]
    aws.point(1)
    for node in (1, 2):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(node), SourceDestCheck={"Value": False})
    endpoint = outside.client_vpn(ec2, *subnets)
    [network, _other] = ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]
    made = Site(aws, endpoint, subnets, network["SecurityGroups"][0])
    for subnet in subnets:
        made.route(subnet)
    ec2.authorize_client_vpn_ingress(
        ClientVpnEndpointId=endpoint, TargetNetworkCidr="192.168.10.0/24", AuthorizeAllGroups=True
    )
    made.settle()
    made.allowed(there=True)
    aws.control.clear("calls")
    yield made
    made.allowed(there=False)


@pytest.fixture
def play(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "from": f"client_vpn:{site.endpoint}",
            "address": "192.168.10.15",
            "port": PORT,
            "instance_ids": [m.instance_id for m in site.aws.world.nodes],
            **site.aws.options(site.aws.world.owner_admin),
            **params,
        }
        return run_module(overlay_path_info, capsys, check=check, **chosen)

    return run


def wrong(result: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """By the subnet that the clients come in by and the holder, what is wrong with the path."""
    assert "failed" not in result, result["msg"]
    return {
        (path["source"].partition("(")[2].rstrip(")"), path["holder"]): [
            f["id"] for f in path["findings"] if f["severity"] == "error"
        ]
        for path in result["paths"]
    }


def test_a_site_in_order(site: Site, play: Run) -> None:
    result = play()
    assert set(wrong(result)) == {(subnet, node) for subnet in site.subnets for node in ("node1", "node2")}
    assert result["works"] is True
    told = [(hop["side"], hop["where"], hop["rule"]) for hop in result["paths"][0]["hops"]]
    first = site.subnets[0]
    assert told[:2] == [
        ("Client VPN", f"authorization rules of {site.endpoint}", "192.168.10.0/24 for all clients (active)"),
        ("Client VPN", f"routes of {site.endpoint} by {first}", f"{OVERLAY} -> {first} (active)"),
    ]
    assert site.aws.calls()[:4] == [
        "DescribeClientVpnTargetNetworks",
        "DescribeClientVpnRoutes",
        "DescribeClientVpnAuthorizationRules",
        "DescribeSubnets",
    ]


Plant = Callable[[Site], None]


def no_route_by_the_second_subnet(site: Site) -> None:
    site.route(site.subnets[1], there=False)


def no_rule(site: Site) -> None:
    site.ec2.revoke_client_vpn_ingress(
        ClientVpnEndpointId=site.endpoint, TargetNetworkCidr="192.168.10.0/24", RevokeAllGroups=True
    )
    site.settle()


def security_group(site: Site) -> None:
    site.allowed(there=False)
    site.group = site.ec2.create_security_group(GroupName="x", Description="x", VpcId=site.aws.world.vpc_id)["GroupId"]
    site.allowed(there=True)


def no_overlay_route_in_the_second_subnet(site: Site) -> None:
    site.ec2.delete_route(RouteTableId=site.aws.world.route_table_ids[2], DestinationCidrBlock=OVERLAY)


FIRST, SECOND = 0, 1


@pytest.mark.parametrize(
    ("plant", "found", "by"),
    [
        (no_route_by_the_second_subnet, "no_client_vpn_route", (SECOND,)),
        (no_rule, "no_authorization_rule", (FIRST, SECOND)),
        (security_group, "security_group", (FIRST, SECOND)),
        (no_overlay_route_in_the_second_subnet, "no_overlay_route", (SECOND,)),
    ],
)
def test_each_mistake_is_named_before_and_after_a_failover(
    site: Site, play: Run, plant: Plant, found: str, by: tuple[int, ...]
) -> None:
    plant(site)
    for holder in (1, 2):
        site.fail_over(holder)
        assert wrong(play()) == {
            (subnet, node): [found] if number in by else []
            for number, subnet in enumerate(site.subnets)
            for node in ("node1", "node2")
        }


def test_a_route_to_everything_by_a_subnet_leads_there_too(site: Site, play: Run) -> None:
    no_route_by_the_second_subnet(site)
    site.route(site.subnets[1], "0.0.0.0/0")
    result = play()
    assert result["works"] is True
    assert f"0.0.0.0/0 -> {site.subnets[1]} (active)" in {
        hop["rule"] for path in result["paths"] for hop in path["hops"]
    }


def test_the_longest_rule_decides_and_says_for_whom(site: Site, play: Run) -> None:
    site.ec2.authorize_client_vpn_ingress(
        ClientVpnEndpointId=site.endpoint, TargetNetworkCidr=OVERLAY, AccessGroupId="S-1"
    )
    site.settle()
    assert {path["hops"][0]["rule"] for path in play()["paths"]} == {f"{OVERLAY} for S-1 (active)"}


def test_an_endpoint_of_another_vpc_comes_as_that_vpc_does(site: Site, play: Run) -> None:
    vpc = site.ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnet = site.ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.1.0/24")["Subnet"]["SubnetId"]
    other = outside.client_vpn(site.ec2, subnet)
    result = play(**{"from": f"client_vpn:{other}"})
    assert {f["id"] for path in result["paths"] for f in path["findings"]} == {"no_way"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"from": "client_vpn:cvpn-endpoint-0123456789abcdef0"}, "DescribeClientVpnTargetNetworks: Endpoint"),
        (
            {"from": "client_vpn:"},
            "from is 'client_vpn:', without the id of an endpoint: write client_vpn:cvpn-endpoint-",
        ),
        ({"from": "client_vpn:vpn-1"}, "from is 'client_vpn:vpn-1', without the id of an endpoint: write"),
        ({"from": "load_balancer:"}, "from is 'load_balancer:', without a name: write load_balancer:sap-ascs."),
        ({"from": "vpn:abc"}, "from is 'vpn:abc', which is no address and no network: write 10.20.1.5 or"),
        (
            {"from": "load_balancer:sap-ascs", "address": "2001:db8::15"},
            "from is 'load_balancer:sap-ascs' and address is 2001:db8::15/128: a load balancer leads to overlay IPs of",
        ),
    ],
)
def test_bad_input_ends_in_a_sentence(play: Run, options: dict[str, Any], sentence: str) -> None:
    result = play(**options)
    assert result["failed"] is True
    assert result["msg"].startswith(sentence)


def test_a_subnet_without_ipv6_lets_nobody_in_to_an_overlay_ip_of_ipv6(site: Site, play: Run) -> None:
    """What is IPv4 is looked at all the same."""
    six, four = "2001:db8::15/128", OVERLAY
    result = play(address=[six, "192.168.10.15", four])
    assert "failed" not in result, result["msg"]
    found = {(path["address"], path["source"], path["holder"]): path for path in result["paths"]}
    assert len(found) == len(result["paths"]) == 2 * 2 * 2  # one that is named twice is looked at once
    for (address, source, _holder), path in found.items():
        drops = [hop for hop in path["hops"] if hop["passes"] is False]
        if address == "192.168.10.15":
            assert drops == []
            continue
        subnet = source.partition("(")[2].rstrip(")")
        assert [(hop["side"], hop["where"]) for hop in drops] == [("Client VPN", f"subnet {subnet} of {site.endpoint}")]
        [finding] = path["findings"]
        assert (finding["id"], finding["severity"]) == ("no_address_family", "error")
        assert finding["remedy"].startswith(f"Give {subnet} an IPv6 block, and {site.endpoint} IPv6 for its traffic")
    assert result["lines"].count("The fault is on this side: Client VPN.") == 2


def test_an_endpoint_without_subnets_is_told(site: Site, play: Run) -> None:
    bare = outside.client_vpn(site.ec2)
    told = play(**{"from": f"client_vpn:{bare}"})["msg"]
    assert told == f"{bare} is associated with no subnet: associate it with one in the VPC, or correct from."
