# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked about a transit gateway, in which order, and what is said where nobody may tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.ec2 import TransitGateways
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.owners import Owners, Sight
from unit.script import Script

ONE, TWO = (f"arn:aws:iam::{account}:role/reach" for account in ("111111111111", "222222222222"))
RAW = {"TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "222222222222"}
DENIED, MISSING, BROKEN = "UnauthorizedOperation", "InvalidRouteTableID.NotFound", "InternalError"


class Caller(TransitGateways):
    """Answers with its name, or refuses by this code."""

    asked: list[str]

    def __init__(self, name: str, asked: list[str], refuses: str = "") -> None:
        super().__init__(Script())
        self._name, self._refuses, self.asked = name, refuses, asked

    def _answer(self) -> str:
        self.asked.append(self._name)
        if self._refuses:
            raise AwsError(self._refuses, f"{self._name} may not.", "Search")
        return self._name

    def tables_of(self, transit_gateway_id: str) -> list[str]:
        return [self._answer()]

    def attachments(self, transit_gateway_attachment_id: str = "", resource_id: str | None = None) -> list[Any]:
        return [{"TransitGatewayAttachmentId": self._answer()}]


def owners(asked: list[str], own: str = "", one: str = "", two: str = "") -> Owners:
    roles = {ONE: Caller("one", asked, one), TWO: Caller("two", asked, two)}
    return Owners(Caller("own", asked, own), roles)


@pytest.mark.parametrize(
    ("refusals", "order"),
    [
        ({}, ["two"]),
        ({"two": DENIED}, ["two", "own"]),
        ({"two": MISSING, "own": DENIED}, ["two", "own", "one"]),
    ],
)
def test_the_owners_role_is_asked_first_and_then_who_else_may(refusals: dict[str, str], order: list[str]) -> None:
    asked: list[str] = []
    assert owners(asked, **refusals).tables_of(RAW) == order[-1:]
    assert asked == order


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (DENIED, "two may not."),
        (
            MISSING,
            "two may not. It may be another account's: set assume_role_arn in overlay_ip_reach (transit_gateway_",
        ),
    ],
)
def test_where_nobody_may_the_refusal_is_no_end_of_the_path(code: str, told: str) -> None:
    sight, asked = Sight(), list[str]()
    nobody = owners(asked, **dict.fromkeys(("own", "one", "two"), code))
    assert sight.ask("the tables", lambda: nobody.tables_of(RAW), ["?"]) == ["?"]
    [unseen] = sight.unseen
    assert (unseen.what, unseen.why.startswith(told)) == ("the tables", True)


def test_what_is_no_refusal_ends_it() -> None:
    with pytest.raises(AwsError, match="two may not"):
        owners([], two=BROKEN).tables_of(RAW)


def test_each_role_that_may_not_is_told_and_the_callers_own_refusal_is_not() -> None:
    sight, asked = Sight(), list[str]()
    found = owners(asked, own=DENIED, one=DENIED).attachments("vpc-1", sight)
    assert [raw["TransitGatewayAttachmentId"] for raw in found] == ["two"]
    assert [one.what for one in sight.unseen] == [f"the transit gateways of vpc-1 by {ONE}"]
    alone = Sight()
    assert Owners(Caller("own", asked, DENIED)).attachments("vpc-1", alone) == []
    assert [one.what for one in alone.unseen] == ["the transit gateways of vpc-1"]
