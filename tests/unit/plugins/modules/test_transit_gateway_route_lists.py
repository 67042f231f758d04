# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same with prefix lists, which a transit gateway route table refers to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from unit.aws_lab import OVERLAY, Run, actions
from unit.transit_lab import Transit, shown

pytest_plugins = ("unit.transit_play",)

SEARCH, FIND = "SearchTransitGatewayRoutes", "DescribeTransitGatewayVpcAttachments"
CREATE, REPLACE, DELETE = (f"{verb}TransitGatewayRoute" for verb in ("Create", "Replace", "Delete"))
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
