# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_iam_policy played against a script of calls on IAM and EC2."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Place
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_iam_policy
from unit.script import Call, Script

OWNER, CLUSTER = "111111111111", "222222222222"
PLACE = Place("aws", "eu-central-1")
TABLE = Ec2Ref("rtb-a", OWNER, "vpc-1")
NODE = policy_document.node(PLACE, [TABLE])
OLD = policy_document.status(PLACE)
PROFILE = f"arn:aws:iam::{CLUSTER}:instance-profile/sap/node-profile"
ROLE_ARN = f"arn:aws:iam::{CLUSTER}:role/sap/node"
POLICY_ARN = f"arn:aws:iam::{CLUSTER}:policy/overlay-ip"
KEY = {"RoleName": "node", "PolicyName": "overlay-ip"}
LINK = {"RoleName": "node", "PolicyArn": POLICY_ARN}


def ec2(operation: str, params: dict[str, Any], answer: dict[str, Any]) -> Call:
    return Call("ec2", operation, params, answer)


def iam(operation: str, params: dict[str, Any], answer: dict[str, Any] | None = None, error: str = "") -> Call:
    return Call("iam", operation, params, answer or {}, error)


def table(name: str = "rtb-a", **more: Any) -> dict[str, Any]:
    return {"RouteTableId": name, "VpcId": "vpc-1", "OwnerId": OWNER, **more}


TABLES = ec2(
    "DescribeRouteTables",
    {"Filters": [{"Name": "route-table-id", "Values": ["rtb-a"]}], "MaxResults": 100},
    {"RouteTables": [table()]},
)
INTERFACES = ec2(
    "DescribeNetworkInterfaces",
    {"NetworkInterfaceIds": ["eni-1"]},
    {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": CLUSTER, "VpcId": "vpc-1"}]},
)
POLICIES = iam("ListRolePolicies", {"RoleName": "node"}, {"PolicyNames": ["overlay-ip"]})
NO_POLICIES = iam("ListRolePolicies", {"RoleName": "node"}, {"PolicyNames": []})
NO_ROLE = iam("ListRolePolicies", {"RoleName": "node"}, error="NoSuchEntity")
PUT = iam("PutRolePolicy", {**KEY, "PolicyDocument": policy_document.text(NODE)})
GET_ROLE = iam("GetRole", {"RoleName": "node"}, {"Role": {"Arn": ROLE_ARN}})
ATTACH = iam("AttachRolePolicy", LINK)


def instance(profile: str | None) -> Call:
    raw: dict[str, Any] = {"InstanceId": "i-1", "VpcId": "vpc-1", "State": {"Name": "running"}}
    if profile:
        raw["IamInstanceProfile"] = {"Arn": profile}
    return ec2("DescribeInstances", {"InstanceIds": ["i-1"]}, {"Reservations": [{"Instances": [raw]}]})


def profile(*roles: str) -> Call:
    held = [{"RoleName": name, "Arn": ROLE_ARN} for name in roles]
    return iam("GetInstanceProfile", {"InstanceProfileName": "node-profile"}, {"InstanceProfile": {"Roles": held}})


def inline(document: policy_document.Document, name: str = "overlay-ip") -> Call:
    return iam("GetRolePolicy", {**KEY, "PolicyName": name}, {"PolicyDocument": document})


def managed(document: policy_document.Document, users: int = 1) -> list[Call]:
    policy = {"Policy": {"DefaultVersionId": "v2", "AttachmentCount": users}}
    return [
        iam("GetPolicy", {"PolicyArn": POLICY_ARN}, policy),
        iam(
            "GetPolicyVersion",
            {"PolicyArn": POLICY_ARN, "VersionId": "v2"},
            {"PolicyVersion": {"Document": document}},
        ),
    ]


def attached(*arns: str) -> Call:
    held = [{"PolicyArn": arn} for arn in arns]
    return iam("ListAttachedRolePolicies", {"RoleName": "node"}, {"AttachedPolicies": held, "IsTruncated": False})


VERSIONS = iam(
    "ListPolicyVersions",
    {"PolicyArn": POLICY_ARN},
    {"Versions": [{"VersionId": "v2"}, {"VersionId": "v1"}]},
)


def play(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], calls: list[Call], **params: Any
) -> dict[str, Any]:
    """Run the module against the script and return what it printed."""
    with Script(*calls) as script:
        monkeypatch.setattr(overlay_iam_policy, "caller", lambda _module: script)
        with patch_module_args({"region": "eu-central-1", **params}), pytest.raises(SystemExit):
            overlay_iam_policy.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer
