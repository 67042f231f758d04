# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How tests look at what overlay_load_balancer has made."""

from __future__ import annotations

from typing import Any

from unit.aws_lab import AwsLab

NAME, ADDRESS, TAG = "sap-ascs", "192.168.10.15", "aws_ha.overlay_ip"
FIND = ["DescribeLoadBalancers", "DescribeTargetGroups"]
READ_NEW = [*FIND, "DescribeSubnets"]
GROUP = ["CreateTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets"]
LOOK_AT_GROUP = ["DescribeTargetGroupAttributes", "DescribeTargetHealth"]
ONE: list[dict[str, Any]] = [{"port": 3600}]
TWO: list[dict[str, Any]] = [
    {"port": 3600, "idle_timeout": 3900},
    {"port": 3300, "idle_timeout": 3900, "health_port": 3600},
]


def calls(aws: AwsLab) -> list[str]:
    """What was called, the waiting for a state once."""
    found = aws.control.actions()
    return [one for n, one in enumerate(found) if n == 0 or (one, found[n - 1]) != ("DescribeLoadBalancers",) * 2]


def steps(result: dict[str, Any]) -> list[str]:
    return [step["operation"] for step in result["steps"]]


def targets(elb: Any, port: int) -> list[tuple[Any, ...]]:
    [group] = elb.describe_target_groups(Names=[f"{NAME}-{port}"])["TargetGroups"]
    found = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return [
        (t["Target"]["Id"], t["Target"]["Port"], t["Target"]["AvailabilityZone"])
        for t in found
        if t["TargetHealth"]["State"] != "draining"
    ]


def track(aws: AwsLab, *seconds: int) -> None:
    """How long the nodes' interfaces remember an idle connection."""
    for node, one in enumerate(seconds, 1):
        aws.client.modify_network_interface_attribute(
            NetworkInterfaceId=aws.eni(node), ConnectionTrackingSpecification={"TcpEstablishedTimeout": one}
        )


def tracked(aws: AwsLab) -> list[int | None]:
    """The same, as it is."""
    ids = [aws.eni(1), aws.eni(2)]
    found = aws.client.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    told = {i["NetworkInterfaceId"]: i.get("ConnectionTrackingConfiguration", {}) for i in found}
    return [told[one].get("TcpEstablishedTimeout") for one in ids]
