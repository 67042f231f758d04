# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about what DescribeRouteTables shows: targets, states, filters, pages, the past."""

from __future__ import annotations

import time

from ..bench import OVERLAY, Bench, refused
from .registry import rule


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


@rule(15, "answers HTTP 500 to most filters, and pages nothing")
def route_tables_are_filtered_and_paged(bench: Bench) -> None:
    instance, [eni] = bench.instance()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    for dummy in range(6):
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


@rule(17, "is consistent at once")
def reads_may_be_stale(bench: Bench) -> None:
    first, second = bench.interface(), bench.interface()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=first)
    time.sleep(0.2)  # the age of the old state
    bench.ec2.replace_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=second)
    bench.fault("stale", match={"action": "DescribeRouteTables"}, times=1, seconds=0.1)
    assert bench.shown()["NetworkInterfaceId"] == first
    assert bench.shown()["NetworkInterfaceId"] == second
