# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about calls as such: DryRun, the source/destination check, permission, failures, transit gateways, rates."""

from __future__ import annotations

from collections.abc import Callable

from ..bench import OVERLAY, REGION, Bench, allow, refused
from .registry import rule


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
    two, dummy = bench.instance(interfaces=2)
    refused(
        "InvalidInstanceID",
        ec2.modify_instance_attribute,
        text="There are multiple interfaces",
        InstanceId=two,
        SourceDestCheck={"Value": False},
    )


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
    for dummy in range(50):
        bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)

    def more() -> None:
        for dummy in range(50):  # the bucket fills at 5/s meanwhile
            bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)

    refused("RequestLimitExceeded", more, status=503)
    delete(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY)  # another action, another bucket
