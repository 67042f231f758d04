# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_iam_policy for who lets other networks reach the overlay IP: what is looked up for the document."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref
from unit.iam_script import CLUSTER, OWNER, PLACE, ROLE_ARN, TABLES, ec2, play, table
from unit.script import Call


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
    unseen = [of_vpc()] if "vpc_id" in more else []
    answer = play(monkeypatch, capsys, [call, *unseen], **REACH, **more)
    assert answer["policy"] == policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"])


def of_vpc(*tables: dict[str, Any]) -> Call:
    wanted = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "MaxResults": 100}
    return ec2("DescribeRouteTables", wanted, {"RouteTables": list(tables)})


def of_subnets(*subnets: str) -> list[dict[str, str]]:
    return [{"SubnetId": one} for one in subnets]


MAIN = table("rtb-m", Associations=[{"Main": True}])
APART = table("rtb-b", Associations=of_subnets("subnet-2", "subnet-3"))
IDLE = table("rtb-c", Associations=of_subnets("subnet-9"))
UNUSED = table("rtb-d")


def interfaces(*subnets: str) -> Call:
    ids = [f"eni-{n}" for n, _subnet in enumerate(subnets)]
    found = [
        {"NetworkInterfaceId": one, "OwnerId": CLUSTER, "VpcId": "vpc-1", "SubnetId": subnet}
        for one, subnet in zip(ids, subnets, strict=True)
    ]
    return ec2("DescribeNetworkInterfaces", {"NetworkInterfaceIds": ids}, {"NetworkInterfaces": found})


@pytest.mark.parametrize(
    ("more", "calls", "tables"),
    [
        ({"route_table_ids": ["rtb-a"]}, [TABLES], ["rtb-a"]),
        (
            {"network_interface_ids": ["eni-0", "eni-1"]},
            [interfaces("subnet-2", "subnet-3"), of_vpc(MAIN, APART, IDLE)],
            ["rtb-b"],
        ),
        (
            {"network_interface_ids": ["eni-0", "eni-1"]},
            [interfaces("subnet-1", "subnet-2"), of_vpc(MAIN, APART, IDLE)],
            ["rtb-b", "rtb-m"],
        ),
        ({"network_interface_ids": ["eni-0"]}, [interfaces("subnet-1"), of_vpc(MAIN, APART, IDLE)], ["rtb-m"]),
    ],
)
def test_reach_may_write_the_routes_back_in_the_tables_of_the_nodes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
    calls: list[Call],
    tables: list[str],
) -> None:
    back = [Ec2Ref(one, OWNER, "vpc-1") for one in tables]
    by_attachment = {"transit_gateway_attachment_id": "tgw-attach-1"}
    found = attachments(OWNER, TransitGatewayAttachmentIds=["tgw-attach-1"])
    answer = play(monkeypatch, capsys, [found, *calls], **REACH, **by_attachment, **more)
    assert answer["policy"] == policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"], back=back)


def test_reach_in_a_vpc_may_write_the_routes_back_in_all_its_tables_that_serve(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = play(monkeypatch, capsys, [attachments(OWNER), of_vpc(MAIN, APART, UNUSED)], **REACH, vpc_id="vpc-1")
    back = [Ec2Ref(one, OWNER, "vpc-1") for one in ("rtb-b", "rtb-m")]
    assert answer["policy"] == policy_document.reach(PLACE, OWNER, ["tgw-rtb-1"], ["tgw-attach-1"], back=back)


def test_a_load_balancer_needs_no_route_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {"purpose": "reach", "state": "rendered", "load_balancer_names": ["a"], "network_interface_ids": ["eni-0"]}
    answer = play(monkeypatch, capsys, [interfaces("subnet-1")], **wanted)
    assert "CreateRoute" not in policy_document.text(answer["policy"])


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


@pytest.mark.parametrize("purpose", ["reach", "node"])
@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("transit_gateway_route_table_ids", ["tgw-rtb-1", "*"]),
        ("transit_gateway_route_table_ids", ["tgw-rtb-*"]),
        ("transit_gateway_route_table_ids", ["rtb-0123456789abcdef0"]),
        ("transit_gateway_attachment_id", "*"),
        ("transit_gateway_attachment_id", "tgw-attach-?"),
        ("prefix_list_ids", ["nonsense"]),
        ("prefix_list_ids", ["pl-1/*"]),
        ("client_vpn_endpoint_ids", ["*"]),
        ("load_balancer_names", ["*"]),
        ("load_balancer_names", ["sap-?"]),
        ("load_balancer_names", ["a" * 40]),
        ("route_table_ids", ["*"]),
        ("network_interface_ids", ["eni-*"]),
        ("vpc_id", "vpc-*"),
    ],
)
def test_what_stands_for_more_than_one_thing_is_refused_before_any_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], purpose: str, option: str, given: Any
) -> None:
    """In an ARN, ``*`` grants all of them; in a filter of EC2, it finds all of them."""
    answer = play(monkeypatch, capsys, [], purpose=purpose, state="rendered", **{option: given})
    assert answer["failed"]
    assert answer["msg"].startswith(f"{option} has '{given if isinstance(given, str) else given[-1]}'")


@pytest.mark.parametrize("who", ["*", "arn:aws:iam::111111111111:role/*", "node1", "arn:aws:iam::*:root"])
def test_everybody_is_trusted_with_no_role(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    answer = play(monkeypatch, capsys, [], purpose="status", state="rendered", trusted_arns=[who])
    assert answer["msg"].startswith(f"trusted_arns has '{who}', which is not the ARN of a role or a user: such an ARN")


@pytest.mark.parametrize(
    ("more", "calls", "told"),
    [
        ({}, [], "purpose=reach needs transit_gateway_route_table_ids, and vpc_id or transit"),
        (
            {"vpc_id": "vpc-1"},
            [attachments()],
            "vpc-1 is attached to no transit gateway that this caller can see: correct vpc_id",
        ),
        (
            {"vpc_id": "vpc-1"},
            [attachments(OWNER, CLUSTER)],
            f"vpc-1 is attached to transit gateways of the accounts {OWNER}, {CLUSTER}: name the attachment",
        ),
    ],
)
def test_bad_input_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
    calls: list[Call],
    told: str,
) -> None:
    answer = play(monkeypatch, capsys, calls, **REACH, **more)
    assert answer["failed"]
    assert answer["msg"].startswith(told)
