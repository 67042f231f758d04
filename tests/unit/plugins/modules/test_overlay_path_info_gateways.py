# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second transit gateway, to which a table of the nodes or of the clients leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place, reach
from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, FAR, Site, wrong
from unit.transit_lab import CLIENTS, ON_PREMISES

pytest_plugins = ("unit.path_play",)

GOOD: dict[str, list[str]] = {holder: [] for holder in BOTH}
Hops = list[tuple[str, bool | None]]


@dataclass
class Second:
    """Another gateway, with its default table; nothing is attached to it."""

    site: Site
    gateway: str
    table: str
    made: list[str] = field(default_factory=list)

    def attach(self, vpc: str, *subnets: str) -> str:
        wanted = {"TransitGatewayId": self.gateway, "VpcId": vpc, "SubnetIds": list(subnets)}
        made = self.site.ec2.create_transit_gateway_vpc_attachment(**wanted)["TransitGatewayVpcAttachment"]
        self.made.append(made["TransitGatewayAttachmentId"])
        return self.made[-1]

    def nodes(self, *which: int) -> str:
        """Attach the nodes' VPC, by the subnets of these nodes."""
        world = self.site.aws.world
        return self.attach(world.vpc_id, *(world.nodes[one].subnet_id for one in which or (0, 1)))

    def clients(self) -> str:
        return self.attach(self.site.transit.clients_vpc, self.site.transit.clients_subnet)

    def answers(self, network: str = CLIENTS) -> None:
        """Let the tables of the nodes lead to it."""
        for table in self.site.aws.tables:
            self.site.route(table, network, TransitGatewayId=self.gateway)

    def requests(self) -> None:
        """Let the clients' table lead to it."""
        self.site.route(self.site.clients_table, OVERLAY, TransitGatewayId=self.gateway)

    def route(self, destination: str, attachment: str) -> None:
        where = {"TransitGatewayRouteTableId": self.table, "DestinationCidrBlock": destination}
        self.site.ec2.create_transit_gateway_route(**where, TransitGatewayAttachmentId=attachment)

    def hops(self, result: dict[str, Any], node: int = 1) -> Hops:
        """What its table does with what the path of a holder asks."""
        where = f"transit gateway route table {self.table}"
        return [(hop["rule"], hop["passes"]) for hop in result["paths"][node]["hops"] if hop["where"] == where]


@pytest.fixture
def second(site: Site) -> Iterator[Second]:
    raw = site.ec2.create_transit_gateway()["TransitGateway"]
    made = Second(site, raw["TransitGatewayId"], raw["Options"]["AssociationDefaultRouteTableId"])
    yield made
    for one in made.made:
        site.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)


def test_answers_to_a_gateway_that_knows_no_clients_are_dropped(site: Site, play: Run, second: Second) -> None:
    """In the standby's table alone: its answers die, and nothing shows it before the failover."""
    ec2, world = site.ec2, site.aws.world
    second.nodes()
    own = ec2.create_route_table(VpcId=world.vpc_id)["RouteTable"]["RouteTableId"]
    held = ec2.describe_route_tables(RouteTableIds=[site.aws.tables[0]])["RouteTables"][0]["Routes"]
    eni = next(one["NetworkInterfaceId"] for one in held if one.get("DestinationCidrBlock") == OVERLAY)
    ec2.create_route(RouteTableId=own, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    ec2.create_route(RouteTableId=own, DestinationCidrBlock=CLIENTS, TransitGatewayId=second.gateway)
    filters = [{"Name": "association.subnet-id", "Values": [world.nodes[1].subnet_id]}]
    tables = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    before = [a for t in tables for a in t["Associations"] if a.get("SubnetId") == world.nodes[1].subnet_id]
    for one in before:
        ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    used = ec2.associate_route_table(RouteTableId=own, SubnetId=world.nodes[1].subnet_id)["AssociationId"]
    one_client, whole = play(), play(**{"from": CLIENTS})
    ec2.disassociate_route_table(AssociationId=used)
    for one in before:
        ec2.associate_route_table(RouteTableId=one["RouteTableId"], SubnetId=world.nodes[1].subnet_id)
    ec2.delete_route_table(RouteTableId=own)
    for result, source in ((one_client, f"{CLIENT}/32"), (whole, CLIENTS)):
        assert wrong(result) == {"node1": [], "node2": ["no_return_route"]}
        assert second.hops(result) == [(f"no route for {source}", False)]
        assert f"Send {source} to {site.transit.gateway}, by which the packets come, in the nodes' tables." in str(
            result["lines"]
        )
        assert "may inspect it" not in str(result["lines"])


def test_answers_by_a_second_gateway_arrive(site: Site, play: Run, second: Second) -> None:
    """Gateways keep no state. What the first one does with the answers counts no more."""
    plain = play()["api_calls"]
    second.nodes()
    theirs = second.clients()
    second.answers()
    site.ec2.disable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=site.transit.tables[0], TransitGatewayAttachmentId=site.transit.clients
    )
    result = play()
    assert wrong(result) == GOOD
    wanted = f"{CLIENTS} -> {theirs} (propagated, active), the longest prefix that holds {CLIENT}/32"
    assert second.hops(result) == [(wanted, True)]
    more = {"DescribeTransitGatewayAttachments": 3, "SearchTransitGatewayRoutes": 3}
    assert result["api_calls"] == {**plain, **more}
    site.ec2.disable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=second.table, TransitGatewayAttachmentId=theirs
    )
    assert wrong(play()) == {holder: ["no_return_route"] for holder in BOTH}


def test_the_zones_of_the_second_attachment_count(site: Site, play: Run, second: Second) -> None:
    second.nodes(0)
    second.clients()
    second.answers()
    assert wrong(play()) == {"node1": [], "node2": ["no_attachment_subnet"]}


def test_the_zones_of_the_clients_second_attachment_count(site: Site, play: Run, second: Second) -> None:
    vpc, zone = site.transit.clients_vpc, site.aws.world.nodes[1].availability_zone
    subnet = site.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.7.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    second.attach(vpc, subnet)
    second.requests()
    assert wrong(play()) == {holder: ["no_attachment_subnet", "no_static_route"] for holder in BOTH}


@pytest.mark.parametrize("between", ["peering", "vpc"])
def test_what_a_second_gateway_leads_to_is_not_seen(site: Site, play: Run, second: Second, between: str) -> None:
    """The clients are not attached to it: by a peered gateway, or another VPC, the answers may come to them."""
    second.nodes()
    second.answers()
    if between == "peering":
        further = site.aws.control.attach(second.gateway, "peering", "tgw-0123456789abcdef0", [])
    else:
        vpc = site.ec2.create_vpc(CidrBlock="10.97.0.0/16")["Vpc"]["VpcId"]
        zone = site.aws.world.nodes[0].availability_zone
        subnet = site.ec2.create_subnet(VpcId=vpc, CidrBlock="10.97.1.0/24", AvailabilityZone=zone)["Subnet"]
        further = second.attach(vpc, subnet["SubnetId"])
    second.route("10.0.0.0/8", further)
    result = play()
    assert wrong(result) == GOOD
    [(rule, passes)] = second.hops(result)
    assert (passes, f"10.0.0.0/8 -> {further} (static, active)" in rule) == (None, True)
    assert "cannot be seen from here" in rule


def test_requests_to_a_gateway_without_the_nodes_are_dropped(site: Site, play: Run, second: Second) -> None:
    theirs = second.clients()
    second.requests()
    result = play()
    assert wrong(result) == {holder: ["no_static_route"] for holder in BOTH}
    assert second.hops(result) == [(f"no route for {OVERLAY}", False)]
    assert f"Send {OVERLAY} to {site.transit.gateway} in the table of {site.transit.clients_subnet}" in str(
        result["lines"]
    )
    further = site.aws.control.attach(second.gateway, "peering", site.transit.gateway, [])
    second.route("192.168.0.0/16", further)
    site.transit.point(None)  # by which table it comes from there, is not known
    peered = play()
    second.route("192.168.10.0/24", theirs)
    back = play()
    assert wrong(peered) == GOOD
    assert [passes for _rule, passes in second.hops(peered)] == [None]
    assert wrong(back) == {holder: ["no_static_route"] for holder in BOTH}


def test_requests_by_the_second_gateway_and_answers_by_the_first(site: Site, play: Run, second: Second) -> None:
    """Its table needs the static route; without the route to the clients, which the answers do not need."""
    nodes, theirs = second.nodes(), second.clients()
    second.requests()
    site.ec2.disable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=second.table, TransitGatewayAttachmentId=theirs
    )
    assert wrong(play()) == {holder: ["no_static_route"] for holder in BOTH}
    second.route(OVERLAY, nodes)
    assert wrong(play()) == GOOD
    named = play(transit_gateway_attachment_id=site.transit.clients)
    assert wrong(named) == GOOD
    assert [passes for _rule, passes in second.hops(named)] == [True]


def test_answers_to_a_network_outside(site: Site, play: Run, second: Second) -> None:
    """Of a source that is named behind the first one: nothing there drops it, another VPN may be its way, too."""
    second.nodes()
    second.answers(ON_PREMISES)
    named = {"from": FAR, "transit_gateway_attachment_id": site.transit.vpn}
    assert wrong(play(**named)) == {holder: ["no_return_route"] for holder in BOTH}
    site.aws.control.attach(second.gateway, "vpn", "vpn-0000000000000abcd", [ON_PREMISES])
    result = play(**named)
    assert wrong(result) == GOOD
    assert [passes for _rule, passes in second.hops(result)] == [None]


@pytest.mark.parametrize("answers", [True, False])
def test_a_gateway_that_may_not_be_read(site: Site, play: Run, second: Second, answers: bool) -> None:
    """Is called a gateway, and nothing that the first one would do with it counts."""
    transit, world = site.transit, site.aws.world
    document = reach(Place("aws", world.region), transit.account, transit.tables, [transit.nodes])
    denied = {"Effect": "Deny", "Action": "ec2:SearchTransitGatewayRoutes"}
    denied["Resource"] = transit.arn("route-table", second.table)
    caller = site.aws.options(transit.user(f"blind-{answers}", *document["Statement"], denied))
    if answers:
        second.nodes()
        second.answers()
    else:
        second.clients()
        second.requests()
    result = play(**caller)
    assert wrong(result) == GOOD
    [(rule, passes)] = second.hops(result)
    assert (passes, rule.startswith("not looked at: ")) == (None, True)
    assert f"Not seen: the routes of {second.table}" in str(result["lines"])
    assert f"-> {second.gateway}" in str(result["lines"])
    assert "may inspect it" not in str(result["lines"])
