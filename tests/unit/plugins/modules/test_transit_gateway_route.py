# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with EC2's rules: the exact calls, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from ansible_collections.aws_ha.overlay_ip.plugins.modules import transit_gateway_route
from unit import transit_lab
from unit.aws_lab import OVERLAY, AwsLab, Run, actions, run_module
from unit.transit_lab import Transit

SEARCH, FIND = "SearchTransitGatewayRoutes", "DescribeTransitGatewayVpcAttachments"
CREATE, REPLACE, DELETE = (f"{verb}TransitGatewayRoute" for verb in ("Create", "Replace", "Delete"))


@pytest.fixture
def transit(aws: AwsLab) -> Iterator[Transit]:
    built = transit_lab.build(aws)
    yield built
    transit_lab.remove(built)


@pytest.fixture
def play(transit: Transit, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module for the overlay IP in both tables, as the administrator."""

    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "destinations": [OVERLAY],
            "transit_gateway_route_table_ids": transit.tables,
            "wait_timeout": 3,
            **transit.aws.options(transit.aws.world.owner_admin),
            **params,
        }
        if not chosen.keys() & {"transit_gateway_attachment_id", "instance_id"}:
            chosen.setdefault("vpc_id", transit.aws.world.vpc_id)
        return run_module(transit_gateway_route, capsys, check=check, **chosen)

    return run


def shown(transit: Transit, attachment: str, **more: str) -> dict[str, str]:
    vpc = transit.aws.world.vpc_id if attachment == transit.nodes else transit.clients_vpc
    return {
        "transit_gateway_attachment_id": attachment,
        "resource_type": "vpc",
        "resource_id": vpc,
        "type": "static",
        "state": "active",
        **more,
    }


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
    block = transit_lab.CLIENTS  # announced by the clients' VPC
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


REFERENCES = "GetTransitGatewayPrefixListReferences"
REFER, CHANGE, UNREFER = (f"{verb}TransitGatewayPrefixListReference" for verb in ("Create", "Modify", "Delete"))


@pytest.fixture
def overlays(transit: Transit) -> str:
    """A prefix list that names the overlay IP."""
    made = transit.client.create_managed_prefix_list(
        PrefixListName="overlays", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": OVERLAY}]
    )
    transit.aws.control.clear("calls")
    return str(made["PrefixList"]["PrefixListId"])


def test_a_prefix_list_is_referred_to_moved_and_left(transit: Transit, play: Run, overlays: str) -> None:
    asked: dict[str, Any] = {"destinations": None, "prefix_list_ids": [overlays]}
    foretold = play(check=True, **asked)
    made = play(**asked)
    assert transit.aws.calls() == [FIND, *[REFERENCES] * 2, FIND, *[REFERENCES] * 2, *[REFER] * 2, *[REFERENCES] * 2]
    assert made["routes"] == [
        {
            "route_table_id": table,
            "destination": overlays,
            "action": "create",
            "before": None,
            "after": shown(transit, transit.nodes),
            "error": None,
        }
        for table in transit.tables
    ]
    assert foretold["routes"] == made["routes"]
    assert [transit.truth(table) for table in transit.tables] == [transit.nodes] * 2  # its entry is a route
    assert actions(play(**asked)) == ["none"] * 2
    transit.aws.control.clear("calls")
    moved = play(**asked, transit_gateway_attachment_id=transit.clients)
    assert (actions(moved), transit.aws.calls().count(CHANGE)) == (["replace"] * 2, 2)
    assert actions(play(**asked, state="absent")) == ["kept"] * 2
    left = play(**asked, transit_gateway_attachment_id=transit.clients, state="absent")
    assert (actions(left), transit.aws.calls().count(UNREFER)) == (["delete"] * 2, 2)
    assert [transit.truth(table) for table in transit.tables] == [None] * 2


def test_an_entry_of_a_list_is_no_route_of_its_own(transit: Transit, play: Run, overlays: str) -> None:
    """It cannot be replaced: a static route beside it hides it."""
    play(destinations=None, prefix_list_ids=[overlays], transit_gateway_attachment_id=transit.clients)
    made = play()
    assert actions(made) == ["create"] * 2
    assert made["routes"][0]["before"] == shown(transit, transit.clients, type="prefix_list")
    assert made["routes"][0]["after"] == shown(transit, transit.nodes)


def test_a_reference_whose_attachment_is_gone_is_healed(transit: Transit, play: Run, overlays: str) -> None:
    asked: dict[str, Any] = {"destinations": None, "prefix_list_ids": [overlays], "takeover": "blackhole"}
    play(**asked, transit_gateway_attachment_id=transit.clients)
    assert actions(play(**asked)) == ["kept"] * 2
    transit.client.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=transit.clients)
    healed = play(**asked)
    assert [(route["before"]["state"], route["action"]) for route in healed["routes"]] == [("blackhole", "replace")] * 2
    assert [route["after"] for route in healed["routes"]] == [shown(transit, transit.nodes)] * 2


def test_routes_and_lists_in_one_task_and_one_of_them_refused(transit: Transit, play: Run, overlays: str) -> None:
    gone = "pl-0123456789abcdef0"
    result = play(prefix_list_ids=[overlays, gone], transit_gateway_route_table_ids=transit.tables[:1])
    assert result["failed"]
    assert [(route["destination"], bool(route["error"])) for route in result["routes"]] == [
        (OVERLAY, False),
        (overlays, False),
        (gone, True),
    ]
    assert result["routes"][2]["error"]["code"] == "InvalidPrefixListID.NotFound"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prefix_list_ids": ["192.168.10.0/24"]}, "prefix_list_ids has '192.168.10.0/24', which is not the id of a"),
        ({"prefix_list_ids": []}, "destinations or prefix_list_ids is empty: name at least one."),
        ({}, "destinations or prefix_list_ids is empty"),
    ],
)
def test_lists_that_are_none(transit: Transit, play: Run, given: dict[str, Any], told: str) -> None:
    result = play(**{"destinations": None, **given})
    assert told in result["msg"]
    assert transit.aws.calls() == []


def test_the_document_of_reach_with_lists_is_enough_and_no_more(transit: Transit, play: Run, overlays: str) -> None:
    place = Place("aws", transit.aws.world.region)
    document = policy_document.reach(place, transit.account, transit.tables, [transit.nodes], lists=[overlays])
    keys = transit.aws.options(transit.user("lists", *document["Statement"]))
    asked: dict[str, Any] = {"destinations": None, "prefix_list_ids": [overlays], **keys}
    assert actions(play(**asked)) == ["create"] * 2
    elsewhere = play(transit_gateway_attachment_id=transit.clients, **asked)
    assert {r["error"]["code"] for r in elsewhere["routes"]} == {"UnauthorizedOperation"}
    assert actions(play(state="absent", **asked)) == ["delete"] * 2
    other = transit.client.create_managed_prefix_list(
        PrefixListName="others", MaxEntries=1, AddressFamily="IPv4", Entries=[]
    )["PrefixList"]["PrefixListId"]
    refused = play(**{**asked, "prefix_list_ids": [other]})
    assert {r["error"]["code"] for r in refused["routes"]} == {"UnauthorizedOperation"}
