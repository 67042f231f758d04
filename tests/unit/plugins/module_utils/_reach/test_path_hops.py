# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a route of a VPC's table leads to, in place of the transit gateway: a drop, or what may send it on."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import path_hops
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import Attached, Net
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.path_hops import BACK, THERE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

WANTED, GATEWAY = "10.20.1.5/32", Attached("tgw-attach-1", "tgw-1", "vpc", "vpc-1")
TO_GATEWAY = Route("10.20.0.0/16", "tgw-1")


def table(*routes: Route) -> Table:
    return Table("rtb-1", "vpc-1", "", routes=(Route("10.0.0.0/16", "local", origin="CreateRouteTable"), *routes))


def subnet(*routes: Route) -> Net:
    return Net("subnet-1", "10.0.1.0/24", "a", table=table(*routes))


@pytest.mark.parametrize("direction", [THERE, BACK])
@pytest.mark.parametrize(
    ("target", "passes"),
    [
        ("tgw-1", True),
        ("vpce-1", None),
        ("eni-1", None),
        ("arn:aws:networkmanager::1:core-network/core-network-1", None),
        ("lgw-1", None),
        ("igw-1", False),
        ("eigw-1", False),
        ("pcx-1", False),
        ("vgw-1", False),
        ("local", False),
        ("nat-1", False),
    ],
)
def test_what_may_send_it_on_is_not_seen(direction: str, target: str, passes: bool | None) -> None:
    for prefix in ("10.20.0.0/16", "0.0.0.0/0"):
        hop = path_hops.to_gateway(direction, "x", subnet(Route(prefix, target)), WANTED, GATEWAY)
        assert hop.passes is passes, hop
        assert (f"See that {target} lets it through, and that it is sent on to tgw-1." in hop.remedy) is (
            passes is None
        )
        dead = Route(prefix, target, state="blackhole")
        assert path_hops.to_gateway(direction, "x", subnet(dead), WANTED, GATEWAY).passes is False


@pytest.mark.parametrize("direction", [THERE, BACK])
def test_another_transit_gateway_is_no_firewall(direction: str) -> None:
    hop = path_hops.to_gateway(direction, "x", subnet(Route("10.20.0.0/16", "tgw-2")), WANTED, GATEWAY)
    assert (hop.passes, hop.detour, hop.astray) == (None, True, True)
    assert hop.rule == (
        "10.20.0.0/16 -> tgw-2, the longest prefix that holds 10.20.1.5/32, another transit gateway than tgw-1: where"
        " it sends 10.20.1.5/32 cannot be seen from here"
    )
    dead = Route("10.20.0.0/16", "tgw-2", state="blackhole")
    assert path_hops.to_gateway(direction, "x", subnet(dead), WANTED, GATEWAY).passes is False


def test_a_nat_gateway_sends_on_what_a_client_begins_and_by_its_own_table() -> None:
    by_nat = subnet(Route("0.0.0.0/0", "nat-1"))
    for direction, others, passes in (
        (THERE, [table()], False),
        (THERE, [table(), table(TO_GATEWAY)], None),
        (BACK, [table(TO_GATEWAY)], False),
    ):
        assert path_hops.to_gateway(direction, "x", by_nat, WANTED, GATEWAY, tables=others).passes is passes


@pytest.mark.parametrize(
    ("routes", "passes"),
    [((TO_GATEWAY,), None), ((), False), ((Route("0.0.0.0/0", "eni-2"),), False)],
)
def test_what_a_node_gets_goes_on_by_its_own_table(routes: tuple[Route, ...], passes: bool | None) -> None:
    by_node = subnet(Route("0.0.0.0/0", "eni-2"))
    nodes = {"eni-2": Net("subnet-2", "10.0.2.0/24", "b", table=table(*routes))}
    assert path_hops.to_gateway(BACK, "x", by_node, WANTED, GATEWAY, nodes=nodes).passes is passes


def test_parts_of_a_network_and_how_many_are_named() -> None:
    parts = [Route(f"10.20.{n}.0/24", "vgw-1") for n in range(5)]
    hop = path_hops.to_gateway(BACK, "x", subnet(TO_GATEWAY, *parts), "10.20.0.0/16", GATEWAY)
    assert hop.passes is True
    assert hop.warning == (
        "of 10.20.0.0/16, a part is led elsewhere: 10.20.0.0/24 -> vgw-1 (active), 10.20.1.0/24 -> vgw-1 (active),"
        " 10.20.2.0/24 -> vgw-1 (active) and 2 more"
    )
    assert path_hops.to_gateway(BACK, "x", subnet(TO_GATEWAY, *parts), "10.20.9.0/24", GATEWAY).warning == ""
    whole = subnet(Route("10.0.0.0/8", "tgw-1"))  # the VPC itself lies in it
    assert path_hops.to_gateway(BACK, "x", whole, "10.0.0.0/8", GATEWAY).warning == ""
