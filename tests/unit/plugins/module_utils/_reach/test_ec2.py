# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a search in a transit gateway's table decides, and what an older SDK does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.ec2 import TransitGateways
from unit.script import Call, Script

TABLE, OVERLAY = "tgw-rtb-1", "192.168.10.15/32"


def route(destination: str, attachment: str) -> dict[str, Any]:
    attached = [{"TransitGatewayAttachmentId": attachment, "ResourceType": "vpc", "ResourceId": "vpc-1"}]
    return {
        "DestinationCidrBlock": destination,
        "Type": "static",
        "State": "active",
        "TransitGatewayAttachments": attached,
    }


@pytest.mark.parametrize(
    ("found", "target"),
    [
        ([], None),
        ([route("192.168.0.0/16", "tgw-attach-1")], "tgw-attach-1"),
        ([route("192.168.0.0/16", "tgw-attach-1"), route("192.168.10.0/24", "tgw-attach-2")], "tgw-attach-2"),
        ([route("192.168.10.0/24", "tgw-attach-2"), route("0.0.0.0/0", "tgw-attach-1")], "tgw-attach-2"),
        ([route("192.168.11.0/24", "tgw-attach-3"), route("::/0", "tgw-attach-4")], None),  # they do not hold it
    ],
)
def test_the_longest_prefix_that_holds_it_decides_whatever_the_order(
    found: list[dict[str, Any]], target: str | None
) -> None:
    filters = [{"Name": "route-search.longest-prefix-match", "Values": [OVERLAY]}]
    asked = {"TransitGatewayRouteTableId": TABLE, "Filters": filters}
    with Script(Call("ec2", "SearchTransitGatewayRoutes", asked, {"Routes": found})) as aws:
        decides = TransitGateways(aws).longest(TABLE, OVERLAY)
    assert (decides.target if decides else None) == target


@pytest.mark.parametrize(
    ("options", "supported"),
    [
        ({"SecurityGroupReferencingSupport": "enable"}, True),
        ({"SecurityGroupReferencingSupport": "disable"}, False),
        ({}, None),
    ],
)
def test_group_referencing_of_a_gateway(options: dict[str, str], supported: bool | None) -> None:
    answer = {"TransitGateways": [{"TransitGatewayId": "tgw-1", "Options": options}]}
    call = Call("ec2", "DescribeTransitGateways", {"TransitGatewayIds": ["tgw-1"]}, answer)
    with Script(call) as aws:
        assert TransitGateways(aws).referencing("tgw-1") is supported
