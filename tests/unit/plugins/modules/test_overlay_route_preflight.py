# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight: what the module finds before it writes, what stops it, and what it only tells."""

from __future__ import annotations

from unit.aws_lab import AwsLab, Run, actions, held


def _last(aws: AwsLab) -> str:
    """A table that is not the main one, which serves every other subnet."""
    return next(table for table in aws.tables if table != aws.world.main_route_table_id)


def test_preflight_stops_at_errors_and_shows_them(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(instance_id=aws.instance(2), preflight=True)
    assert aws.calls() == ["DescribeInstances", "DescribeRouteTables", "DescribeSubnets"]
    assert result["msg"].startswith(f"The source/destination check of {aws.eni(2)} is on: EC2 drops every packet to")
    assert result["msg"].endswith("Nothing was changed.")
    assert [f["id"] for f in result["findings"]] == ["source_dest_check_on"]
    assert held(result) == [aws.eni(1)] * 3
    assert result["changed"] is False


def test_preflight_tells_and_stops_nobody_where_nothing_is_to_be_written(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(instance_id=aws.instance(1), preflight=True)
    assert "msg" not in result
    assert [f["id"] for f in result["findings"]] == ["source_dest_check_on"]


def test_preflight_of_an_interface_that_hangs_on_nothing(aws: AwsLab, run: Run) -> None:
    subnet = aws.client.describe_network_interfaces(NetworkInterfaceIds=[aws.eni(1)])["NetworkInterfaces"][0][
        "SubnetId"
    ]
    loose = aws.client.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    try:
        aws.point(1)
        result = run(network_interface_id=loose, preflight=True)
        assert f"{loose} is attached to no instance" in result["msg"]
        assert "DescribeInstances" not in aws.calls()
    finally:
        aws.client.delete_network_interface(NetworkInterfaceId=loose)


def test_preflight_of_a_removal_reads_the_named_tables_alone(aws: AwsLab, run: Run) -> None:
    aws.point(1)
    result = run(state="absent", route_table_ids=[_last(aws)], preflight=True, check=True)
    assert actions(result) == ["delete"]
    [read] = aws.control.calls(action="DescribeRouteTables")
    assert _last(aws) in read["params"].values()


def test_preflight_leaves_out_what_the_move_mends(aws: AwsLab, run: Run) -> None:
    aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(2), SourceDestCheck={"Value": False})
    try:
        aws.point(1)
        aws.point(None, aws.tables[0])
        result = run(network_interface_id=aws.eni(2), preflight=True)
        assert (result["changed"], result["findings"]) == (True, [])
    finally:
        aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(2), SourceDestCheck={"Value": True})


def test_preflight_without_the_subnets_says_so_and_goes_on(aws: AwsLab, run: Run) -> None:
    describe = [f"ec2:Describe{what}" for what in ("RouteTables", "Instances", "NetworkInterfaces")]
    keys = aws.policy("no-subnets", [*describe, "ec2:ReplaceRoute"])
    aws.point(1)
    result = run(instance_id=aws.instance(1), preflight=True, access_key=keys.access_key, secret_key=keys.secret_key)
    assert "msg" not in result
    assert "not_looked_at" in [f["id"] for f in result["findings"]]


def test_preflight_passes_and_returns_warnings(aws: AwsLab, run: Run) -> None:
    aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(2), SourceDestCheck={"Value": False})
    try:
        aws.point(1)
        result = run(network_interface_id=aws.eni(2), route_table_ids=[_last(aws)], preflight=True)
        assert result["changed"] is True
        assert aws.calls() == [
            *["DescribeNetworkInterfaces", "DescribeInstances", "DescribeRouteTables", "DescribeSubnets"],
            *["ReplaceRoute", "DescribeRouteTables"],
        ]
        assert [f["id"] for f in result["findings"]] == ["unmanaged_route"]
    finally:
        aws.client.modify_network_interface_attribute(NetworkInterfaceId=aws.eni(2), SourceDestCheck={"Value": True})
