# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: every policy against the same list of calls, allowed and refused alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from integration.policies.stage import OVERLAY, Stage

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError

#: Name: service, operation, who may. EC2's calls are dry runs; IAM's are refused, or read.
CALLS: dict[str, tuple[str, str, set[str]]] = {
    "read the tables": ("ec2", "DescribeRouteTables", {"node", "operator", "status", "routes"}),
    "read the instances": ("ec2", "DescribeInstances", {"operator", "status"}),
    "read the interfaces": ("ec2", "DescribeNetworkInterfaces", {"operator", "status"}),
    "read the subnets": ("ec2", "DescribeSubnets", {"operator", "status"}),
    "read the VPCs": ("ec2", "DescribeVpcs", set()),
    "create in our table": ("ec2", "CreateRoute", {"operator", "routes"}),
    "replace in our table": ("ec2", "ReplaceRoute", {"node", "operator", "routes"}),
    "delete in our table": ("ec2", "DeleteRoute", {"operator", "routes"}),
    "create in another table": ("ec2", "CreateRoute", set()),
    "replace in another table": ("ec2", "ReplaceRoute", set()),
    "delete in another table": ("ec2", "DeleteRoute", set()),
    "delete our table": ("ec2", "DeleteRouteTable", set()),
    "switch the check of our interface": ("ec2", "ModifyNetworkInterfaceAttribute", {"operator"}),
    "switch the check of another interface": ("ec2", "ModifyNetworkInterfaceAttribute", set()),
    "describe our interface": ("ec2", "ModifyNetworkInterfaceAttribute", set()),
    "put our interface into another group": ("ec2", "ModifyNetworkInterfaceAttribute", set()),
    "switch the check of our instance": ("ec2", "ModifyInstanceAttribute", set()),
    "stop our instance": ("ec2", "StopInstances", set()),
    "read a node's policies": ("iam", "ListRolePolicies", {"operator"}),
    "read another role's policies": ("iam", "ListRolePolicies", set()),
    "write another role's policy": ("iam", "PutRolePolicy", set()),
    "attach a policy to a node's role": ("iam", "AttachRolePolicy", set()),
    "read a node's profile": ("iam", "GetInstanceProfile", {"operator"}),
    "make itself a key": ("iam", "CreateAccessKey", set()),
    "become another role": ("sts", "AssumeRole", set()),
}


def parameters(stage: Stage) -> Mapping[str, dict[str, Any]]:
    """The parameters of each call."""
    ours = {"RouteTableId": stage.tables[0], "DestinationCidrBlock": OVERLAY}
    other = {**ours, "RouteTableId": stage.foreign}
    target = {"NetworkInterfaceId": stage.interfaces[0]}
    client = {"NetworkInterfaceId": stage.world.clients[0].network_interface_ids[0]}
    off = {"SourceDestCheck": {"Value": False}}
    instance = stage.instances[0]
    node = {"RoleName": stage.profiles[0]}
    admin = {"PolicyName": "p", "PolicyDocument": '{"Version":"2012-10-17","Statement":[]}'}
    return {
        "create in our table": {**ours, **target},
        "replace in our table": {**ours, **target},
        "delete in our table": ours,
        "create in another table": {**other, **target},
        "replace in another table": {**other, **target},
        "delete in another table": other,
        "delete our table": {"RouteTableId": stage.tables[1]},
        "switch the check of our interface": {**target, **off},
        "switch the check of another interface": {**client, **off},
        "describe our interface": {**target, "Description": {"Value": "mine"}},
        "put our interface into another group": {**target, "Groups": ["sg-0123456789abcdef0"]},
        "switch the check of our instance": {"InstanceId": instance, **off},
        "stop our instance": {"InstanceIds": [instance]},
        "read a node's policies": node,
        "read another role's policies": {"RoleName": "other"},
        "write another role's policy": {"RoleName": "other", **admin},
        "attach a policy to a node's role": {**node, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        "read a node's profile": {"InstanceProfileName": stage.profiles[0]},
        "make itself a key": {"UserName": "judged"},
        "become another role": {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "overlay"},
    }


@pytest.mark.parametrize("purpose", ["node", "operator", "status", "routes"])
def test_allowed_and_refused(stage: Stage, purpose: str) -> None:
    more: dict[str, Any] = {}
    if purpose == "operator":
        more = {
            "network_interface_ids": stage.interfaces,
            "node_roles": stage.profiles,
            "node_instance_profiles": stage.profiles,
        }
    judged, given = stage.judged(), parameters(stage)
    stage.grant(stage.rendered(purpose=purpose, route_table_ids=stage.tables, **more))
    allowed = {
        name
        for name, (service, operation, _who) in CALLS.items()
        if may(judged, service, operation, given.get(name, {}))
    }
    assert allowed == {name for name, (_service, _operation, who) in CALLS.items() if purpose in who}


def may(ec2: Any, service: str, operation: str, params: dict[str, Any]) -> bool:
    """Whether AWS lets the caller: a dry run in EC2 ends in DryRunOperation."""
    try:
        ec2.aws.call(service, operation, **params, **({"DryRun": True} if service == "ec2" else {}))
    except AwsError as err:
        if err.code not in ("DryRunOperation", "UnauthorizedOperation", "AccessDenied"):
            raise
        return err.code == "DryRunOperation"
    return True
