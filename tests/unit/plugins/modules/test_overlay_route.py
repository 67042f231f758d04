# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with EC2's rules: the exact calls, in order."""

from __future__ import annotations

import pytest

from unit.aws_lab import OVERLAY, AwsLab, Run, actions, held

V6 = "2001:db8:10::15/128"


def test_creates_in_every_table_and_reads_back(aws: AwsLab, run: Run) -> None:
    result = run(instance_id=aws.instance(1))
    assert aws.calls() == ["DescribeInstances", "DescribeRouteTables", *["CreateRoute"] * 3, "DescribeRouteTables"]
    assert result["changed"] is True
    assert result["consistent"] is True
    assert result["api_calls"] == {"DescribeInstances": 1, "DescribeRouteTables": 2, "CreateRoute": 3}
    assert result["network_interface_id"] == aws.eni(1)
    after = {"network_interface_id": aws.eni(1), "instance_id": aws.instance(1), "state": "active"}
    assert result["routes"] == [
        {
            "route_table_id": table,
            "destination": OVERLAY,
            "action": "create",
            "before": None,
            "after": after,
            "error": None,
        }
        for table in aws.tables
    ]
    assert result["diff"]["before"] == {table: {OVERLAY: "absent"} for table in aws.tables}
    shown = f"{aws.eni(1)} ({aws.instance(1)}) active"
    assert result["diff"]["after"] == {table: {OVERLAY: shown} for table in aws.tables}
    assert aws.truth() == dict.fromkeys(aws.tables, aws.eni(1))


def test_a_second_run_only_reads(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(network_interface_id=aws.eni(1))
    assert aws.calls() == ["DescribeRouteTables"]
    assert result["changed"] is False
    assert actions(result) == ["none"] * 3
    assert result["diff"]["before"] == result["diff"]["after"]


def test_moves_only_what_points_elsewhere(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    aws.point(2, aws.tables[1])
    result = run(network_interface_id=aws.eni(2), wait_timeout=0)
    assert aws.calls().count("ReplaceRoute") == 2
    assert "CreateRoute" not in aws.calls()
    assert actions(result) == ["replace", "none", "replace"]
    assert held(result, "before") == [aws.eni(1), aws.eni(2), aws.eni(1)]
    assert held(result) == [aws.eni(2)] * 3


def test_state_absent_deletes_and_is_idempotent(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(state="absent")
    assert aws.calls() == ["DescribeRouteTables", *["DeleteRoute"] * 3, "DescribeRouteTables"]
    assert actions(result) == ["delete"] * 3
    assert held(result) == [None] * 3
    assert aws.truth() == dict.fromkeys(aws.tables)
    again = run(state="absent")
    assert (again["changed"], actions(again)) == (False, ["none"] * 3)


@pytest.mark.parametrize("target", ["instance_id", "network_interface_id"])
@pytest.mark.parametrize("start", [(None, None, None), (1, 1, 1), (2, 2, 2), (1, None, 2)])
def test_check_mode_foretells_the_run(aws: AwsLab, run: Run, start: tuple[int | None, ...], target: str) -> None:
    for table, node in zip(aws.tables, start, strict=True):
        aws.point(node, table)
    wanted = {target: aws.instance(2) if target == "instance_id" else aws.eni(2)}
    before = aws.truth()
    foretold = run(check=True, **wanted)
    assert not {"CreateRoute", "ReplaceRoute", "DeleteRoute"} & set(aws.calls())
    assert aws.truth() == before
    done = run(**wanted)
    for result in (foretold, done):
        for name in ("api_calls", "requests", "seconds"):
            result.pop(name, None)
    assert foretold == done


def test_check_mode_foretells_a_removal(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    foretold, done = run(check=True, state="absent"), run(state="absent")
    for result in (foretold, done):
        for name in ("api_calls", "requests", "seconds"):
            result.pop(name, None)
    assert foretold == done


def test_check_mode_of_a_caller_who_may_not_look_at_interfaces(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    policy = aws.policy("node", ["ec2:DescribeRouteTables", "ec2:ReplaceRoute"])
    result = run(check=True, network_interface_id=aws.eni(2), **aws.options(policy))
    assert actions(result) == ["replace"] * 3
    assert result["routes"][0]["after"]["instance_id"] is None


@pytest.mark.parametrize("destination", ["192.168.10.0/24", V6, "2001:db8:10::/64"])
def test_prefixes_and_ipv6(aws: AwsLab, run: Run, destination: str) -> None:
    created = run(destinations=[destination], network_interface_id=aws.eni(1))
    moved = run(destinations=[destination], network_interface_id=aws.eni(2))
    assert (actions(created), actions(moved)) == (["create"] * 3, ["replace"] * 3)
    assert aws.truth(destination) == dict.fromkeys(aws.tables, aws.eni(2))
    assert run(destinations=[destination], state="absent")["changed"] is True
    assert aws.truth(destination) == dict.fromkeys(aws.tables)


def test_several_destinations_share_every_read(aws: AwsLab, run: Run) -> None:
    result = run(destinations=["192.168.10.15", V6.upper(), "192.168.10.15/32"], network_interface_id=aws.eni(1))
    assert aws.calls() == ["DescribeRouteTables", *["CreateRoute"] * 6, "DescribeRouteTables"]
    assert {(r["route_table_id"], r["destination"]) for r in result["routes"]} == {
        (table, d) for table in aws.tables for d in (OVERLAY, V6)
    }


def test_an_instance_with_several_interfaces(aws: AwsLab, run: Run) -> None:
    result = run(instance_id=aws.instance(1), device_index=1)
    assert held(result) == [aws.eni(1, 1)] * 3
    assert held(run(instance_id=aws.instance(1))) == [aws.eni(1, 0)] * 3


def test_device_index_that_is_not_there(aws: AwsLab, run: Run) -> None:
    result = run(instance_id=aws.instance(1), device_index=7)
    assert result["msg"] == (
        f"Instance {aws.instance(1)} has no network interface with device index 7; it has 0, 1: "
        "correct instance_id or device_index."
    )


@pytest.mark.parametrize(
    ("takeover", "expected"), [("always", ["replace"] * 3), ("blackhole", ["kept"] * 3), ("never", ["kept"] * 3)]
)
def test_takeover_of_a_healthy_route(aws: AwsLab, run: Run, takeover: str, expected: list[str]) -> None:
    aws.point(1)
    result = run(network_interface_id=aws.eni(2), takeover=takeover)
    assert actions(result) == expected
    assert result["changed"] is (takeover == "always")
    assert held(result) == [aws.eni(2 if takeover == "always" else 1)] * 3


def test_takeover_blackhole_creates_heals_and_leaves(aws: AwsLab, run: Run) -> None:
    """Setup after an accident: one table new, one dead, one healthy elsewhere."""
    dead = aws.client.create_network_interface(SubnetId=aws.world.nodes[0].subnet_id)["NetworkInterface"]
    new, hole, healthy = aws.tables
    aws.client.create_route(
        RouteTableId=hole, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=dead["NetworkInterfaceId"]
    )
    aws.client.delete_network_interface(NetworkInterfaceId=dead["NetworkInterfaceId"])
    aws.point(2, healthy)
    foretold = run(check=True, network_interface_id=aws.eni(1), takeover="blackhole")
    result = run(network_interface_id=aws.eni(1), takeover="blackhole")
    assert actions(foretold) == actions(result) == ["create", "replace", "kept"]
    assert [r["before"] and r["before"]["state"] for r in result["routes"]] == [None, "blackhole", "active"]
    assert aws.truth() == {new: aws.eni(1), hole: aws.eni(1), healthy: aws.eni(2)}
    assert result["consistent"] is False


def test_expected_holder(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    moved = run(network_interface_id=aws.eni(2), expected_holder=aws.instance(1))
    assert held(moved) == [aws.eni(2)] * 3
    # The same request again: the target holds it, so that there is nothing to refuse.
    assert run(network_interface_id=aws.eni(2), expected_holder=aws.instance(1))["changed"] is False


@pytest.mark.parametrize("check", [False, True])
def test_a_stale_request_is_refused(aws: AwsLab, run: Run, check: bool) -> None:
    aws.point(2)
    result = run(check=check, network_interface_id=aws.eni(1, 1), expected_holder=aws.eni(1))
    assert result["failed"] is True
    assert result["msg"] == (
        f"Refused: {OVERLAY} in {aws.tables[0]} points at {aws.instance(2)}, not at the expected holder {aws.eni(1)}: "
        "somebody moved it meanwhile. Look at the status, then ask again. Nothing was changed."
    )
    assert set(aws.calls()) <= {"DescribeRouteTables", "DescribeNetworkInterfaces"}


def test_vpc_id_means_every_table_that_serves_a_subnet(aws: AwsLab, run: Run) -> None:
    """The main one is among them; one without a subnet and one of a gateway are not."""
    client = aws.client
    idle = client.create_route_table(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"]
    edge = client.create_route_table(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"]
    gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.world.vpc_id)
    association = client.associate_route_table(RouteTableId=edge, GatewayId=gateway)["AssociationId"]
    try:
        result = run(route_table_ids=None, vpc_id=aws.world.vpc_id, network_interface_id=aws.eni(1))
        assert [r["route_table_id"] for r in result["routes"]] == aws.tables
        assert aws.truth()[idle] is None
        refused = run(route_table_ids=[edge], network_interface_id=aws.eni(1))
        assert refused["msg"] == (
            f"Route table {edge} is associated with a gateway and cannot hold an overlay IP: "
            "take it out of route_table_ids. Nothing was changed."
        )
    finally:
        client.disassociate_route_table(AssociationId=association)
        for table in (idle, edge):
            client.delete_route_table(RouteTableId=table)


def test_the_target_instance_alone_names_the_vpc(aws: AwsLab, run: Run) -> None:
    result = run(route_table_ids=None, instance_id=aws.instance(1))
    assert [r["route_table_id"] for r in result["routes"]] == aws.tables


def test_a_propagated_route_is_never_touched(aws: AwsLab, run: Run) -> None:
    gateway = aws.client.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    table = aws.client.create_route_table(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"]
    aws.control.plant_route(table, OVERLAY, "EnableVgwRoutePropagation", gateway_id=gateway)
    try:
        wanted = {"route_table_ids": [table], **aws.options(aws.world.owner_admin)}
        assert actions(run(**wanted, network_interface_id=aws.eni(1))) == ["create"]
        assert actions(run(**wanted, network_interface_id=aws.eni(2))) == ["replace"]
        assert actions(run(**wanted, state="absent")) == ["delete"]
        assert actions(run(**wanted, state="absent")) == ["none"]
        routes = aws.client.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        assert [r.get("GatewayId") for r in routes if r["DestinationCidrBlock"] == OVERLAY] == [gateway]
    finally:
        aws.client.delete_route_table(RouteTableId=table)


def test_a_route_to_something_else_is_not_deleted(aws: AwsLab, run: Run) -> None:
    gateway = aws.client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.world.vpc_id)
    table = aws.tables[0]
    aws.client.create_route(RouteTableId=table, DestinationCidrBlock=OVERLAY, GatewayId=gateway)
    result = run(route_table_ids=[table], state="absent")
    assert actions(result) == ["kept"]
    assert result["routes"][0]["after"] == {
        "network_interface_id": None,
        "instance_id": None,
        "state": "active",
        "target": gateway,
    }


def test_wait_timeout_ends_a_wait_for_a_dead_target(aws: AwsLab, run: Run) -> None:
    eni = aws.client.create_network_interface(SubnetId=aws.world.nodes[0].subnet_id)["NetworkInterface"]
    dead = eni["NetworkInterfaceId"]
    result = run(route_table_ids=[aws.tables[0]], network_interface_id=dead, wait_timeout=1)
    assert result["failed"] is True
    route = result["routes"][0]
    assert (route["after"]["network_interface_id"], route["after"]["state"]) == (dead, "blackhole")
    assert route["error"]["code"] == "NotReached"
    assert route["error"]["message"] == (
        f"{OVERLAY} in {aws.tables[0]} points at {dead} and is blackhole after wait_timeout: "
        "is the target instance running? Run again once it is."
    )


@pytest.mark.parametrize("check", [False, True])
def test_verify_permissions_asks_by_dry_run_once_per_table(aws: AwsLab, run: Run, check: bool) -> None:
    aws.point(1)
    result = run(check=check, network_interface_id=aws.eni(2), verify_permissions=True)
    writes = [c for c in aws.control.calls(service="ec2") if c["action"] == "ReplaceRoute"]
    dry = [c for c in writes if c["params"].get("DryRun") == "true"]
    assert sorted(c["params"]["RouteTableId"] for c in dry) == aws.tables
    assert {c["code"] for c in dry} == {"DryRunOperation"}
    assert len(writes) - len(dry) == (0 if check else 3)
    assert result["changed"] is True


def test_a_missing_permission_is_told_before_anything_is_written(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    keys = aws.policy("partial", ["ec2:DescribeRouteTables"], {"ec2:ReplaceRoute": aws.tables[:2]})
    result = run(network_interface_id=aws.eni(2), verify_permissions=True, **aws.options(keys))
    arn = f"arn:aws:ec2:eu-central-1:{aws.world.account_id}:route-table/{aws.tables[2]}"
    caller = f"arn:aws:iam::{aws.world.account_id}:user/partial"
    assert result["msg"] == (
        f"ec2:ReplaceRoute on {arn} is not permitted for {caller}: allow this action on this ARN "
        "(overlay_iam_policy with state=rendered prints the policy). Nothing was changed."
    )
    assert [r["error"] and r["error"]["code"] for r in result["routes"]] == [None, None, "UnauthorizedOperation"]
    assert aws.truth() == dict.fromkeys(aws.tables, aws.eni(1))


def test_a_partial_failure_names_what_moved_and_what_not(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    keys = aws.policy("partial2", ["ec2:DescribeRouteTables"], {"ec2:ReplaceRoute": aws.tables[:2]})
    result = run(network_interface_id=aws.eni(2), **aws.options(keys))
    assert result["failed"] is True
    assert result["changed"] is True
    assert held(result) == [aws.eni(2), aws.eni(2), aws.eni(1)]
    assert [r["error"] and r["error"]["code"] for r in result["routes"]] == [None, None, "UnauthorizedOperation"]
    assert result["msg"].startswith(f"Not done in {aws.tables[2]}: ec2:ReplaceRoute on arn:aws:ec2:")
    assert f"Done in {aws.tables[0]}, {aws.tables[1]}." in result["msg"]
    assert result["consistent"] is False
    assert held(run(network_interface_id=aws.eni(2))) == [aws.eni(2)] * 3


def test_a_removal_asks_for_no_interface(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    run(state="absent", network_interface_id=aws.eni(1), check=True)
    assert aws.calls() == ["DescribeRouteTables"]


def test_check_mode_tells_of_an_interface_that_is_not_there(aws: AwsLab, run: Run) -> None:
    result = run(network_interface_id="eni-0123456789abcdef0", check=True)
    assert "eni-0123456789abcdef0" in result["msg"]
