# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every classical mistake is planted in a world that works, and the path names it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_path_info
from unit import transit_lab
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module
from unit.transit_lab import CLIENTS, ON_PREMISES, Transit

CLIENT, FAR, NEAR = "10.20.1.5", "172.20.3.0/24", "10.0.3.10"
PORT = 3600


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


@pytest.fixture
def site(aws: AwsLab) -> Iterator[Site]:
    transit = transit_lab.build(aws)
    ec2, world = transit.client, aws.world
    aws.point(1)
    transit.point(transit.nodes)
    for machine in world.nodes:
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=machine.network_interface_ids[0], SourceDestCheck={"Value": False}
        )
    for table in aws.tables:
        for network in (CLIENTS, ON_PREMISES):
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, TransitGatewayId=transit.gateway)
    clients_table = transit.clients_table
    ec2.create_route(RouteTableId=clients_table, DestinationCidrBlock=OVERLAY, TransitGatewayId=transit.gateway)
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[aws.eni(1)])["NetworkInterfaces"][0]
    group = interface["Groups"][0]["GroupId"]
    made = Site(transit, group, clients_table, "0.0.0.0/0")
    allow(ec2, group, made.allowed)
    aws.control.clear("calls")
    yield made
    for subnet, acl in made.undo:
        made.associate(subnet, acl)
    revoke(ec2, group, made.allowed)
    transit_lab.remove(transit)


def permission(network: str, low: int = PORT, high: int = PORT) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "IpRanges": [{"CidrIp": network}]}]


def allow(ec2: Any, group: str, network: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission(network))


def revoke(ec2: Any, group: str, network: str) -> None:
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission(network))


@pytest.fixture
def play(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "from": CLIENT,
            "address": "192.168.10.15",
            "port": PORT,
            "instance_ids": [m.instance_id for m in site.aws.world.nodes],
            **site.aws.options(site.aws.world.owner_admin),
            **params,
        }
        return run_module(overlay_path_info, capsys, check=check, **chosen)

    return run


def wrong(result: dict[str, Any]) -> dict[str, list[str]]:
    """Per holder, what is wrong with its path."""
    assert "failed" not in result, result["msg"]
    return {path["holder"]: [f["id"] for f in path["findings"] if f["severity"] == "error"] for path in result["paths"]}


@pytest.mark.parametrize("source", [CLIENT, FAR, NEAR])
def test_a_site_in_order(play: Run, source: str) -> None:
    result = play(**{"from": source})
    assert wrong(result) == {"node1": [], "node2": []}
    assert result["works"] is True
    assert all(hop["passes"] is not False for path in result["paths"] for hop in path["hops"])
    assert result["lines"][-1] == "No fault was seen, whoever of node1, node2 holds it."


def test_every_hop_is_told_with_its_rule(site: Site, play: Run) -> None:
    first = play()["paths"][0]
    world, transit = site.aws.world, site.transit
    node, tables = world.nodes[0], site.aws.world.route_table_ids
    told = [(hop["direction"], hop["side"], hop["where"].split(" of ")[0], hop["rule"]) for hop in first["hops"]]
    mine, theirs = f"{transit.nodes} (vpc {world.vpc_id})", f"{transit.clients} (vpc {transit.clients_vpc})"
    assert [one for one in told if "ACL" not in one[2]] == [
        ("there", "clients' side", f"route table {site.clients_table}", f"{OVERLAY} -> {transit.gateway}"),
        ("there", "clients' side", f"attachment {theirs} in {node.availability_zone}",
         f"enters by {transit.clients_subnet}"),
        ("there", "transit gateway", f"transit gateway route table {transit.tables[0]}",
         f"{OVERLAY} -> {transit.nodes} (static, active)"),
        ("there", "nodes' VPC", f"route table {tables[0]}", f"{OVERLAY} -> {site.aws.eni(1)}"),
        ("there", "nodes' VPC", "security groups", f"allow port {PORT} 0.0.0.0/0"),
        ("there", "nodes' VPC", "source/destination check", "off"),
        ("back", "nodes' VPC", f"route table {tables[0]}", f"{CLIENTS} -> {transit.gateway}"),
        ("back", "nodes' VPC", f"attachment {mine} in {node.availability_zone}", f"enters by {node.subnet_id}"),
        ("back", "transit gateway", f"transit gateway route table {transit.tables[0]}",
         f"{CLIENTS} -> {transit.clients} (propagated, active)"),
    ]  # fmt: skip


Plant = Callable[[Site], None]


def no_static_route(site: Site) -> None:
    site.transit.point(None)


def blackhole(site: Site) -> None:
    site.transit.point(None, blackhole=True)


def another_attachment(site: Site) -> None:
    site.transit.point(site.transit.vpn)


def no_subnet_in_the_standbys_zone(site: Site) -> None:
    site.ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=site.transit.nodes, RemoveSubnetIds=[site.aws.world.nodes[1].subnet_id]
    )


def no_return_route_of_the_standby(site: Site) -> None:
    for network in (CLIENTS, ON_PREMISES):
        site.route(site.aws.world.route_table_ids[2], network)


def longer_prefix_elsewhere(site: Site) -> None:
    vgw = site.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    site.ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=site.aws.world.vpc_id)
    for table in site.aws.tables:
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.20.0.0/17", GatewayId=vgw)
        site.ec2.create_route(RouteTableId=table, DestinationCidrBlock="172.20.0.0/17", GatewayId=vgw)


def no_propagation(site: Site) -> None:
    for attachment in (site.transit.clients, site.transit.vpn):
        site.ec2.disable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=site.transit.tables[0], TransitGatewayAttachmentId=attachment
        )


def not_associated(site: Site) -> None:
    table, attachment = site.transit.tables[0], site.transit.clients
    site.ec2.disassociate_transit_gateway_route_table(
        TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment
    )


def security_group(site: Site) -> None:
    revoke(site.ec2, site.group, "0.0.0.0/0")
    site.allowed = "10.99.0.0/16"
    allow(site.ec2, site.group, site.allowed)


def no_overlay_route_where_the_packets_enter(site: Site) -> None:
    site.route(site.aws.world.route_table_ids[0], OVERLAY)


def check_on(site: Site) -> None:
    site.ec2.modify_network_interface_attribute(NetworkInterfaceId=site.aws.eni(2), SourceDestCheck={"Value": True})


def clients_route(site: Site) -> None:
    site.route(site.clients_table, OVERLAY)


def stateless_acl(site: Site) -> None:
    site.acl(site.aws.world.nodes[1].subnet_id, egress=True, ports=(1024, 65535))


def narrow_acl(site: Site) -> None:
    site.acl(site.transit.clients_subnet, egress=False, ports=(40000, 40000))


BOTH = ("node1", "node2")


@pytest.mark.parametrize(
    ("plant", "source", "found", "holders"),
    [
        (no_static_route, CLIENT, "no_static_route", BOTH),
        (no_static_route, FAR, "no_static_route", BOTH),
        (blackhole, CLIENT, "no_static_route", BOTH),
        (another_attachment, CLIENT, "no_static_route", BOTH),
        (no_subnet_in_the_standbys_zone, CLIENT, "no_attachment_subnet", ("node2",)),
        (no_subnet_in_the_standbys_zone, FAR, "no_attachment_subnet", ("node2",)),
        (no_return_route_of_the_standby, CLIENT, "no_return_route", ("node2",)),
        (no_return_route_of_the_standby, FAR, "no_return_route", ("node2",)),
        (longer_prefix_elsewhere, CLIENT, "virtual_private_gateway", BOTH),
        (longer_prefix_elsewhere, FAR, "virtual_private_gateway", BOTH),
        (no_propagation, CLIENT, "no_return_route", BOTH),
        (not_associated, CLIENT, "no_association", BOTH),
        (security_group, CLIENT, "security_group", BOTH),
        (security_group, FAR, "security_group", BOTH),
        (no_overlay_route_where_the_packets_enter, CLIENT, "no_overlay_route", BOTH),
        (check_on, CLIENT, "source_dest_check", ("node2",)),
        (clients_route, CLIENT, "no_route", BOTH),
        (stateless_acl, CLIENT, "network_acl", ("node2",)),
        (narrow_acl, CLIENT, "network_acl", BOTH),
    ],
)
def test_each_mistake_is_named_before_and_after_a_failover(
    site: Site, play: Run, plant: Plant, source: str, found: str, holders: tuple[str, ...]
) -> None:
    plant(site)
    for holder in (1, 2):
        site.fail_over(holder)
        result = play(**{"from": source})
        assert wrong(result) == {name: [found] if name in holders else [] for name in BOTH}
        told = result["lines"][-1]
        assert told.startswith("The fault is on this side: ")
        assert ("It works while node1 holds it, and not after a move." in told) is (holders == ("node2",))


def test_on_premises_reminds_of_the_allowed_prefixes(play: Run) -> None:
    result = play(**{"from": FAR})
    [finding] = result["paths"][0]["findings"]
    assert result["lines"].count(f"  To look at: {finding['remedy']}") == 2
    assert (finding["id"], finding["severity"]) == ("not_looked_at", "info")
    assert "allowed prefixes" in finding["remedy"]


@pytest.mark.parametrize("named", [True, False])
def test_a_vpc_between_is_named_and_not_taken_for_the_sources(site: Site, play: Run, named: bool) -> None:
    """A default route to another VPC, which may inspect and send on: neither right nor wrong can be seen."""
    transit, options = site.transit, {"transit_gateway_attachment_id": site.transit.vpn} if named else {}
    for table in transit.tables:
        site.ec2.disable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=transit.vpn
        )
        transit.point(None, table)
        transit.point(transit.clients, table, destination="0.0.0.0/0")
    result = play(**{"from": FAR, **options})
    assert wrong(result) == {holder: [] for holder in ("node1", "node2")}
    for path in result["paths"]:
        unseen = [hop for hop in path["hops"] if "another VPC" in hop["rule"]]
        assert [hop["direction"] for hop in unseen] == (["there", "back"] if named else ["back"])
        beyond = f"the way from {FAR} to {transit.gateway}"
        assert ((beyond, None) in [(hop["where"], hop["passes"]) for hop in path["hops"]]) is not named
        assert {hop["passes"] for hop in unseen} == {None}
        told = f"0.0.0.0/0 -> {transit.clients}, leads to another VPC ({transit.clients_vpc}): an inspection VPC?"
        assert all(hop["rule"].startswith(told) for hop in unseen)
    assert f"of {transit.clients_vpc}" not in str(result["lines"])
    site.ec2.modify_network_interface_attribute(NetworkInterfaceId=site.aws.eni(2), SourceDestCheck={"Value": True})
    assert "source_dest_check" in str(wrong(play(**{"from": FAR, **options})))  # what can be seen is seen


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


def test_a_source_that_nobody_knows(play: Run) -> None:
    result = play(**{"from": "203.0.113.7"})
    assert wrong(result) == {"node1": ["no_way"], "node2": ["no_way"]}


def test_a_node_reaches_itself(play: Run) -> None:
    result = play(**{"from": "10.0.2.10"})
    assert [f["id"] for f in result["paths"][0]["findings"]] == ["reaches_itself"]
    assert result["paths"][1]["findings"] == []


def test_it_only_reads_and_does_the_same_in_check_mode(site: Site, play: Run) -> None:
    result, checked = play(), play(check=True)
    assert result == checked
    assert result["changed"] is False
    assert all(name.startswith(("Describe", "Search")) for name in site.aws.calls())
    assert result["api_calls"] == {
        "DescribeInstances": 1,
        "DescribeRouteTables": 2,
        "DescribeSubnets": 2,
        "DescribeNetworkAcls": 2,
        "DescribeTransitGatewayAttachments": 2,
        "DescribeVpcPeeringConnections": 1,
        "DescribeNetworkInterfaces": 1,
        "DescribeTransitGatewayVpcAttachments": 2,
        "SearchTransitGatewayRoutes": 2,
        "DescribeSecurityGroups": 1,
    }


@pytest.mark.parametrize("source", [CLIENT, FAR])
def test_the_document_of_reach_is_enough(site: Site, play: Run, source: str) -> None:
    world, transit = site.aws.world, site.transit
    document = policy_document.reach(Place("aws", world.region), transit.account, transit.tables, [transit.nodes])
    keys = site.aws.options(transit.user(f"path-{source[:3]}", *document["Statement"]))
    seen = play(**{"from": source}, **keys)
    assert "failed" not in seen, seen["msg"]
    assert {hop["passes"] for path in seen["paths"] for hop in path["hops"]} == (
        {True} if source == CLIENT else {True, None}
    )
    assert wrong(seen) == {"node1": [], "node2": []}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"from": "10.20.1"},
            "from is '10.20.1', which is no address and no network: write 10.20.1.5 or 10.20.0.0/16.",
        ),
        ({"from": "10.20.1.5/16"}, "from is '10.20.1.5/16', which is no address and no network"),
        ({"from": "2001:db8::1"}, "from is 2001:db8::1/128 and address is 192.168.10.15/32: give both as IPv4"),
        ({"port": 70000}, "port is 70000: give one from 1 to 65535."),
        ({"instance_ids": []}, "instance_ids is empty: name the nodes."),
        ({"device_index": 7}, "i-"),
        ({"transit_gateway_attachment_id": "tgw-attach-1"}, "tgw-attach-1 is no attachment of a transit gateway that"),
    ],
)
def test_bad_input_ends_in_a_sentence(play: Run, options: dict[str, Any], sentence: str) -> None:
    result = play(**options)
    assert result["failed"] is True
    assert result["msg"].startswith(sentence)


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


def test_each_node_has_an_interface_of_its_own(site: Site, play: Run) -> None:
    """Node 2 receives by its second interface: looked at by the first node's index, its route leads to nobody."""
    for table in site.aws.tables:
        site.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=site.aws.eni(2, 1))
    assert "no_overlay_route" in str(play()["paths"])
    for which in (site.aws.eni(2, 1), "1"):
        result = play(interfaces={site.aws.instance(2): which})
        assert "no_overlay_route" not in str(result["paths"])
    assert play(interfaces={site.aws.instance(2): "eni-0123456789abcdef0"})["msg"].endswith(
        "has no network interface eni-0123456789abcdef0: correct interfaces."
    )
    told = play(interfaces={site.aws.instance(2): "second"})["msg"]
    assert told.startswith(f"interfaces has 'second' for {site.aws.instance(2)}: write the id of an interface")
