# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: overlay_load_balancer against an endpoint with AWS's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer_job
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_load_balancer
from unit.aws_lab import AwsLab, Run, run_module
from unit.balancer_lab import ADDRESS, NAME, ONE


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer_job, "PAUSE", 0.05)


@pytest.fixture
def elb(aws: AwsLab) -> Iterator[Any]:
    """A client of the administrator; afterwards nothing is left."""
    client = aws.endpoint.client("elbv2", aws.world.admin.credentials())
    yield client
    for one in client.describe_load_balancers()["LoadBalancers"]:
        off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
        client.modify_load_balancer_attributes(LoadBalancerArn=one["LoadBalancerArn"], Attributes=off)
        client.delete_load_balancer(LoadBalancerArn=one["LoadBalancerArn"])
    for group in client.describe_target_groups()["TargetGroups"]:
        client.delete_target_group(TargetGroupArn=group["TargetGroupArn"])


@pytest.fixture
def subnets(aws: AwsLab) -> list[str]:
    return [node.subnet_id for node in aws.world.nodes]


@pytest.fixture
def play(aws: AwsLab, elb: Any, subnets: list[str], capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module as the administrator; None leaves an option out."""

    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        aws.control.clear("calls")
        chosen = {
            "name": NAME,
            "address": ADDRESS,
            "subnet_ids": subnets,
            "listeners": ONE,
            "wait_timeout": 10,
            **aws.options(aws.world.admin),
            **params,
        }
        chosen = {key: value for key, value in chosen.items() if value is not None}
        return run_module(overlay_load_balancer, capsys, check=check, **chosen)

    return run
