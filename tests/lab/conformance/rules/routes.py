# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about what a route may be: destinations, targets, duplicates, ranges, ids, quota."""

from __future__ import annotations

from typing import Any

from ..bench import OVERLAY, Bench, refused
from .registry import rule

NOBODY = "eni-0123456789abcdef0"


@rule(1, "stores a route with no target, with two, or with no destination")
def exactly_one_destination_and_one_target(bench: Bench) -> None:
    instance, [eni] = bench.instance()
    create, table = bench.ec2.create_route, bench.table
    refused("MissingParameter", create, RouteTableId=table, NetworkInterfaceId=eni)
    refused("MissingParameter", create, RouteTableId=table, DestinationCidrBlock=OVERLAY)
    refused(
        "InvalidParameterCombination",
        create,
        RouteTableId=table,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=eni,
        InstanceId=instance,
    )
    refused(
        "InvalidParameterCombination",
        create,
        RouteTableId=table,
        DestinationCidrBlock=OVERLAY,
        DestinationIpv6CidrBlock="2001:db8::1/128",
        NetworkInterfaceId=eni,
    )
    assert bench.route() is None


@rule(2, "stores host bits as they are, and any text as a CIDR block; the table is then poisoned (HTTP 500)")
def cidrs_are_canonical_or_refused(bench: Bench) -> None:
    eni = bench.interface()
    create, table = bench.ec2.create_route, bench.table
    create(RouteTableId=table, DestinationCidrBlock="100.68.0.18/18", NetworkInterfaceId=eni)
    assert bench.route("100.68.0.0/18")
    create(RouteTableId=table, DestinationIpv6CidrBlock="2001:DB8:0::5/64", NetworkInterfaceId=eni)
    assert bench.route("2001:db8::/64")
    bench.ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="2001:db8::/64")
    for text in ("192.168.10.300/32", "192.168.10.15", "192.168.0.0/40", "2001:db8::/64"):
        refused("InvalidParameterValue", create, RouteTableId=table, DestinationCidrBlock=text, NetworkInterfaceId=eni)


@rule(3, "overwrites the route when the target is an interface or the destination IPv6")
def duplicates_are_refused(bench: Bench) -> None:
    first, second = bench.interface(), bench.interface()
    destinations: tuple[dict[str, Any], ...] = (
        {"DestinationCidrBlock": OVERLAY},
        {"DestinationIpv6CidrBlock": "2001:db8::1/128"},
    )
    for destination in destinations:
        bench.ec2.create_route(RouteTableId=bench.table, NetworkInterfaceId=first, **destination)
        [block] = destination.values()
        refused(
            "RouteAlreadyExists",
            bench.ec2.create_route,
            text=f"The route identified by {block} already exists.",
            RouteTableId=bench.table,
            NetworkInterfaceId=second,
            **destination,
        )
        assert bench.shown(block)["NetworkInterfaceId"] == first


@rule(4, "leaves a route without any target when ReplaceRoute names a missing interface")
def targets_are_validated_before_anything_changes(bench: Bench) -> None:
    instance, dummy = bench.instance()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, InstanceId=instance)
    before = bench.route()
    refused(
        "InvalidNetworkInterfaceID.NotFound",
        bench.ec2.replace_route,
        RouteTableId=bench.table,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=NOBODY,
    )
    assert bench.shown().get("InstanceId") == instance
    assert bench.route() == before


@rule(5, "stores the instance, whatever interfaces it has")
def an_instance_stands_for_its_only_interface(bench: Bench) -> None:
    one, [eni] = bench.instance()
    two, dummy = bench.instance(interfaces=2)
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, InstanceId=one)
    assert bench.shown()["NetworkInterfaceId"] == eni
    for call in (bench.ec2.replace_route, bench.ec2.create_route):
        destination = OVERLAY if call == bench.ec2.replace_route else "192.168.10.16/32"
        refused(
            "InvalidInstanceID",
            call,
            text=f"There are multiple interfaces attached to instance '{two}'. Please specify an interface ID",
            RouteTableId=bench.table,
            DestinationCidrBlock=destination,
            InstanceId=two,
        )


@rule(6, "routes to interfaces and instances of any VPC")
def the_target_is_in_the_tables_vpc(bench: Bench) -> None:
    instance, eni = bench.foreign_instance()
    targets: tuple[dict[str, Any], ...] = ({"NetworkInterfaceId": eni}, {"InstanceId": instance})
    for target in targets:
        refused(
            "InvalidParameterValue",
            bench.ec2.create_route,
            text="belong to different networks",
            RouteTableId=bench.table,
            DestinationCidrBlock=OVERLAY,
            **target,
        )


@rule(7, "routes addresses of the VPC, link-local, loopback and multicast")
def the_vpcs_own_and_reserved_ranges_are_refused(bench: Bench) -> None:
    eni = bench.interface()
    gateway = bench.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    bench.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bench.vpc)

    def refuse(text: str, destination: str, **target: Any) -> None:
        name = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        arguments: dict[str, Any] = {"RouteTableId": bench.table, name: destination, **target}
        refused("InvalidParameterValue", bench.ec2.create_route, text=text, **arguments)

    refuse("Route destination doesn't match any subnet CIDR blocks.", "10.0.1.7/32", NetworkInterfaceId=eni)
    refuse("This route can target only an interface or an instance.", "10.0.1.0/24", GatewayId=gateway)
    for reserved in ("169.254.169.254/32", "127.0.0.1/32", "224.0.0.1/32", "fd00:ec2::254/128", "fe80::1/128"):
        refuse("", reserved, NetworkInterfaceId=eni)
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock="10.0.1.0/24", NetworkInterfaceId=eni)


@rule(8, "replaces and deletes local routes, and ignores LocalTarget")
def local_routes_are_protected(bench: Bench) -> None:
    eni, table, local = bench.interface(), bench.table, "10.0.0.0/16"
    refused(
        "RouteAlreadyExists",
        bench.ec2.create_route,
        RouteTableId=table,
        DestinationCidrBlock=local,
        NetworkInterfaceId=eni,
    )
    refused(
        "InvalidParameterValue",
        bench.ec2.delete_route,
        text="cannot remove local route",
        RouteTableId=table,
        DestinationCidrBlock=local,
    )
    bench.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=local, NetworkInterfaceId=eni)
    moved = bench.shown(local)
    assert (moved["NetworkInterfaceId"], moved["Origin"]) == (eni, "CreateRouteTable")
    bench.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=local, LocalTarget=True)
    assert bench.shown(local)["GatewayId"] == "local"


@rule(13, "calls a malformed id not found")
def malformed_is_not_the_same_as_not_found(bench: Bench) -> None:
    eni = bench.interface()
    create, table = bench.ec2.create_route, bench.table

    def refuse(code: str, table: str, **target: Any) -> None:
        refused(code, create, RouteTableId=table, DestinationCidrBlock=OVERLAY, **target)

    refuse("InvalidRouteTableId.Malformed", "rtb-nonsense", NetworkInterfaceId=eni)
    refuse("InvalidRouteTableID.NotFound", "rtb-0123456789abcdef0", NetworkInterfaceId=eni)
    refuse("InvalidNetworkInterfaceId.Malformed", table, NetworkInterfaceId="eni-1")
    refuse("InvalidNetworkInterfaceID.NotFound", table, NetworkInterfaceId=NOBODY)
    refuse("InvalidInstanceID.Malformed", table, InstanceId="i-xyz")
    refuse("InvalidInstanceID.NotFound", table, InstanceId="i-0123456789abcdef0")


@rule(14, "has no limit")
def a_table_holds_only_so_many_routes(bench: Bench) -> None:
    bench.configure(routes_per_table=3)
    eni = bench.interface()
    for number in range(3):
        bench.ec2.create_route(
            RouteTableId=bench.table, DestinationCidrBlock=f"192.168.0.{number}/32", NetworkInterfaceId=eni
        )
    refused(
        "RouteLimitExceeded",
        bench.ec2.create_route,
        RouteTableId=bench.table,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=eni,
    )
    # Counted per family.
    bench.ec2.create_route(RouteTableId=bench.table, DestinationIpv6CidrBlock="2001:db8::1/128", NetworkInterfaceId=eni)
