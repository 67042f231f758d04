# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may, beyond the action itself: tags at creation, and the EC2 calls that are made in the caller's name.

Sources: ELB user guide, "API permissions" and "Tag resources during creation". That GetSecurityGroupsForVpc is needed
is inferred: AWS added it to its own policy ElasticLoadBalancingFullAccess in October 2024.
"""

from __future__ import annotations

from dataclasses import replace

from ..answers import ApiError
from ..cloud import Cloud
from ..iam.judge import authorise
from ..request import Call
from .store import SERVICE

#: The EC2 actions that the caller needs besides. Those of a service-linked role, made once per account, are left out.
_EC2 = {
    "CreateLoadBalancer": (
        "DescribeAccountAttributes", "DescribeAddresses", "DescribeInternetGateways", "DescribeSecurityGroups",
        "DescribeSubnets", "DescribeVpcs",
    ),
    "CreateTargetGroup": ("DescribeInternetGateways", "DescribeVpcs"),
    "RegisterTargets": ("DescribeInstances", "DescribeInternetGateways", "DescribeSubnets", "DescribeVpcs"),
    "SetSecurityGroups": ("DescribeSecurityGroups",),
    "SetSubnets": ("DescribeSubnets",),
}  # fmt: skip


def besides(cloud: Cloud, call: Call) -> None:
    """Judge what the action needs besides itself; raises AccessDenied."""
    for action in _EC2.get(call.action, ()):
        _ask(cloud, call, action)


def may_name_groups(cloud: Cloud, call: Call, vpc_id: str) -> None:
    """Judge that the caller gives a load balancer security groups of this VPC; raises AccessDenied."""
    _ask(cloud, call, "GetSecurityGroupsForVpc", VpcId=vpc_id)


def _ask(cloud: Cloud, call: Call, action: str, **params: str) -> None:
    try:
        authorise(cloud, replace(call, service="ec2", action=action, params=params))
    except ApiError as error:  # the code is inferred: the service's own
        raise ApiError("AccessDenied", error.message) from error


def may_tag(cloud: Cloud, call: Call, arn: str) -> None:
    """Judge the tags of what is about to be created: AddTags, with the creating action as a condition key."""
    tags = {key: value for key, value in call.params.items() if key.startswith("Tags.")}
    if tags:
        params = {"ResourceArns.member.1": arn, "CreateAction": call.action, **tags}
        authorise(cloud, replace(call, service=SERVICE, action="AddTags", params=params))
