# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no entry of overlay_ip_reach declares any more is named, and its command removes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import (
    client_vpn_route,
    overlay_reach_info,
    transit_gateway_route,
)
from lab import outside
from unit import transit_lab
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module
from unit.transit_lab import Transit


@pytest.fixture
def transit(aws: AwsLab) -> Iterator[Transit]:
    built = transit_lab.build(aws)
    aws.point(1)
    built.point(built.nodes)
    yield built
    transit_lab.remove(built)


@pytest.fixture
def play(transit: Transit, capsys: pytest.CaptureFixture[str]) -> Run:
    """Both tables are declared, unless the test says something else."""

    def run(**params: Any) -> dict[str, Any]:
        chosen = {
            "instance_ids": [transit.aws.instance(1)],
            "addresses": ["192.168.10.15"],
            "transit_gateway_routes": {table: [OVERLAY] for table in transit.tables},
            **transit.aws.options(transit.aws.world.owner_admin),
            **params,
        }
        return run_module(overlay_reach_info, capsys, **chosen)

    return run


def told(result: dict[str, Any]) -> list[str]:
    assert "failed" not in result, result["msg"]
    return [one["message"] for one in result["leftovers"]]


def test_nothing_is_left_of_what_is_declared(transit: Transit, play: Run) -> None:
    result = play()
    assert (result["leftovers"], result["lines"], result["unseen"], result["changed"]) == ([], [], [], False)
    assert all(name.startswith(("Describe", "Search")) for name in transit.aws.calls())


def test_a_route_that_no_entry_names_is_removed_by_its_command(
    transit: Transit, play: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = transit.tables
    vpc, region = transit.aws.world.vpc_id, transit.aws.world.region
    result = play(transit_gateway_routes={first: [OVERLAY]})
    message = f"{second} sends {OVERLAY} to {vpc}, and overlay_ip_reach names that no more."
    command = (
        f'ansible localhost -m aws_ha.overlay_ip.transit_gateway_route -a "region={region} destinations={OVERLAY}'
        f' transit_gateway_route_table_ids={second} transit_gateway_attachment_id={transit.nodes} state=absent"'
    )
    expected = {"via": "transit_gateway", "id": second, "message": message, "command": command}
    assert result["leftovers"] == [expected]
    assert result["lines"] == [f"Left over: {message}", f"  To do: {command}"]
    typed = dict(pair.split("=", 1) for pair in re.findall(r'-a "(.*)"', command)[0].split())
    keys = transit.aws.options(transit.aws.world.owner_admin)
    done = run_module(transit_gateway_route, capsys, **{**keys, **typed})
    assert [route["action"] for route in done["routes"]] == ["delete"]
    assert told(play(transit_gateway_routes={first: [OVERLAY]})) == []


def test_a_route_to_nobody_is_named_and_another_pairs_is_not(transit: Transit, play: Run) -> None:
    table, gone, theirs, wide = transit.tables[0], "192.168.99.1/32", "192.168.88.1/32", "192.168.88.0/24"
    for destination in (gone, theirs, wide):
        transit.point(transit.nodes, table, destination=destination)
    transit.aws.point(1, destination=theirs)
    try:
        nobody = f"to {transit.aws.world.vpc_id}, where nothing leads on: it is of an overlay IP that is gone."
        assert told(play()) == [f"{table} sends {gone} {nobody}"]
    finally:
        for destination in (gone, theirs, wide):
            transit.point(None, table, destination=destination)
        transit.aws.point(None, destination=theirs)


def test_a_load_balancer_of_ours_that_no_entry_names(transit: Transit, play: Run) -> None:
    aws = transit.aws
    elb = aws.endpoint.client("elbv2", aws.world.owner_admin.credentials())
    subnets = [node.subnet_id for node in aws.world.nodes]
    arns = []
    for name, tag, target in (
        ("old", "aws_ha.overlay_ip", "192.168.10.15"),
        ("others", "aws_ha.overlay_ip", "192.168.77.1"),
        ("hand", "x", ""),
    ):
        made = elb.create_load_balancer(
            Name=name, Type="network", Scheme="internal", Subnets=subnets, Tags=[{"Key": tag, "Value": name}]
        )
        arns.append(made["LoadBalancers"][0]["LoadBalancerArn"])
        if target:
            group = elb.create_target_group(
                Name=f"{name}-3600", Protocol="TCP", Port=3600, VpcId=aws.world.vpc_id, TargetType="ip"
            )["TargetGroups"][0]["TargetGroupArn"]
            elb.register_targets(
                TargetGroupArn=group, Targets=[{"Id": target, "Port": 3600, "AvailabilityZone": "all"}]
            )
    try:
        assert [(one["via"], one["id"], one["message"]) for one in play()["leftovers"]] == [
            ("load_balancer", "old", "Load balancer old leads to 192.168.10.15, and overlay_ip_reach names it no more.")
        ]
        assert told(play(load_balancer_names=["old"])) == []
    finally:
        for arn in arns:
            elb.delete_load_balancer(LoadBalancerArn=arn)


@pytest.fixture
def endpoint(transit: Transit, capsys: pytest.CaptureFixture[str]) -> str:
    """A Client VPN endpoint with a route by each of its subnets and a rule for one group, that we made."""
    aws = transit.aws
    aws.endpoint.configure(client_vpn=0.02)
    made = outside.client_vpn(aws.client, *[node.subnet_id for node in aws.world.nodes])
    params: dict[str, Any] = {"client_vpn_endpoint_id": made, "destinations": [OVERLAY], "access_group_ids": ["S-1"]}
    keys = aws.options(aws.world.owner_admin)
    assert run_module(client_vpn_route, capsys, **params, wait_timeout=20, **keys)["changed"]
    return made


def test_a_client_vpn_is_compared_by_subnets_and_groups(transit: Transit, play: Run, endpoint: str) -> None:
    first, second = (node.subnet_id for node in transit.aws.world.nodes)
    whole = {"destinations": [OVERLAY], "subnet_ids": [first, second], "access_group_ids": ["S-1"]}
    for right in (whole, {**whole, "subnet_ids": []}):
        assert told(play(client_vpn_routes={endpoint: right})) == []
    less = {**whole, "subnet_ids": [first], "access_group_ids": ["S-2"]}
    result = play(client_vpn_routes={endpoint: less})
    assert told(result) == [
        f"{endpoint} has an authorization rule to {OVERLAY} for S-1, and overlay_ip_reach names that no more.",
        f"{endpoint} has a route to {OVERLAY} by {second}, and overlay_ip_reach names that no more.",
    ]
    assert {one["command"] for one in result["leftovers"]} == {"ansible-playbook aws_ha.overlay_ip.reach"}
    everybody = {"destinations": [OVERLAY]}  # a rule for a group is not for all clients
    assert len(told(play(client_vpn_routes={endpoint: everybody}))) == 1
    assert len(told(play(client_vpn_routes={endpoint: [OVERLAY]}))) == 1


def test_what_a_client_vpn_needs_for_no_destination_more_is_one_leftover(play: Run, endpoint: str) -> None:
    [one] = play(client_vpn_routes={endpoint: []})["leftovers"]
    assert one["message"] == f"{endpoint} has a route or a rule for {OVERLAY}, and overlay_ip_reach names that no more."
    assert f'client_vpn_route -a "region=eu-central-1 client_vpn_endpoint_id={endpoint}' in one["command"]


def test_who_may_not_look_is_told_and_stopped_by_nothing(transit: Transit, play: Run) -> None:
    some = ["ec2:DescribeInstances", "ec2:DescribeRouteTables"]
    user = transit.user("looks", {"Effect": "Allow", "Action": some, "Resource": "*"})
    result = play(transit_gateway_routes={}, **transit.aws.options(user))
    assert told(result) == []
    assert [one.partition(":")[0] for one in result["unseen"]] == [
        f"the transit gateways of {transit.aws.world.vpc_id}",
        "load balancers",
    ]


def test_bad_input_ends_in_a_sentence(play: Run) -> None:
    assert play(instance_ids=[])["msg"] == "instance_ids is empty: name the nodes."
    told = play(transit_gateway_routes={"tgw-rtb-1": "x"})["msg"]
    assert told == "transit_gateway_routes has 'x' for tgw-rtb-1: write a list of destinations."
    strange: list[Any] = ["x", {"subnets": []}, {"destinations": "192.168.10.15"}]
    for wrong in strange:
        told = play(client_vpn_routes={"cvpn-endpoint-1": wrong})["msg"]
        assert told.startswith(f"client_vpn_routes has {wrong!r} for cvpn-endpoint-1: write a list of destinations, or")
