# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hops that the endpoint of the tests cannot show: it has no routes to prefix lists."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import path
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import Attached, Host, Net, Scene, Transit
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import ec2

LISTED = {"DestinationPrefixListId": "pl-1", "State": "active", "Origin": "CreateRoute"}
WIDE = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active", "Origin": "CreateRoute"}


@pytest.mark.parametrize("more", [[], [WIDE]])
@pytest.mark.parametrize(("gateway", "passes"), [("tgw-1", None), ("tgw-2", False)])
def test_a_prefix_list_as_the_way_back_is_not_seen(
    gateway: str, passes: bool | None, more: list[dict[str, str]]
) -> None:
    raw = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [{**LISTED, "TransitGatewayId": gateway}, *more]}
    table = ec2._table(raw)
    subnet = Net("subnet-1", "10.0.1.0/24", "a", table=table)
    near, far = (
        Attached(f"tgw-attach-{n}", "tgw-1", "vpc", f"vpc-{n}", table_id="tgw-rtb-1", nets=(subnet,)) for n in (2, 1)
    )
    node, source = Host("node1", "10.0.1.10/32", subnet), Host("client", "10.20.1.5/32")
    scene = Scene("192.168.10.15/32", "vpc-1", (node,), source, transit=Transit(near, far))
    [found] = path.paths(scene)
    [hop] = [h for h in found["hops"] if h["where"].startswith("route table") and h["direction"] == "back"]
    assert hop["passes"] is passes
    assert ("pl-1 -> tgw-1, a prefix list that was not read" in hop["rule"]) is (passes is None)
    assert ("See that pl-1 holds 10.20.1.5/32." in str(found["findings"])) is (passes is None)
