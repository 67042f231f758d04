# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents with managed prefix lists, word for word."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Place, Setup

OWNER = "111111111111"
PLACE = Place("aws", "eu-central-1")
TABLE_A, ENI = Ec2Ref("rtb-a", OWNER, "vpc-1"), Ec2Ref("eni-1", "222222222222", "vpc-1")
ROUTES_ROLE = "arn:aws:iam::111111111111:role/routes"
READ: dict[str, Any] = {
    "Effect": "Allow",
    "Resource": "*",
    "Condition": {"StringEquals": {"ec2:Region": "eu-central-1"}},
}
KINDS = ("Instances", "ManagedPrefixLists", "NetworkInterfaces", "RouteTables", "Subnets")
LIST = "pl-0123456789abcdef0"
LIST_ARN = f"arn:aws:ec2:eu-central-1:*:prefix-list/{LIST}"
ADD = {
    "Effect": "Allow",
    "Action": ["ec2:GetManagedPrefixListEntries", "ec2:ModifyManagedPrefixList"],
    "Resource": LIST_ARN,
}


def statements(document: policy_document.Document) -> list[dict[str, Any]]:
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def test_lists_are_fenced_by_their_arns_and_only_status_does_not_write_them() -> None:
    actions = [f"ec2:Describe{kind}" for kind in KINDS]
    assert statements(policy_document.status(PLACE, [LIST])) == [
        {**READ, "Action": actions},
        {**ADD, "Action": "ec2:GetManagedPrefixListEntries"},
    ]
    plain = statements(policy_document.operator(PLACE, [TABLE_A], [ENI], Setup()))
    read, routes, add, check = statements(policy_document.operator(PLACE, [TABLE_A], [ENI], Setup(), "", [LIST]))
    assert (read, [routes, check], add) == ({**READ, "Action": actions}, plain[1:], ADD)
    assert statements(policy_document.operator(PLACE, [], [ENI], Setup(), ROUTES_ROLE, [LIST])) == statements(
        policy_document.operator(PLACE, [], [ENI], Setup(), ROUTES_ROLE)
    ), "the lists are the role's, too"
    assert statements(policy_document.routes(PLACE, [TABLE_A], [LIST]))[2] == ADD
    assert statements(policy_document.entries(PLACE, [LIST])) == [
        {**READ, "Action": "ec2:DescribeManagedPrefixLists"},
        ADD,
    ]


def test_reach_by_prefix_lists_is_judged_on_list_table_and_attachment() -> None:
    arn = "arn:aws:ec2:eu-central-1:111111111111:transit-gateway"
    table, attachment = f"{arn}-route-table/tgw-rtb-1", f"{arn}-attachment/tgw-attach-1"
    listed = "arn:aws:ec2:eu-central-1:*:prefix-list/pl-1"
    document = policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"], lists=["pl-1"])
    suffix = "TransitGatewayPrefixListReference"
    assert f"ec2:Get{suffix}s" in statements(document)[0]["Action"]
    assert "ec2:DescribeManagedPrefixLists" in statements(document)[0]["Action"]
    assert [(s["Action"], s["Resource"]) for s in statements(document)[3:]] == [
        (f"ec2:Delete{suffix}", [listed, table]),
        ([f"ec2:Create{suffix}", f"ec2:Modify{suffix}"], [listed, attachment, table]),
        ("ec2:GetManagedPrefixListEntries", listed),
    ]
