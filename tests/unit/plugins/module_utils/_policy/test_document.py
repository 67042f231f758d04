# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents word for word, and what counts as the same document."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import (
    Ec2Ref,
    Place,
    PolicyError,
    Setup,
)

OWNER, CLUSTER = "111111111111", "222222222222"
PLACE = Place("aws", "eu-central-1")
TABLE_A = Ec2Ref("rtb-a", OWNER, "vpc-1")
TABLE_B = Ec2Ref("rtb-b", OWNER, "vpc-1")
ENI = Ec2Ref("eni-1", CLUSTER, "vpc-1")
ROLE = "arn:aws:iam::222222222222:role/node"
PROFILE = "arn:aws:iam::222222222222:instance-profile/node"
POLICY = "arn:aws:iam::222222222222:policy/overlay-ip"
BOUNDARY = "arn:aws:iam::222222222222:policy/limits"
ROUTES_ROLE = "arn:aws:iam::111111111111:role/routes"

READ = {
    "Effect": "Allow",
    "Action": [
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
    ],
    "Resource": "*",
    "Condition": {"StringEquals": {"ec2:Region": "eu-central-1"}},
}
OWN_READ = {**READ, "Action": [action for action in READ["Action"] if action != "ec2:DescribeRouteTables"]}
CHECK = {
    "Effect": "Allow",
    "Action": "ec2:ModifyNetworkInterfaceAttribute",
    "Resource": "arn:aws:ec2:eu-central-1:222222222222:network-interface/eni-1",
    "Condition": {"StringEquals": {"ec2:Attribute/SourceDestCheck": ["false", "true"]}},
}
ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROUTES_ROLE}
INLINE_READ = ["iam:GetRolePolicy", "iam:ListRolePolicies"]
INLINE_WRITE = ["iam:DeleteRolePolicy", "iam:PutRolePolicy"]


def statements(document: policy_document.Document) -> list[dict[str, Any]]:
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def test_node_reads_tables_and_replaces_in_its_own() -> None:
    assert statements(policy_document.node(PLACE, [TABLE_B, TABLE_A])) == [
        {
            "Effect": "Allow",
            "Action": "ec2:DescribeRouteTables",
            "Resource": "*",
            "Condition": {"StringEquals": {"ec2:Region": "eu-central-1"}},
        },
        {
            "Effect": "Allow",
            "Action": "ec2:ReplaceRoute",
            "Resource": [
                "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-a",
                "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-b",
            ],
            "Condition": {"ArnEquals": {"ec2:Vpc": "arn:aws:ec2:eu-central-1:111111111111:vpc/vpc-1"}},
        },
    ]


def test_tables_of_two_vpcs_share_a_statement() -> None:
    (_read, write) = statements(policy_document.node(PLACE, [TABLE_A, Ec2Ref("rtb-c", CLUSTER, "vpc-2")]))
    assert write["Resource"] == [
        "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-a",
        "arn:aws:ec2:eu-central-1:222222222222:route-table/rtb-c",
    ]
    assert write["Condition"]["ArnEquals"]["ec2:Vpc"] == [
        "arn:aws:ec2:eu-central-1:111111111111:vpc/vpc-1",
        "arn:aws:ec2:eu-central-1:222222222222:vpc/vpc-2",
    ]


def test_a_node_of_a_shared_vpc_only_becomes_the_owners_role() -> None:
    assert statements(policy_document.node(PLACE, [], ROUTES_ROLE)) == [ASSUME]


@pytest.mark.parametrize("whole_vpc", [False, True])
def test_a_node_may_look_at_interfaces_where_it_is_asked_to(whole_vpc: bool) -> None:
    read, write = statements(policy_document.node(PLACE, [TABLE_A], whole_vpc=whole_vpc, see_interfaces=True))
    assert read == {**READ, "Action": ["ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables"]}
    assert write == statements(policy_document.node(PLACE, [TABLE_A], whole_vpc=whole_vpc))[1]


def test_a_node_of_a_shared_vpc_looks_at_its_own_interface_itself() -> None:
    read, assume = statements(policy_document.node(PLACE, [], ROUTES_ROLE, see_interfaces=True))
    assert (read, assume) == ({**READ, "Action": "ec2:DescribeNetworkInterfaces"}, ASSUME)


def test_status_only_reads() -> None:
    assert statements(policy_document.status(PLACE)) == [READ]


def test_operator_without_roles_has_no_permission_in_iam() -> None:
    read, routes, check = statements(policy_document.operator(PLACE, [TABLE_A], [ENI], Setup()))
    assert (read, check) == (READ, CHECK)
    assert routes == {
        "Effect": "Allow",
        "Action": ["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"],
        "Resource": "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-a",
        "Condition": {"ArnEquals": {"ec2:Vpc": "arn:aws:ec2:eu-central-1:111111111111:vpc/vpc-1"}},
    }


def test_operator_of_a_shared_vpc() -> None:
    assert statements(policy_document.operator(PLACE, [], [ENI], Setup(), ROUTES_ROLE)) == [OWN_READ, ASSUME, CHECK]


def iam(action: Any, resource: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        pytest.param(
            Setup(roles=[ROLE], profiles=[PROFILE]),
            [iam(sorted(INLINE_READ + INLINE_WRITE), ROLE), iam("iam:GetInstanceProfile", PROFILE)],
            id="inline",
        ),
        pytest.param(
            Setup(roles=[ROLE], boundary=BOUNDARY),
            [
                iam(INLINE_READ, ROLE),
                iam(INLINE_WRITE, ROLE, ArnEquals={"iam:PermissionsBoundary": BOUNDARY}),
            ],
            id="inline-boundary",
        ),
        pytest.param(
            Setup(roles=[ROLE], policies=[POLICY], boundary=BOUNDARY),
            [
                iam(["iam:GetRole", "iam:ListAttachedRolePolicies"], ROLE),
                iam(
                    ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
                    ROLE,
                    ArnEquals={"iam:PermissionsBoundary": BOUNDARY, "iam:PolicyARN": POLICY},
                ),
                iam(
                    [
                        "iam:CreatePolicy",
                        "iam:CreatePolicyVersion",
                        "iam:DeletePolicy",
                        "iam:DeletePolicyVersion",
                        "iam:GetPolicy",
                        "iam:GetPolicyVersion",
                        "iam:ListPolicyVersions",
                    ],
                    POLICY,
                ),
            ],
            id="managed-boundary",
        ),
    ],
)
def test_operator_in_iam(setup: Setup, expected: list[dict[str, Any]]) -> None:
    assert statements(policy_document.operator(PLACE, [TABLE_A], [ENI], setup))[3:] == expected


def test_the_owners_role_writes_routes_and_nothing_else() -> None:
    read, write = statements(policy_document.routes(PLACE, [TABLE_A]))
    assert read["Action"] == "ec2:DescribeRouteTables"
    assert write["Action"] == ["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"]


def test_trust_names_the_roles_that_may_assume() -> None:
    assert statements(policy_document.trust([ROLE])) == [
        {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}
    ]


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-central-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_every_arn_is_of_the_partition(partition: str, region: str) -> None:
    place = Place(partition, region)
    setup = Setup(roles=[place.iam(CLUSTER, "role", "sap/node", "node_roles")])
    text = policy_document.text(policy_document.operator(place, [TABLE_A], [ENI], setup))
    assert text.count('"arn:') == text.count(f'"arn:{partition}:') == 4
    assert f'"arn:{partition}:iam::{CLUSTER}:role/sap/node"' in text
    assert text.count(f":ec2:{region}:") == 3


@pytest.mark.parametrize("name", ["node", "/node", ROLE])
def test_iam_names_and_arns(name: str) -> None:
    assert PLACE.iam(CLUSTER, "role", name, "node_roles") == ROLE


@pytest.mark.parametrize("bad", ["", "no de", "node/", "role:node", "arn:aws:iam::1:role/node", PROFILE])
def test_what_is_no_role_is_told(bad: str) -> None:
    with pytest.raises(PolicyError) as told:
        PLACE.iam(CLUSTER, "role", bad, "node_roles")
    assert str(told.value).startswith(f"node_roles: '{bad}' is ")


ONE = {"Effect": "Allow", "Action": ["ec2:A", "ec2:B"], "Resource": "*"}
TWO = {"Effect": "Allow", "Action": "ec2:C", "Resource": ["x"], "Condition": {"Bool": {"aws:SecureTransport": "true"}}}


def document(*found: Any, **more: Any) -> policy_document.Document:
    return {"Version": "2012-10-17", "Statement": list(found), **more}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        pytest.param(None, None, True, id="none"),
        pytest.param(document(ONE), None, False, id="absent"),
        pytest.param(document(ONE), {**document(), "Statement": ONE}, True, id="single-statement"),
        pytest.param(document(ONE, TWO), document(TWO, ONE), True, id="order-of-statements"),
        pytest.param(document(ONE), document({**ONE, "Action": ["ec2:B", "ec2:A"]}), True, id="order-of-actions"),
        pytest.param(document(ONE), document({**ONE, "Action": ["EC2:a", "ec2:B"]}), True, id="case-of-actions"),
        pytest.param(document(TWO), document({**TWO, "Resource": "x"}), True, id="list-of-one"),
        pytest.param(document(TWO), document({**TWO, "Resource": "X"}), False, id="case-of-resource"),
        pytest.param(
            document(TWO),
            document({**TWO, "Condition": {"Bool": {"AWS:secureTransport": [True]}}}),
            True,
            id="spelling-of-condition",
        ),
        pytest.param(
            document(TWO), document({k: v for k, v in TWO.items() if k != "Condition"}), False, id="condition"
        ),
        pytest.param(document(ONE), document({**ONE, "Effect": "Deny"}), False, id="effect"),
        pytest.param(document(ONE), document({**ONE, "Resource": "x"}), False, id="resource"),
        pytest.param(document(ONE), document(ONE, ONE | {"Action": "ec2:D"}), False, id="one-more"),
        pytest.param(document(ONE), document(dict(reversed(ONE.items()))), True, id="order-of-keys"),
        pytest.param(
            document({"Effect": "Allow", "Principal": {"AWS": ["arn:b", "arn:a"]}}),
            document({"Effect": "Allow", "Principal": {"AWS": ["arn:a", "arn:b"]}}),
            True,
            id="order-of-principals",
        ),
        pytest.param(
            document({"Effect": "Allow", "Principal": {"AWS": "arn:a"}}),
            document({"Effect": "Allow", "Principal": {"Federated": "arn:a"}}),
            False,
            id="kind-of-principal",
        ),
        pytest.param(document(ONE), {**document(ONE), "Version": "2008-10-17"}, False, id="version"),
    ],
)
def test_same(one: Any, other: Any, equal: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert policy_document.same(*pair) is equal


def test_limits_are_those_of_iam() -> None:
    """IAM user guide, "IAM and AWS STS quotas": characters without white space."""
    assert (policy_document.INLINE_LIMIT, policy_document.MANAGED_LIMIT) == (10_240, 6_144)


def test_size_leaves_out_white_space_and_the_text_has_none() -> None:
    found = policy_document.node(PLACE, [TABLE_A])
    assert policy_document.size(found) == len(policy_document.text(found))
    assert policy_document.size({"Statement": [], "Id": "a b\n"}) == len('{"Statement":[],"Id":"ab\\n"}')
    assert json.loads(policy_document.text(found)) == found


def test_reach_writes_routes_to_one_attachment() -> None:
    arn = "arn:aws:ec2:eu-central-1:111111111111:transit-gateway"
    read, on_tables, on_both = statements(policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"]))
    assert read["Resource"] == "*"
    assert (on_tables["Action"], on_tables["Resource"]) == (
        ["ec2:DeleteTransitGatewayRoute", "ec2:SearchTransitGatewayRoutes"],
        f"{arn}-route-table/tgw-rtb-1",
    )
    assert (on_both["Action"], on_both["Resource"]) == (
        ["ec2:CreateTransitGatewayRoute", "ec2:ReplaceTransitGatewayRoute"],
        [f"{arn}-attachment/tgw-attach-1", f"{arn}-route-table/tgw-rtb-1"],
    )


def test_reach_writes_routes_back_in_these_tables_of_their_vpc_alone() -> None:
    plain = policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"])
    whole = policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"], back=[TABLE_A])
    *same, last = statements(whole)
    assert same == statements(plain)
    assert last["Action"] == ["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"]
    assert last["Resource"] == PLACE.ec2(TABLE_A.account, "route-table", TABLE_A.resource_id)
    assert last["Condition"] == {"ArnEquals": {"ec2:Vpc": PLACE.ec2(TABLE_A.account, "vpc", TABLE_A.vpc_id)}}


def test_reach_by_the_gateways_owner_only_becomes_his_role() -> None:
    read, become = statements(policy_document.reach(PLACE, "", (), (), ROUTES_ROLE))
    assert (read["Resource"], become) == ("*", ASSUME)


def test_reach_by_load_balancers_is_fenced_by_their_names() -> None:
    balancers = policy_document.Balancers(["sap-ascs", "db"], [Ec2Ref("eni-1", OWNER, "vpc-1")])
    alone = policy_document.reach(PLACE, "", (), (), balancers=balancers)
    read, looks, on_listeners, on_balancers, on_groups, of_vpc, on_interfaces = statements(alone)
    assert (of_vpc["Action"], of_vpc["Resource"]) == (
        "ec2:GetSecurityGroupsForVpc",
        f"arn:aws:ec2:{PLACE.region}:*:vpc/vpc-1",
    )
    assert {"ec2:DescribeInternetGateways", "ec2:DescribeVpcs", "ec2:DescribeRouteTables"} <= set(read["Action"])
    assert (looks["Resource"], looks["Condition"]) == ("*", {"StringEquals": {"aws:RequestedRegion": PLACE.region}})
    prefix = f"arn:aws:elasticloadbalancing:{PLACE.region}:{OWNER}"
    assert on_listeners["Resource"] == [f"{prefix}:listener/net/{name}/*/*" for name in ("db", "sap-ascs")]
    assert on_balancers["Resource"] == [f"{prefix}:loadbalancer/net/db/*", f"{prefix}:loadbalancer/net/sap-ascs/*"]
    ports = [f"{name}-{'?' * digits}" for name in ("db", "sap-ascs") for digits in range(1, 6)]
    assert on_groups["Resource"] == sorted(f"{prefix}:targetgroup/{one}/*" for one in ports)
    assert on_interfaces["Resource"] == f"arn:aws:ec2:{PLACE.region}:{OWNER}:network-interface/eni-1"
    both = policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"], balancers=balancers)
    assert statements(both)[3:] == statements(alone)[1:]
    by_role = policy_document.reach(PLACE, "", (), (), ROUTES_ROLE, balancers)
    assert statements(by_role)[1:] == [ASSUME, *statements(alone)[1:]]


@pytest.mark.parametrize(
    ("group", "allowed"),
    [
        ("sap-22", True),
        ("sap-50013", True),
        ("sap-prd-3600", False),
        ("sap-a-3600", False),
        ("sap-500130", False),
        ("sapx-3600", False),
        ("sap-a-443", True),  # as docs/iam.md says
    ],
)
def test_a_load_balancers_target_groups_have_a_port_in_their_names(group: str, allowed: bool) -> None:
    balancers = policy_document.Balancers(["sap"], [Ec2Ref("eni-1", OWNER, "vpc-1")])
    document = policy_document.reach(PLACE, "", (), (), balancers=balancers)
    [found] = [one for one in statements(document) if "elasticloadbalancing:RegisterTargets" in one["Action"]]
    arn = f"arn:aws:elasticloadbalancing:{PLACE.region}:{OWNER}:targetgroup/{group}/0123456789abcdef"
    assert any(fnmatchcase(arn, one) for one in found["Resource"]) is allowed


def test_reach_by_client_vpn_names_endpoints_and_subnets() -> None:
    vpns = policy_document.ClientVpns(OWNER, ["cvpn-endpoint-1"], ["subnet-1", "subnet-2"])
    alone = policy_document.reach(PLACE, "", (), (), vpns=vpns)
    arn = f"arn:aws:ec2:{PLACE.region}:{OWNER}"
    endpoint, subnets = f"{arn}:client-vpn-endpoint/cvpn-endpoint-1", [f"{arn}:subnet/subnet-{n}" for n in (1, 2)]
    _read, on_endpoint, on_both = statements(alone)
    assert (on_endpoint["Resource"], on_both["Resource"]) == (endpoint, [endpoint, *subnets])
    assert on_both["Action"] == ["ec2:CreateClientVpnRoute", "ec2:DeleteClientVpnRoute"]
    assert "ec2:AuthorizeClientVpnIngress" in on_endpoint["Action"]
    by_role = policy_document.reach(PLACE, "", (), (), ROUTES_ROLE, vpns=vpns)
    assert statements(by_role)[1:] == [ASSUME, *statements(alone)[1:]]
