# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with just the policies that the collection renders. tests/integration/policies shows them minimal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document, grant
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab.handle import LabHandle


def rendered(lab: LabHandle, **request: Any) -> str:
    """What ``overlay_iam_policy`` renders for the lab's tables."""
    world, keys = lab.world, lab.world.admin
    options = AwsOptions(
        region=world.region,
        endpoint_url=world.endpoint_url,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
    )
    request = {"state": "rendered", "route_table_ids": world.route_table_ids, **request}
    shown = grant.run(Ec2(Aws(options)), grant.Request(**request))
    return document.text(shown["policy"])


@pytest.fixture
def users(lab: LabHandle) -> Iterator[Callable[[str, str], dict[str, str]]]:
    """Makes users that have one policy each, and returns the AWS options to call as them."""
    made: list[dict[str, str]] = []

    def user(name: str, policy: str) -> dict[str, str]:
        lab.iam.create_user(UserName=name)
        lab.iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
        key = lab.iam.create_access_key(UserName=name)["AccessKey"]
        made.append({"UserName": name, "AccessKeyId": key["AccessKeyId"]})
        keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
        return {"endpoint_url": lab.world.endpoint_url, **keys}

    yield user
    for key in made:
        lab.iam.delete_access_key(**key)
        lab.iam.delete_user_policy(UserName=key["UserName"], PolicyName="only")
        lab.iam.delete_user(UserName=key["UserName"])


def for_operators(lab: LabHandle, *roles: str) -> str:
    """The operator's policy, with or without the right to keep the nodes' policies."""
    interfaces = tuple(node.network_interface_ids[0] for node in lab.world.nodes)
    return rendered(
        lab, purpose="operator", network_interface_ids=interfaces, node_roles=roles, node_instance_profiles=roles
    )


def test_everybody_with_just_their_policy(lab: LabHandle, users: Callable[[str, str], dict[str, str]]) -> None:
    operator = users("operator-only", for_operators(lab, *(str(node.role_name) for node in lab.world.nodes)))
    watcher = users("watcher-only", rendered(lab, purpose="status"))

    run = lab.playbook("setup.yml", overlay_ip_aws=operator)
    assert run.ok, run.output
    run = lab.playbook("status.yml", overlay_ip_aws=watcher)
    assert run.ok, run.output
    assert run.overlay_ip_result["healthy"]

    run = lab.playbook("switchover.yml", target="node2", overlay_ip_aws=watcher)
    assert not run.ok
    assert "ec2:ReplaceRoute on arn:aws:ec2:" in run.output
    assert set(lab.holders().values()) == {"node1"}

    # A node has no other keys than those of its instance role, and that no other policy than setup's.
    mark = lab.control.mark()
    run = lab.playbook("switchover.yml", target="node2", overlay_ip_api_from="node", overlay_ip_aws={})
    assert run.ok, run.output
    assert lab.who() == "node2"
    (caller,) = {call["caller"] for call in lab.control.calls(mark) if call["service"] == "ec2"}
    assert "overlay-node2" in caller

    run = lab.playbook("switchover.yml", target="node1", overlay_ip_aws=operator)
    assert run.ok, run.output
    assert lab.who() == "node1"
    run = lab.playbook("teardown.yml", overlay_ip_aws=operator)
    assert run.ok, run.output
    assert lab.holders() == {}


@pytest.mark.long
def test_rendered_for_another_team(lab: LabHandle, users: Callable[[str, str], dict[str, str]]) -> None:
    """overlay_ip_iam=render shows the nodes' policy and makes no call to IAM, so operators need no right there."""
    operator = users("operator-without-iam", for_operators(lab))
    mark = lab.control.mark()
    run = lab.playbook("setup.yml", overlay_ip_aws=operator, overlay_ip_iam="render")
    assert run.ok, run.output
    assert "ec2:ReplaceRoute" in run.output
    run = lab.playbook("teardown.yml", overlay_ip_aws=operator, overlay_ip_iam="render")
    assert run.ok, run.output
    assert [call["action"] for call in lab.control.calls(mark) if call["service"] == "iam"] == []
