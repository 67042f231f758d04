# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer: the exact calls, in order."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Setup
from unit.iam_script import (
    ATTACH,
    CLUSTER,
    GET_ROLE,
    INTERFACES,
    KEY,
    LINK,
    NO_POLICIES,
    NO_ROLE,
    NODE,
    OLD,
    OWNER,
    PLACE,
    POLICIES,
    POLICY_ARN,
    PROFILE,
    PUT,
    ROLE_ARN,
    TABLES,
    VERSIONS,
    attached,
    ec2,
    iam,
    inline,
    instance,
    managed,
    play,
    profile,
    table,
)
from unit.script import Call

BY_NAME = {"role_name": "node", "route_table_ids": ["rtb-a"]}
BY_INSTANCE = {"instance_id": "i-1", "route_table_ids": ["rtb-a"]}
MANAGED = {**BY_NAME, "managed": True}
LIST = "pl-0123456789abcdef0"


@pytest.mark.parametrize(
    ("params", "reads", "writes"),
    [
        pytest.param(BY_NAME, [TABLES, NO_POLICIES], [PUT], id="inline-new"),
        pytest.param(BY_NAME, [TABLES, POLICIES, inline(OLD)], [PUT], id="inline-other"),
        pytest.param(BY_NAME, [TABLES, POLICIES, inline(NODE)], [], id="inline-same"),
        pytest.param(BY_INSTANCE, [instance(PROFILE), TABLES, profile("node"), NO_POLICIES], [PUT], id="instance"),
        pytest.param(
            {"role_name": "node", "state": "absent"},
            [POLICIES, inline(NODE)],
            [iam("DeleteRolePolicy", KEY)],
            id="inline-remove",
        ),
        pytest.param({"role_name": "node", "state": "absent"}, [NO_POLICIES], [], id="inline-gone"),
        pytest.param({"role_name": "node", "state": "absent"}, [NO_ROLE], [], id="role-gone"),
        pytest.param({"instance_id": "i-1", "state": "absent"}, [instance(None)], [], id="profile-gone"),
        pytest.param(
            MANAGED,
            [TABLES, GET_ROLE, iam("GetPolicy", {"PolicyArn": POLICY_ARN}, error="NoSuchEntity")],
            [iam("CreatePolicy", {"PolicyName": "overlay-ip", "PolicyDocument": policy_document.text(NODE)}), ATTACH],
            id="managed-new",
        ),
        pytest.param(
            {**BY_INSTANCE, "managed": True},
            [instance(PROFILE), TABLES, profile("node"), *managed(NODE), attached(POLICY_ARN)],
            [],
            id="managed-same-by-instance",
        ),
        pytest.param(
            MANAGED,
            [TABLES, GET_ROLE, *managed(OLD), attached("arn:aws:iam::aws:policy/other"), VERSIONS],
            [
                iam(
                    "CreatePolicyVersion",
                    {"PolicyArn": POLICY_ARN, "PolicyDocument": policy_document.text(NODE), "SetAsDefault": True},
                ),
                ATTACH,
            ],
            id="managed-other",
        ),
        pytest.param(
            {"role_name": "node", "managed": True, "state": "absent"},
            [GET_ROLE, *managed(NODE), attached(POLICY_ARN), VERSIONS],
            [
                iam("DetachRolePolicy", LINK),
                iam("DeletePolicyVersion", {"PolicyArn": POLICY_ARN, "VersionId": "v1"}),
                iam("DeletePolicy", {"PolicyArn": POLICY_ARN}),
            ],
            id="managed-remove",
        ),
    ],
)
def test_calls_of_run_and_check(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    params: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
) -> None:
    check = play(monkeypatch, capsys, reads, **params, _ansible_check_mode=True, _ansible_diff=True)
    real = play(monkeypatch, capsys, reads + writes, **params, _ansible_diff=True)
    assert real["changed"] is bool(writes)
    assert real["actions"] == [call.operation for call in writes]
    assert "failed" not in real
    told = ("changed", "actions", "policy", "role_name", "policy_name", "policy_arn", "diff")
    assert {key: check[key] for key in told} == {key: real[key] for key in told}


def test_the_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answer = play(monkeypatch, capsys, [TABLES, POLICIES, inline(OLD), PUT], **BY_NAME, _ansible_diff=True)
    answer.pop("invocation", None)  # ansible-core before 2.20 adds it
    assert answer == {
        "changed": True,
        "policy": NODE,
        "trust_policy": None,
        "role_name": "node",
        "policy_name": "overlay-ip",
        "policy_arn": None,
        "actions": ["PutRolePolicy"],
        "api_calls": {"DescribeRouteTables": 1, "ListRolePolicies": 1, "GetRolePolicy": 1, "PutRolePolicy": 1},
        "diff": {"before": {"overlay-ip": OLD}, "after": {"overlay-ip": NODE}},
    }


ALL_TABLES = ec2(
    "DescribeRouteTables",
    {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "MaxResults": 100},
    {
        "RouteTables": [
            table("rtb-a", Associations=[{"Main": True}]),
            table("rtb-b", Associations=[{"SubnetId": "subnet-1", "Main": False}]),
            table("rtb-edge", Associations=[{"GatewayId": "igw-1", "Main": False}]),
            table("rtb-idle"),
        ]
    },
)
SERVING = [Ec2Ref("rtb-a", OWNER, "vpc-1"), Ec2Ref("rtb-b", OWNER, "vpc-1")]
OPERATOR = policy_document.operator(PLACE, SERVING, [Ec2Ref("eni-1", CLUSTER, "vpc-1")], Setup(roles=[ROLE_ARN]))
FOR_OPERATOR = {"purpose": "operator", "network_interface_ids": ["eni-1"], "node_roles": ["sap/node"]}


@pytest.mark.parametrize(
    ("params", "calls", "document"),
    [
        pytest.param({**FOR_OPERATOR, "vpc_id": "vpc-1"}, [INTERFACES, ALL_TABLES], OPERATOR, id="vpc"),
        pytest.param(FOR_OPERATOR, [INTERFACES, ALL_TABLES], OPERATOR, id="vpc-of-the-interfaces"),
        pytest.param(
            {"instance_id": "i-1", "role_name": "node"},
            [instance(None), ALL_TABLES],
            policy_document.node(PLACE, SERVING),
            id="vpc-of-the-instance",
        ),
        pytest.param(
            {"purpose": "routes", "vpc_id": "vpc-1"}, [ALL_TABLES], policy_document.routes(PLACE, SERVING), id="owner"
        ),
        pytest.param(
            {"route_role_arn": ROLE_ARN},
            [],
            policy_document.node(PLACE, [], ROLE_ARN),
            id="a-shared-vpc-needs-no-look-up",
        ),
    ],
)
def test_rendered_asks_only_ec2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    params: dict[str, Any],
    calls: list[Call],
    document: policy_document.Document,
) -> None:
    answer = play(monkeypatch, capsys, calls, **params, state="rendered")
    assert answer["policy"] == document
    assert (answer["changed"], answer["policy_arn"]) == (False, None)


def test_the_trust_policy_of_the_owners_role(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = play(monkeypatch, capsys, [TABLES], **BY_NAME, state="rendered", trusted_arns=[ROLE_ARN])
    assert answer["trust_policy"] == policy_document.trust([ROLE_ARN])


def test_status_is_rendered_without_any_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, capsys, [], purpose="status", state="rendered")["policy"] == policy_document.status(PLACE)
    listed: dict[str, Any] = {"state": "rendered", "prefix_list_ids": [LIST]}
    told = play(monkeypatch, capsys, [], purpose="status", **listed)
    assert told["policy"] == policy_document.status(PLACE, [LIST])
    told = play(monkeypatch, capsys, [], purpose="entries", **listed)
    assert told["policy"] == policy_document.entries(PLACE, [LIST])
    told = play(monkeypatch, capsys, [], purpose="entries", state="rendered")
    assert told["msg"] == "purpose=entries needs prefix_list_ids: name the managed prefix lists."


def test_the_others_are_weighed_before_a_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    big = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 10_000}]}
    pages = [
        iam("ListRolePolicies", {"RoleName": "node"}, {"PolicyNames": ["big"], "IsTruncated": True, "Marker": "m"}),
        iam("ListRolePolicies", {"RoleName": "node", "Marker": "m"}, {"PolicyNames": ["overlay-ip"]}),
    ]
    for mode in (True, False):
        calls = [TABLES, *pages, inline(OLD), inline(big, "big")]
        answer = play(monkeypatch, capsys, calls, **BY_NAME, _ansible_check_mode=mode)
        assert answer["failed"]
        assert f"characters beside the {policy_document.size(big)} of its other inline policies" in answer["msg"]


@pytest.mark.parametrize(
    ("params", "calls", "told"),
    [
        pytest.param(
            BY_INSTANCE,
            [instance(None), TABLES],
            "Instance i-1 has no instance profile, so there is no role to give the policy to: attach one",
            id="no-profile",
        ),
        pytest.param(
            BY_INSTANCE,
            [instance(PROFILE), TABLES, profile()],
            "The instance profile node-profile holds no role: add one",
            id="empty-profile",
        ),
        pytest.param(
            BY_NAME, [TABLES, NO_ROLE], "Role node does not exist: create it, or correct role_name.", id="role"
        ),
        pytest.param(
            MANAGED,
            [TABLES, iam("GetRole", {"RoleName": "node"}, error="NoSuchEntity")],
            "Role node does not exist: create it, or correct role_name.",
            id="role-managed",
        ),
        pytest.param({"role_name": "node"}, [], "The route tables are missing: set route_table_ids,", id="tables"),
        pytest.param(
            {**BY_NAME, "purpose": "operator"},
            [],
            "network_interface_ids is missing: name the interfaces",
            id="interfaces",
        ),
        pytest.param(
            {"role_name": "node", "route_role_arn": PROFILE},
            [],
            f"route_role_arn: '{PROFILE}' is not the ARN of a role",
            id="route-role",
        ),
        pytest.param(
            {
                **BY_NAME,
                "purpose": "operator",
                "network_interface_ids": ["eni-1"],
                "node_roles": ["node"],
                "node_boundary_arn": ROLE_ARN,
            },
            [INTERFACES, TABLES],
            f"node_boundary_arn: '{ROLE_ARN}' is not the ARN of a policy",
            id="boundary",
        ),
        pytest.param({}, [], "state is present but any of the following are missing: role_name, instance_id", id="who"),
    ],
)
def test_bad_input_is_told_before_any_write(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    params: dict[str, Any],
    calls: list[Call],
    told: str,
) -> None:
    answer = play(monkeypatch, capsys, calls, **params)
    assert answer["failed"]
    assert answer["msg"].startswith(told)
