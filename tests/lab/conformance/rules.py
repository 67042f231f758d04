# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twenty rules that the lab adds over moto, each as a check of AWS's behaviour, in the order of their list.

A check only uses the API, so it runs on any endpoint; ``RULES`` says what stock moto does instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .bench import OVERLAY, REGION, Bench, allow, refused

NOBODY = "eni-0123456789abcdef0"


@dataclass(frozen=True)
class Rule:
    """A rule: its number in the list, its check, and what stock moto does in its place."""

    number: int
    check: Callable[[Bench], None]
    stock_moto: str

    @property
    def name(self) -> str:
        """For test ids: ``03_duplicates_are_refused``."""
        return f"{self.number:02d}_{self.check.__name__}"


RULES: list[Rule] = []


def rule(number: int, stock_moto: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register a check."""

    def register(check: Callable[[Bench], None]) -> Callable[[Bench], None]:
        RULES.append(Rule(number, check, stock_moto))
        return check

    return register


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
    instance, _ = bench.instance()
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
    two, _ = bench.instance(interfaces=2)
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


@rule(9, "ignores DryRun on route calls: the change is made")
def dry_run_proves_permission_and_nothing_else(bench: Bench) -> None:
    eni, other = bench.interface(), bench.interface()
    create, replace, delete = bench.ec2.create_route, bench.ec2.replace_route, bench.ec2.delete_route

    def dry(call: Callable[..., object], table: str, **arguments: str) -> None:
        refused(
            "DryRunOperation",
            call,
            status=412,
            RouteTableId=table,
            DestinationCidrBlock=OVERLAY,
            DryRun=True,
            **arguments,
        )

    dry(create, bench.table, NetworkInterfaceId=eni)
    assert bench.route() is None
    create(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    dry(replace, bench.table, NetworkInterfaceId=other)
    dry(delete, bench.table)
    assert bench.shown()["NetworkInterfaceId"] == eni
    dry(create, "rtb-0123456789abcdef0")  # no such table, no target: not looked at
    refused("DryRunOperation", bench.ec2.describe_route_tables, status=412, DryRun=True)


@rule(10, "shows only the kind of target that was sent, and never an owner")
def interface_instance_and_owner_are_shown_together(bench: Bench) -> None:
    instance, [eni] = bench.instance()
    for target in ({"NetworkInterfaceId": eni}, {"InstanceId": instance}):
        bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, **target)
        route = bench.shown()
        assert (route["NetworkInterfaceId"], route["InstanceId"]) == (eni, instance)
        assert route["InstanceOwnerId"] == bench.account
        bench.ec2.delete_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY)


@rule(11, "shows every route as active, always, and stops instances at once")
def a_route_is_a_blackhole_when_its_target_cannot_receive_and_not_before(bench: Bench) -> None:
    bench.configure(stop=0.4)
    instance, [eni] = bench.instance()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    assert bench.shown()["State"] == "active"
    bench.ec2.stop_instances(InstanceIds=[instance])
    assert (bench.state(instance), bench.shown()["State"]) == ("stopping", "active")
    bench.wait(lambda: bench.state(instance) == "stopped", "the instance to stop")
    assert bench.shown()["State"] == "blackhole"
    bench.ec2.start_instances(InstanceIds=[instance])
    bench.wait(lambda: bench.state(instance) == "running", "the instance to run")
    assert bench.shown()["State"] == "active"
    bench.ec2.terminate_instances(InstanceIds=[instance])
    bench.wait(lambda: bench.state(instance) == "terminated", "the instance to terminate")
    assert bench.shown()["State"] == "blackhole"


@rule(12, "keeps one flag in the instance and another in the interface")
def source_dest_check_is_one_flag_held_by_the_interface(bench: Bench) -> None:
    ec2 = bench.ec2
    instance, [eni] = bench.instance()

    def flags() -> tuple[bool, bool, bool]:
        attribute = ec2.describe_instance_attribute(InstanceId=instance, Attribute="sourceDestCheck")
        interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
        shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return attribute["SourceDestCheck"]["Value"], interface["SourceDestCheck"], shown["SourceDestCheck"]

    ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
    assert flags() == (False, False, False)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": True})
    assert flags() == (True, True, True)
    two, _ = bench.instance(interfaces=2)
    refused(
        "InvalidInstanceID",
        ec2.modify_instance_attribute,
        text="There are multiple interfaces",
        InstanceId=two,
        SourceDestCheck={"Value": False},
    )


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


@rule(15, "answers HTTP 500 to most filters, and pages nothing")
def route_tables_are_filtered_and_paged(bench: Bench) -> None:
    instance, [eni] = bench.instance()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    for _ in range(6):
        bench.ec2.create_route_table(VpcId=bench.vpc)

    def found(**filters: str) -> list[str]:
        wanted = [{"Name": name.replace("_", "-").replace("--", "."), "Values": [v]} for name, v in filters.items()]
        wanted.append({"Name": "vpc-id", "Values": [bench.vpc]})
        return [t["RouteTableId"] for t in bench.ec2.describe_route_tables(Filters=wanted)["RouteTables"]]

    for name, value in (
        ("route__instance_id", instance),
        ("route__network_interface_id", eni),
        ("route__destination_cidr_block", OVERLAY),
        ("route__destination_cidr_block", "192.168.*"),
        ("route__origin", "CreateRoute"),
    ):
        assert found(**{name: value}) == [bench.table], name
    assert len(found(route__state="active")) == 7
    assert found(route__state="blackhole") == []
    refused(
        "InvalidParameterValue",
        bench.ec2.describe_route_tables,
        text="The filter 'colour' is invalid",
        Filters=[{"Name": "colour", "Values": ["red"]}],
    )
    pages = bench.ec2.get_paginator("describe_route_tables").paginate(
        Filters=[{"Name": "vpc-id", "Values": [bench.vpc]}], PaginationConfig={"PageSize": 5}
    )
    assert [len(page["RouteTables"]) for page in pages] == [5, 2]


@rule(16, "judges every EC2 call against '*': a policy that names one table refuses them all")
def permission_is_judged_by_arn_condition_and_tag(bench: Bench) -> None:
    eni, table = bench.interface(), bench.table
    other = bench.ec2.create_route_table(VpcId=bench.vpc)["RouteTable"]["RouteTableId"]
    tagged = bench.ec2.create_route_table(
        VpcId=bench.vpc,
        TagSpecifications=[{"ResourceType": "route-table", "Tags": [{"Key": "overlay", "Value": "yes"}]}],
    )["RouteTable"]["RouteTableId"]
    prefix = f"arn:aws:ec2:{REGION}:{bench.account}"
    keys = bench.user(
        allow("ec2:CreateRoute", f"{prefix}:route-table/{table}", ArnEquals={"ec2:Vpc": f"{prefix}:vpc/{bench.vpc}"}),
        allow("ec2:CreateRoute", StringEquals={"aws:ResourceTag/overlay": "yes"}),
    )
    with bench.enforced():
        ec2 = bench.client("ec2", keys)
        for allowed in (table, tagged):
            ec2.create_route(RouteTableId=allowed, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
        refused(
            "UnauthorizedOperation",
            ec2.create_route,
            status=403,
            text=f"is not authorized to perform: ec2:CreateRoute on resource: {prefix}:route-table/{other}",
            RouteTableId=other,
            DestinationCidrBlock=OVERLAY,
            NetworkInterfaceId=eni,
        )


@rule(17, "is consistent at once")
def reads_may_be_stale(bench: Bench) -> None:
    first, second = bench.interface(), bench.interface()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=first)
    time.sleep(0.2)  # the age of the old state
    bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=second)
    bench.fault("stale", match={"action": "DescribeRouteTables"}, times=1, seconds=0.1)
    assert bench.shown()["NetworkInterfaceId"] == first
    assert bench.shown()["NetworkInterfaceId"] == second


@rule(18, "answers HTTP 500, in HTML, and forgets it")
def an_http_500_of_moto_is_remembered(bench: Bench) -> None:
    bench.interface()
    refused(
        "InternalError",
        bench.ec2.describe_network_interfaces,
        status=500,
        Filters=[{"Name": "no-such-filter", "Values": ["x"]}],
    )
    [problem] = bench.problems()
    assert problem["action"] == "ec2:DescribeNetworkInterfaces"


@rule(19, "does not implement ReplaceTransitGatewayRoute, and overwrites duplicates")
def transit_gateway_routes_can_be_replaced(bench: Bench) -> None:
    ec2 = bench.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"][
        "TransitGatewayRouteTableId"
    ]
    far = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    far_subnet = ec2.create_subnet(VpcId=far, CidrBlock="10.99.1.0/24")["Subnet"]["SubnetId"]
    first, second = (
        ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])[
            "TransitGatewayVpcAttachment"
        ]["TransitGatewayAttachmentId"]
        for vpc, subnet in ((bench.vpc, bench.subnet), (far, far_subnet))
    )
    route = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": OVERLAY}
    ec2.create_transit_gateway_route(**route, TransitGatewayAttachmentId=first)
    refused(
        "RouteAlreadyExists",
        ec2.create_transit_gateway_route,
        text=f"Route {OVERLAY} already exists in Transit Gateway Route Table {table}",
        **route,
        TransitGatewayAttachmentId=second,
    )
    ec2.replace_transit_gateway_route(**route, TransitGatewayAttachmentId=second)
    [found] = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=[{"Name": "route-search.exact-match", "Values": [OVERLAY]}]
    )["Routes"]
    assert found["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] == second
    ec2.delete_transit_gateway_route(**route)
    refused("InvalidRoute.NotFound", ec2.delete_transit_gateway_route, **route)


@rule(20, "never throttles")
def calls_draw_from_token_buckets(bench: Bench) -> None:
    eni, delete = bench.interface(), bench.ec2.delete_route
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    bench.configure(throttle=True)
    for _ in range(50):
        bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)

    def more() -> None:
        for _ in range(50):  # the bucket fills at 5/s meanwhile
            bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)

    refused("RequestLimitExceeded", more, status=503)
    delete(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY)  # another action, another bucket
