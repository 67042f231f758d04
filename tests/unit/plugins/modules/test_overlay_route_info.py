# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with EC2's rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_route_info
from unit.aws_lab import OVERLAY, AwsLab, run_module

Run = Callable[..., dict[str, Any]]
NETWORK, V6 = "192.168.20.0/24", "2001:db8:10::15/128"


@pytest.fixture
def run(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run overlay_route_info as the operator."""

    def play(**params: Any) -> dict[str, Any]:
        return run_module(overlay_route_info, capsys, **{**aws.options(), **params})

    return play


@pytest.fixture
def _checks_off(aws: AwsLab) -> None:
    for node in (1, 2):
        aws.client.modify_network_interface_attribute(
            NetworkInterfaceId=aws.eni(node), SourceDestCheck={"Value": False}
        )
    aws.control.clear("calls")


def rules(overlay: dict[str, Any]) -> dict[str, str]:
    return {f["id"]: f["severity"] for f in overlay["findings"]}


@pytest.mark.usefixtures("_checks_off")
def test_a_healthy_overlay(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(vpc_id=aws.world.vpc_id)
    assert aws.calls() == ["DescribeRouteTables", "DescribeSubnets", "DescribeNetworkInterfaces"]
    assert result["changed"] is False
    shown = {"network_interface_id": aws.eni(1), "instance_id": aws.instance(1), "state": "active"}
    assert result["overlays"] == [
        {
            "destination": OVERLAY,
            "prefix_list": None,
            "vpc_id": aws.world.vpc_id,
            "consistent": True,
            "holder": {"network_interface_id": aws.eni(1), "instance_id": aws.instance(1)},
            "routes": [{"route_table_id": table, **shown} for table in aws.tables],
            "others": [],
            "beside": [],
            "uncovered_subnets": [],
            "findings": [],
        }
    ]


def test_where_everything_lies(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    network = run(route_table_ids=aws.tables[:1], instance_ids=[aws.instance(1)])["network"]
    assert (network["vpc_id"], network["cidrs"]) == (aws.world.vpc_id, ["10.0.0.0/16"])
    assert [t["route_table_id"] for t in network["tables"] if t["asked"]] == aws.tables[:1]
    assert [t["main"] for t in network["tables"]].count(True) == 1
    known = {t["route_table_id"] for t in network["tables"]}
    assert {s["route_table_id"] for s in network["subnets"]} <= known, "the main table serves the rest"
    assert all(s["zone"].startswith("eu-central-1") for s in network["subnets"])
    assert all(s["zone_id"].startswith("euc1-az") for s in network["subnets"])
    (instance,) = network["instances"]
    assert (instance["instance_id"], instance["state"]) == (aws.instance(1), "running")
    assert instance["interfaces"][0]["network_interface_id"] == aws.eni(1)
    assert instance["interfaces"][0]["subnet_id"] in {s["subnet_id"] for s in network["subnets"]}
    assert aws.calls() == ["DescribeInstances", "DescribeRouteTables", "DescribeRouteTables", "DescribeSubnets"]


def test_everything_that_looks_like_an_overlay_is_found(aws: AwsLab, run: Run) -> None:
    gateway = aws.client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.world.vpc_id)
    for destination, table in ((V6, aws.tables[0]), (NETWORK, aws.tables[1]), (OVERLAY, aws.tables[2])):
        aws.point(1, table, destination=destination)
    table = aws.tables[0]
    aws.client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=aws.eni(2))
    aws.client.create_route(RouteTableId=table, DestinationCidrBlock="192.168.30.0/24", GatewayId=gateway)
    found = run(vpc_id=aws.world.vpc_id)["overlays"]
    assert [o["destination"] for o in found] == [OVERLAY, NETWORK, V6], "neither default route nor gateway nor VPC"


@pytest.mark.usefixtures("_checks_off")
def test_a_split_overlay(aws: AwsLab, run: Run) -> None:
    aws.point(1, aws.tables[0])
    aws.point(2, aws.tables[1])
    (overlay,) = run(vpc_id=aws.world.vpc_id, destinations=["192.168.10.15"])["overlays"]
    assert (overlay["consistent"], overlay["holder"]) == (False, None)
    assert rules(overlay) == {"split": "error", "route_missing": "warning"}
    assert [r["state"] for r in overlay["routes"]] == ["active", "active", None]
    assert len(overlay["uncovered_subnets"]) == 1


@pytest.mark.usefixtures("_checks_off")
def test_tables_that_nobody_named(aws: AwsLab, run: Run) -> None:
    named, left_behind, bare = sorted(aws.tables, key=lambda table: table == aws.world.main_route_table_id)
    aws.point(1, named, left_behind)
    (overlay,) = run(route_table_ids=[named], destinations=[OVERLAY])["overlays"]
    assert rules(overlay) == {"unmanaged_route": "warning", "uncovered_subnets": "warning"}
    assert left_behind in next(f["message"] for f in overlay["findings"] if f["id"] == "unmanaged_route")
    assert bare == aws.world.main_route_table_id


def test_nodes_are_judged_too(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(1), SourceDestCheck={"Value": False})
    for index in (0, 1):
        aws.client.modify_network_interface_attribute(
            NetworkInterfaceId=aws.eni(2, index), SourceDestCheck={"Value": True}
        )
    aws.control.clear("calls")
    (overlay,) = run(instance_ids=[aws.instance(1), aws.instance(2)])["overlays"]
    assert aws.calls() == ["DescribeInstances", "DescribeRouteTables", "DescribeSubnets"]
    assert rules(overlay) == {"standby_source_dest_check_on": "warning"}


@pytest.mark.usefixtures("_checks_off")
def test_the_holder_is_judged_as_such_and_not_as_a_standby(aws: AwsLab, run: Run) -> None:
    both = [aws.instance(1), aws.instance(2)]
    aws.point(1)
    assert run(instance_ids=both)["overlays"][0]["findings"] == []
    assert run(instance_ids=both[:1])["overlays"][0]["findings"] == [], "one node names the VPC as well"
    aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(1), SourceDestCheck={"Value": True})
    (overlay,) = run(instance_ids=both)["overlays"]
    assert rules(overlay) == {"source_dest_check_on": "error"}


@pytest.mark.usefixtures("_checks_off")
def test_a_node_that_is_stopped(aws: AwsLab, run: Run) -> None:
    both = [aws.instance(1), aws.instance(2)]
    aws.client.stop_instances(InstanceIds=[aws.instance(1)])
    try:
        aws.wait_state(aws.instance(1), "stopped")
        aws.point(2)
        assert rules(run(instance_ids=both)["overlays"][0]) == {"standby_not_running": "warning"}
        aws.point(1)
        found = rules(run(instance_ids=both)["overlays"][0])
        assert found == {"blackhole": "error", "target_not_running": "error"}
    finally:
        aws.client.start_instances(InstanceIds=[aws.instance(1)])
        aws.wait_state(aws.instance(1), "running")


def test_a_holder_that_may_not_be_looked_at_is_no_deleted_one(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    keys = aws.policy("tables-only", ["ec2:DescribeRouteTables", "ec2:DescribeSubnets"])
    (overlay,) = run(vpc_id=aws.world.vpc_id, **aws.options(keys))["overlays"]
    assert overlay["holder"]["network_interface_id"] == aws.eni(1)
    assert rules(overlay)["not_looked_at"] == "warning"
    told = [finding["message"] for finding in overlay["findings"] if finding["id"] == "not_looked_at"]
    assert "ec2:DescribeNetworkInterfaces" in told[0]


@pytest.mark.usefixtures("_checks_off")
def test_routes_that_overlap_are_told_of_with_where_they_lead(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    network, table = "192.168.10.0/28", aws.tables[0]
    aws.client.create_route(RouteTableId=table, DestinationCidrBlock=network, NetworkInterfaceId=aws.eni(2))
    try:
        shown = run(route_table_ids=aws.tables, destinations=[OVERLAY, network, "192.168.10.14"])["overlays"]
    finally:
        aws.client.delete_route(RouteTableId=table, DestinationCidrBlock=network)
    assert [(r["route_table_id"], r["destination"], r["network_interface_id"]) for r in shown[0]["beside"]] == [
        (table, network, aws.eni(2))
    ]
    assert [(r["route_table_id"], r["destination"]) for r in shown[1]["beside"]] == [(t, OVERLAY) for t in aws.tables]
    assert [r["destination"] for r in shown[2]["beside"]] == [network]


def test_a_holder_that_was_deleted(aws: AwsLab, run: Run) -> None:
    eni = aws.client.create_network_interface(SubnetId=aws.world.nodes[0].subnet_id)["NetworkInterface"]
    table = aws.tables[0]
    aws.client.create_route(
        RouteTableId=table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni["NetworkInterfaceId"]
    )
    aws.client.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    (overlay,) = run(route_table_ids=[table], destinations=[OVERLAY])["overlays"]
    assert rules(overlay)["blackhole"] == "error"
    assert overlay["routes"][0]["state"] == "blackhole"


def test_nothing_there(aws: AwsLab, run: Run) -> None:
    assert run(vpc_id=aws.world.vpc_id)["overlays"] == []
    (overlay,) = run(vpc_id=aws.world.vpc_id, destinations=[OVERLAY])["overlays"]
    assert (overlay["holder"], overlay["consistent"], rules(overlay)) == (None, True, {"route_missing": "error"})


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "one of the following is required: route_table_ids, vpc_id, instance_ids"),
        (
            {"vpc_id": "vpc-0123456789abcdef0"},
            "VPC vpc-0123456789abcdef0 does not exist in eu-central-1: check vpc_id.",
        ),
        (
            {"vpc_id": "vpc-0123456789abcdef0", "destinations": ["192.168.10.15/24"]},
            "'192.168.10.15/24' has host bits set: the network is 192.168.10.0/24; for the single address write "
            "192.168.10.15/32.",
        ),
        (
            {"route_table_ids": ["rtb-0123456789abcdef0"]},
            "Route table rtb-0123456789abcdef0 does not exist in eu-central-1: correct route_table_ids.",
        ),
    ],
)
@pytest.mark.usefixtures("aws")
def test_bad_input(run: Run, params: dict[str, Any], sentence: str) -> None:
    assert run(**params)["msg"] == sentence


def test_cannot_read_is_not_taken_for_not_there(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    aws.control.fault("error", code="UnauthorizedOperation", status=403, match={"action": "DescribeRouteTables"})
    result = run(vpc_id=aws.world.vpc_id)
    assert result["failed"] is True
    assert "overlays" not in result


def test_what_only_warns_stops_nobody(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    aws.control.fault("error", code="UnauthorizedOperation", status=403, match={"action": "DescribeSubnets"})
    (overlay,) = run(vpc_id=aws.world.vpc_id)["overlays"]
    assert overlay["holder"]["instance_id"] == aws.instance(1)
    (finding,) = [f for f in overlay["findings"] if f["id"] == "not_looked_at"]
    assert finding["severity"] == "info"
    assert finding["message"].startswith("The subnets could not be looked at: ")


def test_a_network_that_nobody_named_may_be_an_appliances(aws: AwsLab, run: Run) -> None:
    network = "10.99.0.0/16"
    aws.point(1, aws.tables[0], destination=network)
    ids = {o["destination"]: [f["id"] for f in o["findings"]] for o in run(vpc_id=aws.world.vpc_id)["overlays"]}
    assert "perhaps_no_overlay" in ids[network]
    (named,) = run(vpc_id=aws.world.vpc_id, destinations=[network])["overlays"]
    assert "perhaps_no_overlay" not in [f["id"] for f in named["findings"]]
