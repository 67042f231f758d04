# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From outside by a transit gateway: a switchover loses nothing, a failover no more than inside the VPC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab import outside
from lab.handle import LabHandle
from lab.nodes.base import MARKER
from lab.outside import CLIENTS, ON_PREMISES, Outside
from lab.probe.session import ProbeSession, who_answers

pytestmark = pytest.mark.lab

OVERLAY = "192.168.10.15"


@dataclass
class Site:
    """A lab with a host outside of the VPC, for whom the overlay IP is routed there and back."""

    lab: LabHandle
    outside: Outside
    host: str

    def probe(self) -> ProbeSession:
        return ProbeSession(self.host, OVERLAY, {MARKER: self.lab.lab.lab_id})

    def who(self) -> str | None:
        return who_answers(self.host, OVERLAY)


@pytest.fixture(params=["on-premises"])
def site(lab: LabHandle, request: pytest.FixtureRequest) -> Iterator[Site]:
    for node in ("node1", "node2"):
        lab.exec(node, "ip", "address", "replace", f"{OVERLAY}/32", "dev", "eth0")
        lab.set_source_dest_check(node, False)
    lab.move("node1")
    made = outside.build(lab.owner_ec2, lab.world, lab.control)
    for table in lab.world.route_table_ids:
        for block in (ON_PREMISES, CLIENTS):
            lab.owner_ec2.create_route(RouteTableId=table, DestinationCidrBlock=block, TransitGatewayId=made.gateway)
    for table in made.tables:
        lab.owner_ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=table,
            DestinationCidrBlock="192.168.10.0/24",
            TransitGatewayAttachmentId=made.nodes,
        )
    if request.param == "on-premises":
        host = lab.outside("onprem", "172.20.1.5", made.vpn)
    else:
        lab.owner_ec2.create_route(
            RouteTableId=made.clients_table, DestinationCidrBlock=f"{OVERLAY}/32", TransitGatewayId=made.gateway
        )
        host = lab.outside("othervpc", "10.20.1.5", made.clients)
    lab.settle()
    yield Site(lab, made, host)
    lab.delete_routes()
    outside.remove(lab.owner_ec2)


EVERYWHERE = pytest.mark.parametrize("site", ["on-premises", "another VPC"], indirect=True)


@EVERYWHERE
def test_a_switchover_loses_nothing(site: Site) -> None:
    with site.probe() as probe:
        probe.wait_for("node1")
        site.lab.move("node2")
        probe.wait_for("node2")
        site.lab.move("node1")
        probe.wait_for("node1")
    assert probe.report.who == ("node1", "node2", "node1")
    assert probe.report.lost == 0, probe.report.gaps


@EVERYWHERE
def test_a_lost_holder_is_missed_as_long_as_inside_the_vpc(site: Site) -> None:
    with site.probe() as far, site.lab.probe() as near:
        far.wait_for("node1")
        near.wait_for("node1")
        site.lab.crash("node1")
        time.sleep(0.5)
        site.lab.move("node2")
        far.wait_for("node2")
        near.wait_for("node2")
    site.lab.boot("node1")
    [gap_far], [gap_near] = far.report.gaps, near.report.gaps
    assert abs(gap_far.seconds - gap_near.seconds) < 0.2, (gap_far, gap_near)


@pytest.mark.parametrize("site", ["another VPC"], indirect=True)
def test_without_its_own_route_another_vpc_gets_no_answer(site: Site) -> None:
    assert site.who() == "node1"
    where = {"RouteTableId": site.outside.clients_table, "DestinationCidrBlock": f"{OVERLAY}/32"}
    site.lab.owner_ec2.delete_route(**where)
    site.lab.settle()
    assert (site.who(), site.lab.who()) == (None, "node1")


def test_without_the_static_route_nobody_answers(site: Site) -> None:
    assert site.who() == "node1"
    site.lab.owner_ec2.delete_transit_gateway_route(
        TransitGatewayRouteTableId=site.outside.tables[1], DestinationCidrBlock="192.168.10.0/24"
    )
    site.lab.settle()
    assert (site.who(), site.lab.who()) == (None, "node1")


def test_the_standbys_zone_without_attachment_subnet_shows_after_the_failover(site: Site) -> None:
    site.lab.owner_ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=site.outside.nodes, RemoveSubnetIds=[site.lab.world.nodes[1].subnet_id]
    )
    site.lab.settle()
    assert site.who() == "node1"
    site.lab.move("node2")
    assert (site.who(), site.lab.who()) == (None, "node2")


def test_a_standby_without_the_way_back_shows_after_the_failover(site: Site) -> None:
    """Both nodes share the main table here: a table of its own for node2's subnet, without the route."""
    ec2 = site.lab.owner_ec2
    table = ec2.create_route_table(VpcId=site.lab.world.vpc_id)["RouteTable"]["RouteTableId"]
    # By it packets from outside may come in, too, where this is the gateway's subnet (the first by its id).
    overlay = {"RouteTableId": table, "DestinationCidrBlock": f"{OVERLAY}/32"}
    ec2.create_route(**overlay, NetworkInterfaceId=site.lab.world.nodes[0].network_interface_ids[0])
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=site.lab.world.nodes[1].subnet_id)
    site.lab.settle()
    assert site.who() == "node1"
    ec2.replace_route(**overlay, NetworkInterfaceId=site.lab.world.nodes[1].network_interface_ids[0])
    site.lab.move("node2")
    assert (site.who(), site.lab.who()) == (None, "node2")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ON_PREMISES, TransitGatewayId=site.outside.gateway)
    site.lab.settle()
    assert site.who() == "node2"
    ec2.disassociate_route_table(AssociationId=association["AssociationId"])
    ec2.delete_route_table(RouteTableId=table)


@pytest.mark.parametrize("kind", ["peering connection", "virtual private gateway"])
def test_what_these_bring_must_be_addressed_to_the_vpc_itself(lab: LabHandle, kind: str) -> None:
    """The node's own address answers, the overlay IP on the same node does not."""
    ec2, world, network = lab.owner_ec2, lab.world, "10.77.0.0/16"
    lab.exec("node1", "ip", "address", "replace", f"{OVERLAY}/32", "dev", "eth0")
    lab.set_source_dest_check("node1", False)
    lab.move("node1")
    if kind == "peering connection":
        other = ec2.create_vpc(CidrBlock=network)["Vpc"]["VpcId"]
        made = ec2.create_vpc_peering_connection(VpcId=world.vpc_id, PeerVpcId=other)["VpcPeeringConnection"]
        connection, target = made["VpcPeeringConnectionId"], "VpcPeeringConnectionId"
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    else:
        connection, target = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"], "GatewayId"
        ec2.attach_vpn_gateway(VpnGatewayId=connection, VpcId=world.vpc_id)
    for table in world.route_table_ids:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, **{target: connection})
    host = lab.outside("peer", "10.77.1.5", connection)
    lab.settle()
    assert who_answers(host, world.nodes[0].addresses[0]) == "node1"
    assert (who_answers(host, OVERLAY), lab.who()) == (None, "node1")
    for table in world.route_table_ids:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock=network)
    lab.delete_routes()
