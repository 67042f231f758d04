# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables beyond the rules: disputed cases both ways, foreign routes, edge tables, other targets."""

from __future__ import annotations

from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.world import World

from .bench import OVERLAY, Bench, refused


def test_repeating_a_create_with_the_same_target_is_a_switch(bench: Bench, control: Control) -> None:
    """The sources disagree: see README.md."""
    eni = bench.interface()
    create: dict[str, Any] = {"RouteTableId": bench.table, "DestinationCidrBlock": OVERLAY, "NetworkInterfaceId": eni}
    bench.ec2.create_route(**create)
    refused("RouteAlreadyExists", bench.ec2.create_route, **create)
    control.settings(refuse_same_target=False)
    assert bench.ec2.create_route(**create)["Return"]
    other = bench.interface()
    refused("RouteAlreadyExists", bench.ec2.create_route, **{**create, "NetworkInterfaceId": other})


def test_replace_and_delete_want_an_existing_route(bench: Bench) -> None:
    eni = bench.interface()
    refused(
        "InvalidParameterValue",
        bench.ec2.replace_route,
        text=f"There is no route defined for '{OVERLAY}' in the route table. Use CreateRoute instead.",
        RouteTableId=bench.table,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=eni,
    )
    refused(
        "InvalidRoute.NotFound",
        bench.ec2.delete_route,
        text=f"no route with destination-cidr-block {OVERLAY} in route table {bench.table}",
        RouteTableId=bench.table,
        DestinationCidrBlock=OVERLAY,
    )


def test_a_propagated_route_is_left_alone_and_a_static_one_stands_beside_it(bench: Bench, control: Control) -> None:
    eni, other = bench.interface(), bench.interface()
    control.plant_route(bench.table, OVERLAY, "EnableVgwRoutePropagation", network_interface_id=other)
    where: dict[str, Any] = {"RouteTableId": bench.table, "DestinationCidrBlock": OVERLAY}
    assert bench.shown()["Origin"] == "EnableVgwRoutePropagation"
    refused("InvalidParameterValue", bench.ec2.replace_route, text="propagated", **where, NetworkInterfaceId=eni)
    refused("InvalidParameterValue", bench.ec2.delete_route, text="propagated", **where)
    bench.ec2.create_route(**where, NetworkInterfaceId=eni)
    [table] = bench.ec2.describe_route_tables(RouteTableIds=[bench.table])["RouteTables"]
    origins = [r["Origin"] for r in table["Routes"] if r["DestinationCidrBlock"] == OVERLAY]
    assert origins == ["EnableVgwRoutePropagation", "CreateRoute"]
    bench.ec2.delete_route(**where)
    assert bench.shown()["Origin"] == "EnableVgwRoutePropagation"


def test_a_gateways_table_routes_nothing_outside_the_vpc(bench: Bench) -> None:
    ec2, eni = bench.ec2, bench.interface()
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bench.vpc)
    edge, other = (ec2.create_route_table(VpcId=bench.vpc)["RouteTable"]["RouteTableId"] for dummy in range(2))
    ec2.associate_route_table(RouteTableId=edge, GatewayId=gateway)
    route: dict[str, Any] = {"DestinationCidrBlock": OVERLAY, "NetworkInterfaceId": eni}
    refused("InvalidParameterValue", ec2.create_route, RouteTableId=edge, **route)
    ec2.create_route(RouteTableId=other, **route)
    refused("InvalidParameterValue", ec2.associate_route_table, RouteTableId=other, GatewayId=gateway)
    found = ec2.describe_route_tables(Filters=[{"Name": "association.gateway-id", "Values": [gateway]}])
    assert [table["RouteTableId"] for table in found["RouteTables"]] == [edge]


def test_a_subnet_has_one_table(bench: Bench) -> None:
    ec2 = bench.ec2
    first, second = (ec2.create_route_table(VpcId=bench.vpc)["RouteTable"]["RouteTableId"] for dummy in range(2))
    made = ec2.associate_route_table(RouteTableId=first, SubnetId=bench.subnet)["AssociationId"]
    assert ec2.associate_route_table(RouteTableId=first, SubnetId=bench.subnet)["AssociationId"] == made
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=second, SubnetId=bench.subnet)


def test_the_main_tables_implicit_associations_are_not_shown(endpoint: Endpoint, world: World) -> None:
    ec2 = endpoint.client("ec2")
    [main] = ec2.describe_route_tables(RouteTableIds=[world.main_route_table_id])["RouteTables"]
    assert [a["Main"] for a in main["Associations"]] == [True]
    assert all("SubnetId" not in association for association in main["Associations"])


def test_no_other_route_can_be_made_local(bench: Bench) -> None:
    where: dict[str, Any] = {"RouteTableId": bench.table, "DestinationCidrBlock": OVERLAY}
    refused("InvalidParameterValue", bench.ec2.create_route, text="local", **where, GatewayId="local")
    bench.ec2.create_route(**where, NetworkInterfaceId=bench.interface())
    refused("InvalidParameterValue", bench.ec2.replace_route, text="local", **where, LocalTarget=True)


def test_a_gateway_is_a_target_and_a_missing_one_is_not(bench: Bench) -> None:
    ec2 = bench.ec2
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    route: dict[str, Any] = {"RouteTableId": bench.table, "DestinationCidrBlock": "0.0.0.0/0"}
    refused("InvalidParameterValue", ec2.create_route, text="different networks", **route, GatewayId=gateway)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bench.vpc)
    ec2.create_route(**route, GatewayId=gateway)
    assert bench.shown("0.0.0.0/0")["State"] == "active"
    refused("InvalidGatewayID.NotFound", ec2.create_route, **route, GatewayId="igw-0123456789abcdef0")
    missing: tuple[tuple[str, Any, str], ...] = (
        ("NatGatewayId", "nat-0123456789abcdef0", "NatGatewayNotFound"),
        ("TransitGatewayId", "tgw-0123456789abcdef0", "InvalidTransitGatewayID.NotFound"),
        ("VpcPeeringConnectionId", "pcx-0123456789abcdef0", "InvalidVpcPeeringConnectionID.NotFound"),
        ("EgressOnlyInternetGatewayId", "eigw-0123456789abcdef0", "InvalidGatewayID.NotFound"),
        ("CarrierGatewayId", "cagw-0123456789abcdef0", "InvalidCarrierGatewayID.NotFound"),
        ("VpcEndpointId", "vpce-0123456789abcdef0", "InvalidVpcEndpointId.NotFound"),
    )
    for name, value, code in missing:
        refused(code, ec2.replace_route, **route, **{name: value})


def test_the_server_may_page_though_nobody_asked(bench: Bench, control: Control) -> None:
    for dummy in range(4):
        bench.ec2.create_route_table(VpcId=bench.vpc)
    control.settings(page_limit=2)
    only_ours = {"Filters": [{"Name": "vpc-id", "Values": [bench.vpc]}]}
    first = bench.ec2.describe_route_tables(**only_ours)
    assert len(first["RouteTables"]) == 2
    pages = list(bench.ec2.get_paginator("describe_route_tables").paginate(**only_ours))
    assert [len(page["RouteTables"]) for page in pages] == [2, 2, 1]
    refused("InvalidNextToken", bench.ec2.describe_route_tables, NextToken="nonsense")


@pytest.mark.parametrize("size", [4, 101])
def test_a_page_has_5_to_100_tables(bench: Bench, size: int) -> None:
    # boto3 checks the lower bound itself: send it unchecked.
    refused("InvalidParameterValue", bench.unchecked("ec2").describe_route_tables, MaxResults=size)


@pytest.mark.parametrize(
    ("name", "value"),
    [("tag:overlay", "y?s"), ("tag-key", "overlay"), ("tag-value", "yes"), ("association.main", "false")],
)
def test_tables_are_found_by_tag(bench: Bench, name: str, value: str) -> None:
    tags = [{"ResourceType": "route-table", "Tags": [{"Key": "overlay", "Value": "yes"}]}]
    made = bench.ec2.create_route_table(VpcId=bench.vpc, TagSpecifications=tags)["RouteTable"]["RouteTableId"]
    found = bench.ec2.describe_route_tables(
        Filters=[{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [bench.vpc]}]
    )
    assert [table["RouteTableId"] for table in found["RouteTables"]] == [made]
    assert found["RouteTables"][0]["Tags"] == [{"Key": "overlay", "Value": "yes"}]


def test_addresses_outside_the_subnet_are_not_assigned(bench: Bench) -> None:
    eni = bench.interface()
    assign = bench.ec2.assign_private_ip_addresses
    refused("InvalidParameterValue", assign, NetworkInterfaceId=eni, PrivateIpAddresses=["192.168.10.15"])
    assign(NetworkInterfaceId=eni, PrivateIpAddresses=["10.0.1.77"])


def test_a_transit_gateway_route_is_found_by_containment(bench: Bench) -> None:
    ec2 = bench.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
    table: dict[str, Any] = {"TransitGatewayRouteTableId": made["TransitGatewayRouteTableId"]}
    refused("InvalidParameterCombination", ec2.create_transit_gateway_route, **table, DestinationCidrBlock=OVERLAY)
    ec2.create_transit_gateway_route(**table, DestinationCidrBlock=OVERLAY, Blackhole=True)

    def search(name: str, value: str) -> list[str]:
        found = ec2.search_transit_gateway_routes(**table, Filters=[{"Name": name, "Values": [value]}])["Routes"]
        return [route["State"] for route in found]

    assert search("route-search.subnet-of-match", "192.168.0.0/16") == ["blackhole"]
    assert search("route-search.supernet-of-match", OVERLAY) == ["blackhole"]
    assert search("route-search.subnet-of-match", "10.0.0.0/8") == []
    assert search("type", "static") == ["blackhole"]


def test_a_transit_gateway_route_is_found_by_longest_prefix(bench: Bench) -> None:
    ec2 = bench.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
    table: dict[str, Any] = {"TransitGatewayRouteTableId": made["TransitGatewayRouteTableId"]}
    for block in ("0.0.0.0/0", "192.168.0.0/16", "192.168.10.0/24"):
        ec2.create_transit_gateway_route(**table, DestinationCidrBlock=block, Blackhole=True)

    def search(*values: str) -> list[str]:
        wanted = [{"Name": "route-search.longest-prefix-match", "Values": list(values)}]
        found = ec2.search_transit_gateway_routes(**table, Filters=wanted)["Routes"]
        return [route["DestinationCidrBlock"] for route in found]

    assert search("192.168.10.15/32") == ["192.168.10.0/24"]
    assert search("192.168.10.0/24") == ["192.168.10.0/24"]
    assert search("192.168.0.0/17") == ["192.168.0.0/16"]
    assert search("172.16.0.1/32") == ["0.0.0.0/0"]
    assert search("fd00::1/128") == []
    ec2.delete_transit_gateway_route(**table, DestinationCidrBlock="192.168.10.0/24")
    assert search("192.168.10.15/32") == ["192.168.0.0/16"]
