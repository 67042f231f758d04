# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every classical mistake is planted in a world that works, and the path names it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, FAR, NEAR, PORT, Site, allow, revoke, wrong
from unit.transit_lab import CLIENTS, ON_PREMISES

pytest_plugins = ("unit.path_play",)

LONGEST = f", the longest prefix that holds {CLIENT}/32"


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
        ("there", "clients' side", "network interface", "none that has this address was seen"),
        ("there", "clients' side", f"route table {site.clients_table}", f"{OVERLAY} -> {transit.gateway}"),
        ("there", "clients' side", f"attachment {theirs} in {node.availability_zone}",
         f"enters by {transit.clients_subnet}"),
        ("there", "transit gateway", f"transit gateway route table {transit.tables[0]}",
         f"{OVERLAY} -> {transit.nodes} (static, active)"),
        ("there", "nodes' VPC", f"route table {tables[0]}", f"{OVERLAY} -> {site.aws.eni(1)}"),
        ("there", "nodes' VPC", "security groups", f"allow port {PORT} 0.0.0.0/0"),
        ("there", "nodes' VPC", "source/destination check", "off"),
        ("back", "nodes' VPC", f"route table {tables[0]}", f"{CLIENTS} -> {transit.gateway}{LONGEST}"),
        ("back", "nodes' VPC", f"attachment {mine} in {node.availability_zone}", f"enters by {node.subnet_id}"),
        ("back", "transit gateway", f"transit gateway route table {transit.tables[0]}",
         f"{CLIENTS} -> {transit.clients} (propagated, active){LONGEST}"),
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


def acl_on_the_way_into_the_gateway(site: Site) -> None:
    """By its inbound rules, though it is the sender's own subnet."""
    site.acl(site.transit.clients_subnet, egress=False, ports=(PORT, PORT))


def acl_on_the_answers_way_into_the_gateway(site: Site) -> None:
    site.acl(site.aws.world.nodes[1].subnet_id, egress=False, ports=(40000, 40000))


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
        (acl_on_the_way_into_the_gateway, CLIENT, "network_acl", BOTH),
        (acl_on_the_answers_way_into_the_gateway, CLIENT, "network_acl", ("node2",)),
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
    assert "not_seen" not in str(seen["paths"])
    assert wrong(seen) == {"node1": [], "node2": []}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"from": "10.20.1"},
            "from is '10.20.1', which is no address and no network: write 10.20.1.5 or 10.20.0.0/16.",
        ),
        ({"from": "10.20.1.5/16"}, "from is '10.20.1.5/16', which is no address and no network"),
        (
            {"from": "0.0.0.0/0"},
            "from is '0.0.0.0/0', which is the default route: nobody comes from there.",
        ),
        ({"from": "::/0"}, "from is '::/0', which is the default route: nobody comes from there."),
        (
            {"from": "127.0.0.1"},
            "from is '127.0.0.1', which lies in 127.0.0.0/8, the loopback range: nobody",
        ),
        (
            {"from": "0.0.0.0/1"},
            "from is '0.0.0.0/1', which covers 0.0.0.0/8, the unspecified range: nobody",
        ),
        ({"from": "fe80::1"}, "from is 'fe80::1', which lies in fe80::/10, the link-local range: nobody comes from"),
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


@pytest.mark.parametrize("source", ["0.0.0.0/0", "127.0.0.1", "169.254.1.1", "224.0.0.0/8", "10.20", "client_vpn:"])
def test_a_source_that_can_be_none_by_its_shape_is_refused_before_anything_is_read(
    site: Site, play: Run, source: str
) -> None:
    assert play(**{"from": source})["failed"] is True
    assert site.aws.calls() == []


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


def test_every_overlay_ip_is_looked_at(site: Site, play: Run) -> None:
    """The first one is routed, the second is not; what both share is read once."""
    once, result = play(), play(address=["192.168.10.15", "192.168.10.16"])
    assert {(path["address"], path["holder"]): path["works"] for path in result["paths"]} == {
        (f"192.168.10.{last}", holder): last == 15 for last in (15, 16) for holder in BOTH
    }
    assert {f["id"] for path in result["paths"][2:] for f in path["findings"]} >= {"no_route", "no_static_route"}
    calls = {**once["api_calls"], "SearchTransitGatewayRoutes": 3}
    assert result["api_calls"] == calls
    assert play(address=[])["msg"] == "address is empty: name at least one overlay IP."


def test_a_covering_prefix_is_the_way_and_the_most_specific_one_wins(site: Site, play: Run) -> None:
    transit = site.transit
    transit.point(None)
    transit.point(transit.nodes, destination="192.168.0.0/16")
    try:
        result = play()
        assert wrong(result) == {"node1": [], "node2": []}
        told = "192.168.0.0/16 -> {} (static, active), the longest prefix that holds 192.168.10.15/32"
        assert any(told.format(transit.nodes) in line for line in result["lines"])
        transit.point(transit.vpn, destination="192.168.10.0/24")
        result = play()
        assert wrong(result) == {holder: ["no_static_route"] for holder in BOTH}
        assert f"192.168.10.0/24 -> {transit.vpn} (static, active), the longest" in str(result["lines"])
        transit.point(transit.nodes)  # of the very address
        assert wrong(play()) == {"node1": [], "node2": []}
    finally:
        transit.point(None, destination="192.168.0.0/16")
        transit.point(None, destination="192.168.10.0/24")


def test_out_of_a_gateway_to_a_machine_within_one_subnet_no_acl_is_asked(site: Site, play: Run) -> None:
    """Transit gateway guide, "Network ACLs", "Same subnet"."""
    site.acl(site.transit.clients_subnet, egress=False, ports=(40000, 40000))
    site.acl(site.aws.world.nodes[0].subnet_id, egress=False, ports=(PORT, PORT))
    assert wrong(play()) == {name: [] for name in BOTH}
