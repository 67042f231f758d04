# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with EC2's rules: the exact calls, in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import ec2 as reach_ec2
from unit.aws_lab import OVERLAY, Run, actions, warnings
from unit.transit_lab import CLIENTS, Transit, shown

pytest_plugins = ("unit.transit_play",)

SEARCH, FIND = "SearchTransitGatewayRoutes", "DescribeTransitGatewayVpcAttachments"
CREATE, REPLACE, DELETE = (f"{verb}TransitGatewayRoute" for verb in ("Create", "Replace", "Delete"))


def test_creates_in_every_table_and_reads_back(transit: Transit, play: Run) -> None:
    result = play()
    assert transit.aws.calls() == [FIND, SEARCH, SEARCH, CREATE, CREATE, SEARCH, SEARCH]
    assert result["changed"] is True
    assert result["api_calls"] == {FIND: 1, SEARCH: 4, CREATE: 2}
    assert result["transit_gateway_attachment_id"] == transit.nodes
    assert result["routes"] == [
        {
            "route_table_id": table,
            "destination": OVERLAY,
            "action": "create",
            "before": None,
            "after": shown(transit, transit.nodes),
            "error": None,
        }
        for table in transit.tables
    ]
    text = f"{transit.nodes} ({transit.aws.world.vpc_id}) static active"
    assert result["diff"] == {
        "before": {table: {OVERLAY: "absent"} for table in transit.tables},
        "after": {table: {OVERLAY: text} for table in transit.tables},
    }
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes] * 2


def test_the_vpc_of_a_node(transit: Transit, play: Run) -> None:
    result = play(instance_id=transit.aws.instance(2))
    assert transit.aws.calls()[:2] == ["DescribeInstances", FIND]
    assert result["transit_gateway_attachment_id"] == transit.nodes


def test_a_second_run_only_reads(transit: Transit, play: Run) -> None:
    transit.point(transit.nodes)
    result = play(transit_gateway_attachment_id=transit.nodes)
    assert transit.aws.calls() == [SEARCH, SEARCH]
    assert (result["changed"], actions(result)) == (False, ["none"] * 2)
    assert result["diff"]["before"] == result["diff"]["after"]


def test_writes_only_what_leads_elsewhere(transit: Transit, play: Run) -> None:
    transit.point(transit.nodes, transit.tables[0])
    transit.point(transit.clients, transit.tables[1])
    result = play()
    assert transit.aws.calls() == [FIND, SEARCH, SEARCH, REPLACE, SEARCH, SEARCH]
    assert actions(result) == ["none", "replace"]
    assert result["routes"][1]["before"] == shown(transit, transit.clients)
    assert result["routes"][1]["after"] == shown(transit, transit.nodes)


@pytest.mark.parametrize(("takeover", "expected"), [("always", "replace"), ("blackhole", "kept"), ("never", "kept")])
def test_takeover_of_a_living_route(transit: Transit, play: Run, takeover: str, expected: str) -> None:
    transit.point(transit.clients)
    result = play(takeover=takeover)
    assert actions(result) == [expected] * 2
    assert result["changed"] is (expected == "replace")


@pytest.mark.parametrize(("takeover", "expected"), [("always", "replace"), ("blackhole", "replace"), ("never", "kept")])
@pytest.mark.parametrize("how", ["on purpose", "attachment gone"])
def test_a_blackhole_is_seen_and_healed(transit: Transit, play: Run, takeover: str, expected: str, how: str) -> None:
    if how == "on purpose":
        transit.point(None, blackhole=True)
    else:
        transit.point(transit.clients)
        transit.client.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=transit.clients)
    result = play(takeover=takeover)
    assert [route["before"]["state"] for route in result["routes"]] == ["blackhole"] * 2
    assert actions(result) == [expected] * 2
    assert [route["after"]["state"] for route in result["routes"]] == [
        "active" if expected == "replace" else "blackhole"
    ] * 2


def test_a_propagated_route_of_the_same_prefix_is_shown_and_comes_back(transit: Transit, play: Run) -> None:
    block = CLIENTS  # announced by the clients' VPC
    made = play(destinations=[block], transit_gateway_route_table_ids=transit.tables[:1])
    assert actions(made) == ["create"]
    assert made["routes"][0]["before"] == shown(transit, transit.clients, type="propagated")
    gone = play(destinations=[block], transit_gateway_route_table_ids=transit.tables[:1], state="absent")
    assert actions(gone) == ["delete"]
    assert gone["routes"][0]["after"] == shown(transit, transit.clients, type="propagated")
    again = play(destinations=[block], transit_gateway_route_table_ids=transit.tables[:1], state="absent")
    assert (again["changed"], actions(again)) == (False, ["none"])


def test_state_absent_deletes_what_leads_to_the_attachment_and_nothing_else(transit: Transit, play: Run) -> None:
    transit.point(transit.nodes, transit.tables[0])
    transit.point(transit.clients, transit.tables[1])
    result = play(state="absent")
    assert transit.aws.calls() == [FIND, SEARCH, SEARCH, DELETE, SEARCH, SEARCH]
    assert actions(result) == ["delete", "kept"]
    assert [transit.truth(table) for table in transit.tables] == [None, transit.clients]
    assert play(state="absent")["changed"] is False


def test_state_absent_after_the_vpc_was_detached(transit: Transit, play: Run) -> None:
    transit.point(transit.nodes)
    transit.client.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=transit.nodes)
    assert actions(play(state="absent")) == ["delete"] * 2
    assert [transit.truth(table) for table in transit.tables] == [None, None]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("start", [(None, None), ("nodes", "nodes"), ("clients", None), ("nodes", "clients")])
def test_check_mode_foretells_the_run(
    transit: Transit, play: Run, start: tuple[str | None, ...], state: str, named: bool
) -> None:
    for table, whose in zip(transit.tables, start, strict=True):
        transit.point(getattr(transit, whose) if whose else None, table)
    options = {"state": state, **({"transit_gateway_attachment_id": transit.nodes} if named else {})}
    before = [transit.truth(table) for table in transit.tables]
    transit.aws.control.clear("calls")
    foretold = play(check=True, **options)
    assert not {CREATE, REPLACE, DELETE} & set(transit.aws.calls())
    assert [transit.truth(table) for table in transit.tables] == before
    done = play(**options)
    for result in (foretold, done):
        del result["api_calls"]
    assert foretold == done


def test_several_destinations_share_the_reads(transit: Transit, play: Run) -> None:
    result = play(destinations=["192.168.10.15", "2001:DB8::/64", OVERLAY])
    assert transit.aws.calls() == [FIND, *[SEARCH] * 2, *[CREATE] * 4, *[SEARCH] * 2]
    assert [r["destination"] for r in result["routes"]] == [OVERLAY, "2001:db8::/64"] * 2


def test_a_partial_failure_tells_each_table(transit: Transit, play: Run) -> None:
    good, bad = transit.tables
    keys = transit.user(
        "half",
        {"Effect": "Allow", "Action": f"ec2:{SEARCH}", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": f"ec2:{CREATE}",
            "Resource": [transit.arn("route-table", good), transit.arn("attachment", transit.nodes)],
        },
    )
    result = play(transit_gateway_attachment_id=transit.nodes, **transit.aws.options(keys))
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"].startswith(
        f"Not done in {bad}: ec2:{CREATE} on {transit.arn('route-table', bad)} is not permit"
    )
    assert result["msg"].endswith(f"Done in {good}. Run again to finish.")
    assert [r["error"] and r["error"]["code"] for r in result["routes"]] == [None, "UnauthorizedOperation"]
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes, None]


@pytest.mark.parametrize("check", [True, False])
def test_permissions_are_proved_before_the_first_write(transit: Transit, play: Run, check: bool) -> None:
    bad = transit.tables[1]
    deny = {"Effect": "Deny", "Action": f"ec2:{CREATE}", "Resource": transit.arn("route-table", bad)}
    keys = transit.user("proof", {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, deny)
    result = play(check, verify_permissions=True, **transit.aws.options(keys))
    assert result["msg"].endswith("Nothing was changed.")
    assert [r["error"] and r["error"]["code"] for r in result["routes"]] == [None, "UnauthorizedOperation"]
    assert [transit.truth(table) for table in transit.tables] == [None, None]


def test_the_document_of_reach_is_enough_and_no_more(transit: Transit, play: Run) -> None:
    world = transit.aws.world
    document = policy_document.reach(Place("aws", world.region), transit.account, transit.tables, [transit.nodes])
    keys = transit.aws.options(transit.user("reach", *document["Statement"]))
    assert actions(play(**keys)) == ["create"] * 2
    elsewhere = play(transit_gateway_attachment_id=transit.clients, **keys)
    assert {r["error"]["code"] for r in elsewhere["routes"]} == {"UnauthorizedOperation"}
    assert transit.arn("attachment", transit.clients) in elsewhere["msg"]
    transit.point(None, blackhole=True)
    assert actions(play(**keys)) == ["replace"] * 2
    assert actions(play(state="absent", **keys)) == ["delete"] * 2


def test_a_throttled_write_is_sent_again(transit: Transit, play: Run) -> None:
    transit.aws.control.fault("error", code="RequestLimitExceeded", status=503, times=4, match={"action": CREATE})
    result = play(wait_timeout=10)
    assert (result["changed"], actions(result)) == (True, ["create"] * 2)
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes] * 2


def test_a_lost_answer_is_no_failure(transit: Transit, play: Run) -> None:
    transit.aws.control.fault("lose_response", times=1, match={"action": CREATE})
    result = play(wait_timeout=10)
    assert "failed" not in result
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes] * 2


def test_a_table_that_is_not_there(transit: Transit, play: Run) -> None:
    result = play(transit_gateway_route_table_ids=[transit.tables[0], "tgw-rtb-0123456789abcdef0"])
    assert "tgw-rtb-0123456789abcdef0 was deleted or does not exist" in result["msg"]
    assert CREATE not in transit.aws.calls()


def test_a_vpc_that_is_not_attached(transit: Transit, play: Run) -> None:
    result = play(vpc_id="vpc-0123456789abcdef0")
    assert result["msg"].startswith("vpc-0123456789abcdef0 has no attachment to the transit gateway of tgw-rtb-")
    assert result["msg"].endswith("Nothing was changed.")


def test_a_vpc_with_two_gateways_has_the_attachment_of_the_tables(transit: Transit, play: Run) -> None:
    second = transit.client.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    subnet = transit.aws.world.nodes[0].subnet_id
    transit.client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=second, VpcId=transit.aws.world.vpc_id, SubnetIds=[subnet]
    )
    transit.aws.control.clear("calls")
    result = play()
    assert transit.aws.calls()[:2] == [FIND, "DescribeTransitGatewayRouteTables"]
    assert result["transit_gateway_attachment_id"] == transit.nodes


def test_an_answer_that_cannot_be_read_back_says_so(transit: Transit, play: Run) -> None:
    transit.aws.control.fault("error", skip=2, code="InternalError", status=500, match={"action": SEARCH})
    result = play(wait_timeout=1)
    assert (result["failed"], result["changed"]) == (True, True)
    assert [r["error"]["code"] for r in result["routes"]] == ["Unread"] * 2
    transit.aws.control.clear("faults")
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes] * 2


def test_the_gateway_of_another_account(transit: Transit, play: Run) -> None:
    """All calls on the gateway are its owner's role's; the caller has no right on it."""
    lab = transit.aws
    account, keys = lab.endpoint.add_account()
    owner, iam = lab.endpoint.client("ec2", keys), lab.endpoint.client("iam", keys)
    gateway = owner.create_transit_gateway()["TransitGateway"]
    table = gateway["Options"]["AssociationDefaultRouteTableId"]
    attachment = transit.client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway["TransitGatewayId"],
        VpcId=lab.world.vpc_id,
        SubnetIds=[lab.world.nodes[0].subnet_id],
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{lab.world.account_id}:root"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="reach", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    arn = f"arn:aws:ec2:{lab.world.region}:{account}:transit-gateway"
    statements = [
        {"Effect": "Allow", "Action": [f"ec2:{FIND}", "ec2:DescribeTransitGatewayRouteTables"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": [f"ec2:{SEARCH}", f"ec2:{CREATE}"],
            "Resource": [f"{arn}-route-table/{table}", f"{arn}-attachment/{attachment}"],
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="reach", PolicyName="reach", PolicyDocument=policy)
    caller = lab.options(transit.user("far", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}))
    lab.control.clear("calls")
    denied = play(transit_gateway_route_table_ids=[table], **caller)
    assert denied["error"]["code"] == "UnauthorizedOperation"
    result = play(transit_gateway_route_table_ids=[table], assume_role_arn=role, **caller)
    owner.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert result["transit_gateway_attachment_id"] == attachment
    assert actions(result) == ["create"]
    assert result["routes"][0]["after"] == shown(transit, transit.nodes, transit_gateway_attachment_id=attachment)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"destinations": []}, "destinations or prefix_list_ids is empty: name at least one."),
        ({"transit_gateway_route_table_ids": []}, "transit_gateway_route_table_ids is empty: name at least one."),
        (
            {"destinations": ["192.168.10.15/24"]},
            "'192.168.10.15/24' has host bits set: the network is",
        ),
        (
            {"transit_gateway_attachment_id": "tgw-attach-1", "vpc_id": "vpc-1"},
            "parameters are mutually exclusive: transit_gateway_attachment_id|vpc_id|instance_id",
        ),
    ],
)
def test_bad_input_ends_in_a_sentence(play: Run, options: dict[str, Any], sentence: str) -> None:
    result = play(**options)
    assert result["failed"] is True
    assert result["msg"].startswith(sentence)


GONE_TABLE = "tgw-rtb-0123456789abcdef0"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("lists", [[], ["pl-0123456789abcdef0"]])
def test_absent_is_content_with_a_table_that_is_gone(
    transit: Transit, play: Run, named: bool, lists: list[str]
) -> None:
    transit.point(transit.nodes)
    options = {"transit_gateway_attachment_id": transit.nodes} if named else {}
    tables = [GONE_TABLE, transit.tables[0]]
    result = play(transit_gateway_route_table_ids=tables, state="absent", prefix_list_ids=lists, **options)
    assert "failed" not in result, result["msg"]
    assert [r["action"] for r in result["routes"] if r["destination"] == OVERLAY] == ["none", "delete"]
    told = f"{GONE_TABLE} does not exist any more: there is nothing to remove in it."
    again = play(transit_gateway_route_table_ids=tables, state="absent", prefix_list_ids=lists, **options)
    assert (again["changed"], told in warnings(again), told in warnings(result)) == (False, True, True)
    assert play(transit_gateway_route_table_ids=[GONE_TABLE], **options)["failed"] is True


def test_absent_tells_of_an_attachment_that_is_gone(transit: Transit, play: Run) -> None:
    transit.point(transit.nodes)
    transit.client.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=transit.nodes)
    result, again = play(state="absent"), play(state="absent")
    told = f"{transit.aws.world.vpc_id} has no attachment to this transit gateway any more: only routes that lead to an"
    assert all(told in " ".join(warnings(one)) for one in (result, again))
    assert (result["changed"], again["changed"]) == (True, False)


def test_check_mode_with_an_attachment_that_is_gone_ends_in_a_sentence(
    transit: Transit, play: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach_ec2, "GONE", {*reach_ec2.GONE, "available"})  # AWS shows it as deleted for a while
    told = play(check=True, transit_gateway_attachment_id=transit.nodes)["msg"]
    assert told == (
        f"{transit.nodes} is deleted, or has been rejected: correct transit_gateway_attachment_id. Nothing was changed."
    )
