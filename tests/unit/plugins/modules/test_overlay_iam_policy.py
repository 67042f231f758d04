# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer: the exact calls, in order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Place, Setup
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


BY_NAME = {"role_name": "node", "route_table_ids": ["rtb-a"]}
BY_INSTANCE = {"instance_id": "i-1", "route_table_ids": ["rtb-a"]}
MANAGED = {**BY_NAME, "managed": True}


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


def attachments(*owners: str, **params: Any) -> Call:
    wanted = params or {"Filters": [{"Name": "resource-id", "Values": ["vpc-1"]}]}
    held = [
        {"TransitGatewayAttachmentId": f"tgw-attach-{n}", "TransitGatewayOwnerId": owner, "State": "available"}
        for n, owner in enumerate(owners, 1)
    ]
    return ec2("DescribeTransitGatewayAttachments", wanted, {"TransitGatewayAttachments": held})


REACH = {"purpose": "reach", "state": "rendered", "transit_gateway_route_table_ids": ["tgw-rtb-1"]}


@pytest.mark.parametrize(
    ("more", "call"),
    [
        ({"vpc_id": "vpc-1"}, attachments(OWNER)),
        (
            {"transit_gateway_attachment_id": "tgw-attach-1"},
            attachments(OWNER, TransitGatewayAttachmentIds=["tgw-attach-1"]),
        ),
    ],
)
def test_reach_asks_the_attachment_for_the_owner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: dict[str, Any], call: Call
) -> None:
    answer = play(monkeypatch, capsys, [call], **REACH, **more)
    assert answer["policy"] == policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"])


def test_reach_by_a_role_of_the_owner_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = play(monkeypatch, capsys, [], purpose="reach", state="rendered", route_role_arn=ROLE_ARN)
    assert answer["policy"] == policy_document.reach(PLACE, "", (), (), ROLE_ARN)


VPN = "cvpn-endpoint-1"


def networks(*subnets: str) -> Call:
    held = [{"TargetNetworkId": one, "VpcId": "vpc-1", "Status": {"Code": "associated"}} for one in subnets]
    return ec2("DescribeClientVpnTargetNetworks", {"ClientVpnEndpointId": VPN}, {"ClientVpnTargetNetworks": held})


def test_reach_asks_a_client_vpn_for_its_subnets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [{"SubnetId": one, "OwnerId": OWNER} for one in ("subnet-1", "subnet-2")]
    subnets = ec2("DescribeSubnets", {"SubnetIds": ["subnet-1", "subnet-2"]}, {"Subnets": found})
    wanted = {"purpose": "reach", "state": "rendered", "client_vpn_endpoint_ids": [VPN]}
    answer = play(monkeypatch, capsys, [networks("subnet-1", "subnet-2"), subnets], **wanted)
    vpns = policy_document.ClientVpns(OWNER, [VPN], ["subnet-1", "subnet-2"])
    assert answer["policy"] == policy_document.reach(PLACE, "", (), (), vpns=vpns)
    bare = play(monkeypatch, capsys, [networks()], **wanted)
    assert bare["msg"].startswith(f"{VPN} is associated with no subnet: associate it")


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
        pytest.param(
            {**REACH}, [], "purpose=reach needs transit_gateway_route_table_ids, and vpc_id or transit", id="reach"
        ),
        pytest.param(
            {**REACH, "vpc_id": "vpc-1"},
            [attachments()],
            "vpc-1 is attached to no transit gateway that this caller can see: correct vpc_id",
            id="reach-nothing",
        ),
        pytest.param(
            {**REACH, "vpc_id": "vpc-1"},
            [attachments(OWNER, CLUSTER)],
            f"vpc-1 is attached to transit gateways of the accounts {OWNER}, {CLUSTER}: name the attachment",
            id="reach-two",
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
