# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With just the operator's policy everything runs; with anything taken out of it, something named fails."""

from __future__ import annotations

from typing import Any

import pytest
from integration.policies.stage import Denied, Stage, Steps, play, without_one

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from lab.endpoint import Endpoint
from lab.world import WorldSpec, build


def for_operators(stage: Stage, **more: Any) -> policy_document.Document:
    """The operator's document, with the right to keep the nodes' policies."""
    return stage.rendered(
        purpose="operator",
        route_table_ids=stage.tables,
        network_interface_ids=stage.interfaces,
        node_roles=stage.profiles,
        node_instance_profiles=stage.profiles[1:],
        **more,
    )


@pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
def test_operator_policy_is_enough_and_minimal(stage: Stage, managed: bool) -> None:
    document = for_operators(stage, node_policies=("overlay-ip",) if managed else ())
    steps, judged, admin = Steps(stage, managed), stage.judged(), stage.ec2(stage.world.admin)
    run = (steps.setup, steps.switchover, steps.status, steps.teardown)
    stage.grant(document)
    play(judged, *run)

    refused = {}
    for taken, rest in without_one(document):
        stage.grant(rest)
        try:
            play(judged, *run)
        except Denied as err:
            refused[taken] = f"{taken} " in str(err)
        else:
            refused[taken] = False
        play(admin, steps.teardown)
    assert len(refused) > 15
    # The subnets serve a warning only: a run without them tells of it and goes on.
    assert [taken for taken, told in refused.items() if not told] == ["ec2:DescribeSubnets"]


@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")])
def test_other_partitions(partition: str, region: str) -> None:
    with Endpoint(region) as endpoint:
        stage = Stage(endpoint, build(endpoint, WorldSpec(tables=3)))
        judged, document = stage.judged(), for_operators(stage)
        assert policy_document.text(document).count('"arn:') == policy_document.text(document).count(
            f'"arn:{partition}:'
        )
        stage.grant(document)
        steps = Steps(stage)
        play(judged, steps.setup, steps.switchover, steps.status, steps.teardown)
        assert endpoint.problems == []


def test_a_boundary_binds_what_the_operator_may_give(stage: Stage) -> None:
    """The operator writes the policy of a role only while the role carries the boundary."""
    limits = stage.iam.create_policy(
        PolicyName="limits", PolicyDocument=policy_document.text(stage.rendered(purpose="status"))
    )
    boundary = limits["Policy"]["Arn"]
    stage.judged_keys()
    stage.grant(for_operators(stage, node_boundary_arn=boundary))
    steps, judged = Steps(stage), stage.judged()
    with pytest.raises(Denied, match=r"iam:PutRolePolicy on \S+:role/overlay-node1 is not permitted"):
        play(judged, steps.setup)
    for role in stage.profiles:
        stage.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    play(judged, steps.setup, steps.teardown)
    for role in stage.profiles:
        stage.iam.delete_role_permissions_boundary(RoleName=role)
    stage.iam.delete_policy(PolicyArn=boundary)
