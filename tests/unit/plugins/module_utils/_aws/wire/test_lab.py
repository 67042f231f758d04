# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both clients ask the lab's endpoint the same, and are told the same: answers, refusals and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import answer
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from unit.aws_lab import OVERLAY, AwsLab
from unit.plugins.module_utils._aws.wire.test_answer import pruned


def told(aws: AwsLab, service: str, operation: str, **params: Any) -> tuple[Any, Any]:
    """What the SDK's side and ours make of a call: the answer as far as we read it, or the error."""
    opts = AwsOptions(**aws.options())
    seen: list[Any] = []
    for client in (Aws(opts), Wire(opts)):
        try:
            got: Mapping[str, Any] = client.call(service, operation, **params)
            seen.append(pruned(got, answer.ANSWERS[operation]) if isinstance(client, Aws) else got)
        except AwsError as err:
            seen.append((err.code, err.message, err.operation))
    return seen[0], seen[1]


ROUTE = {"DestinationCidrBlock": OVERLAY, "NetworkInterfaceId": "eni-00000000000000000"}


def test_the_same_answers(aws: AwsLab) -> None:
    aws.point(1)
    world = aws.world
    asked: list[tuple[str, dict[str, Any]]] = [
        ("DescribeRouteTables", {"Filters": [{"Name": "vpc-id", "Values": [world.vpc_id]}], "MaxResults": 100}),
        ("DescribeRouteTables", {"Filters": [{"Name": "route-table-id", "Values": ["rtb-none"]}]}),
        ("DescribeInstances", {"InstanceIds": [aws.instance(1), aws.instance(2)]}),
        ("DescribeNetworkInterfaces", {"NetworkInterfaceIds": [aws.eni(1), aws.eni(1, 1)]}),
        ("DescribeSubnets", {"Filters": [{"Name": "vpc-id", "Values": [world.vpc_id]}]}),
    ]
    for operation, params in asked:
        theirs, ours = told(aws, "ec2", operation, **params)
        assert ours == theirs
        assert isinstance(ours, dict)
        assert len(ours) == 1
    theirs, ours = told(aws, "sts", "GetCallerIdentity")
    assert ours == theirs


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ReplaceRoute", {"RouteTableId": "rtb-00000000000000000", **ROUTE}),
        ("CreateRoute", {"RouteTableId": "rtb-x", **ROUTE}),
        ("DeleteRoute", {"RouteTableId": "rtb-00000000000000000", "DestinationCidrBlock": OVERLAY}),
        ("ReplaceRoute", {"RouteTableId": "rtb-00000000000000000", **ROUTE, "DryRun": True}),
        ("DescribeInstances", {"InstanceIds": ["i-00000000000000000"]}),
        ("DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-x"]}),
        ("DescribeRouteTables", {"Filters": [{"Name": "no-such-filter", "Values": ["x"]}]}),
    ],
)
def test_the_same_refusals(aws: AwsLab, operation: str, params: dict[str, Any]) -> None:
    theirs, ours = told(aws, "ec2", operation, **params)
    assert ours == theirs
    assert isinstance(ours, tuple)


def test_the_same_pages(aws: AwsLab) -> None:
    create = aws.client.create_route_table
    tables = [create(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"] for _table in range(5)]
    try:
        filters = [{"Name": "vpc-id", "Values": [aws.world.vpc_id]}]
        found = [
            [table["RouteTableId"] for page in pages for table in page["RouteTables"]]
            for client in (Aws, Wire)
            for pages in [
                client(AwsOptions(**aws.options())).pages("ec2", "DescribeRouteTables", Filters=filters, MaxResults=5)
            ]
        ]
        assert found[0] == found[1]
        assert set(tables) < set(found[1])
        assert len(aws.calls()) >= 4
    finally:
        for table in tables:
            aws.client.delete_route_table(RouteTableId=table)
