# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared VPC: one account owns the route tables, another the nodes. The owner's role moves the routes."""

from __future__ import annotations

import json

import pytest
from integration.policies.stage import OVERLAY, Denied, Stage, Steps, play, without_one

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import grant
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job


def owners_role(stage: Stage, name: str, purpose: str) -> str:
    """Make the role as docs/iam.md says, in the owner's account and from what the module renders there; its ARN."""
    shown = grant.run(
        stage.ec2(stage.world.owner_admin),
        grant.Request(
            state="rendered",
            purpose=purpose,
            route_table_ids=stage.tables,
            trusted_arns=(f"arn:aws:iam::{stage.world.account_id}:user/judged",),
        ),
    )
    iam = stage.endpoint.client("iam", stage.world.owner_admin.credentials())
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy_document.text(shown["trust_policy"]))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="overlay-ip", PolicyDocument=policy_document.text(shown["policy"]))
    return str(role["Arn"])


def test_operator_policy_is_enough_and_minimal(shared: Stage) -> None:
    shared.judged()
    arn = owners_role(shared, "routes", "routes")
    judged = shared.judged(assume_role_arn=arn)
    admin = shared.ec2(shared.world.admin, assume_role_arn=str(shared.world.routing_role_arn))
    document = shared.rendered(
        purpose="operator",
        route_role_arn=arn,
        network_interface_ids=shared.interfaces,
        node_roles=shared.profiles,
        node_instance_profiles=shared.profiles[1:],
    )
    text = json.dumps(document)
    assert f":{shared.world.account_id}:network-interface/" in text
    assert "route-table" not in text
    steps = Steps(shared, route_role=str(shared.world.routing_role_arn))
    run = (steps.setup, steps.switchover, steps.status, steps.teardown)
    shared.grant(document)
    play(judged, *run)

    refused = {}
    for taken, rest in without_one(document):
        shared.grant(rest)
        try:
            play(shared.judged(assume_role_arn=arn) if taken == "sts:AssumeRole" else judged, *run)
        except Denied as err:
            refused[taken] = f"{taken} " in str(err)
        else:
            refused[taken] = False
        play(admin, steps.teardown)
    assert "sts:AssumeRole" in refused
    # The subnets serve a warning only: a run without them tells of it and goes on.
    assert [taken for taken, told in refused.items() if not told] == ["ec2:DescribeSubnets"]


def test_without_the_role_the_refusal_names_the_remedy(shared: Stage) -> None:
    owner = shared.world.owner_account_id
    with pytest.raises(Denied) as told:
        play(shared.ec2(shared.world.admin), lambda ec2: shared.point(ec2, shared.interfaces[0]))
    for table in shared.tables:
        arn = f"arn:aws:ec2:{shared.world.region}:{owner}:route-table/{table}"
        assert f"ec2:CreateRoute on {arn} is not permitted" in str(told.value)
    remedy = f"it belongs to account {owner} (a shared VPC): set assume_role_arn to a role of that account"
    assert remedy in str(told.value)


def test_a_node_moves_the_route_as_the_owners_role(shared: Stage) -> None:
    """And neither its own permission nor the owner's role does more than that."""
    shared.judged()
    arn = owners_role(shared, "node-routes", "node")
    shared.grant(shared.rendered(route_role_arn=arn))
    node, owner = shared.judged(assume_role_arn=arn), shared.ec2(shared.world.owner_admin)
    one, other = shared.interfaces
    shared.point(owner, one)

    shared.point(node, other, verify_permissions=True)
    assert shared.holders(shared.world.owner_admin) == {other}
    assert node.aws.calls["AssumeRole"] == 1

    remove = job.Request((OVERLAY,), shared.tables, state="absent", wait_timeout=5)
    with pytest.raises(Denied, match=r"ec2:DeleteRoute on arn:aws:ec2:\S+ is not permitted"):
        play(node, lambda ec2: bool(job.run(ec2, remove)))
    with pytest.raises(Denied, match=r"ec2:DescribeInstances on \* is not permitted"):
        play(node, lambda ec2: bool(ec2.instances(shared.instances)))
    job.run(owner, remove)


def test_arns_name_the_owner_of_each_thing(shared: Stage) -> None:
    text = json.dumps(
        shared.rendered(purpose="operator", vpc_id=shared.world.vpc_id, network_interface_ids=shared.interfaces)
    )
    assert f":{shared.world.owner_account_id}:route-table/" in text
    assert f":{shared.world.account_id}:route-table/" not in text
    assert f":{shared.world.owner_account_id}:vpc/" in text
    assert f":{shared.world.account_id}:network-interface/" in text
    assert f":{shared.world.owner_account_id}:network-interface/" not in text
