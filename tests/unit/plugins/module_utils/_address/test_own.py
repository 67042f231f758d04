# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address is the node's own, by what the kernel says of it and of the default routes."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import own, plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import (
    Held,
    Link,
    Node,
    PlanError,
    Request,
    Route,
)

DHCP = Held("10.0.1.10", 24, "eth0", permanent=False)
FIXED = Held("10.0.1.10", 24, "eth0")
FIXED_HOST = Held("10.0.1.10", 32, "eth0")
OVERLAY = Held("192.168.10.15", 32, "eth0", "eth0:1")
BARE = Held("192.168.10.15", 32, "eth0")
WIDE = Held("192.168.10.15", 24, "eth0")
LOCAL6 = Held("fe80::1", 64, "eth0")
FIXED6 = Held("2001:db8:1::10", 64, "eth0")
HOST6 = Held("2001:db8:1::10", 128, "eth0")
OVERLAY6 = Held("2001:db8:10::15", 128, "eth0", deprecated=True)
WAY = Route(4, "eth0", gateway="10.0.1.1")
WAY6 = Route(6, "eth0", gateway="fe80::99")


@pytest.mark.parametrize(
    ("held", "beside", "routes", "leased", "expected"),
    [
        pytest.param(DHCP, [], [], [], "came by DHCP", id="a lifetime"),
        pytest.param(FIXED, [], [], ["10.0.1.10"], "came by DHCP", id="wicked's, without one"),
        pytest.param(FIXED, [], [WAY], [], "is the one by which eth0 reaches its gateway", id="fixed"),
        pytest.param(
            FIXED, [WIDE], [WAY], [], "is the one by which eth0 reaches its gateway", id="fixed, an overlay comes first"
        ),
        pytest.param(FIXED, [], [], [], "is the first of eth0 that brings a network along", id="fixed, no route"),
        pytest.param(
            FIXED_HOST,
            [OVERLAY],
            [Route(4, "eth0", gateway="10.0.1.1", source="10.0.1.10")],
            [],
            "is the source of the default route",
            id="source of a default route",
        ),
        pytest.param(
            FIXED_HOST, [], [WAY], [], "is the only one from which its default route can be used", id="the only one"
        ),
        pytest.param(FIXED6, [LOCAL6], [WAY6], [], "is the first of eth0 that brings a network along", id="IPv6"),
        pytest.param(
            HOST6, [LOCAL6, OVERLAY6], [WAY6], [], "is the only one from which its default route can be used", id="/128"
        ),
        pytest.param(OVERLAY, [DHCP], [WAY], [], "", id="an overlay"),
        pytest.param(OVERLAY, [], [WAY], [], "", id="an overlay where the lease has gone"),
        pytest.param(BARE, [FIXED], [WAY], [], "", id="an overlay without a label"),
        pytest.param(WIDE, [FIXED], [WAY], [], "", id="an overlay with a network, beside the own address"),
        pytest.param(Held("192.168.10.15", 24, "lo"), [], [], [], "", id="on lo"),
        pytest.param(
            OVERLAY,
            [FIXED],
            [Route(4, "eth0", gateway="10.0.1.1", source="192.168.10.15")],
            [],
            "",
            id="an overlay that somebody has made the source (ocf:heartbeat:IPsrcaddr)",
        ),
        pytest.param(OVERLAY6, [LOCAL6], [WAY6], [], "", id="an IPv6 overlay alone"),
        pytest.param(
            Held("10.0.2.10", 24, "eth1"), [FIXED], [WAY], [], "is the first of eth1 that brings a network along"
        ),
    ],
)
def test_why(held: Held, beside: list[Held], routes: list[Route], leased: list[str], expected: str) -> None:
    assert own.why(held, [*beside, held], routes, leased) == expected


@pytest.mark.parametrize("own_address", [DHCP, FIXED, FIXED_HOST])
@pytest.mark.parametrize("request_", [Request(("10.0.1.10/32",)), Request(("10.0.1.10/32",), state="absent")])
def test_it_is_neither_taken_nor_removed(own_address: Held, request_: Request) -> None:
    node = Node((Link(2, "eth0"),), (own_address,), (WAY,))
    with pytest.raises(PlanError, match=r"10\.0\.1\.10/\d+ on eth0 .*: it is this node's own address.*\.$"):
        plan.plan(request_, node)


def test_the_nodes_program_lets_go_and_takes_where_the_nodes_own_address_is_gone() -> None:
    """A lease has expired; the default route is still there, and the overlay IP is all that the node has."""
    node = Node((Link(2, "eth0"),), (BARE,), (WAY,), strict=False)
    assert [s.action for d in plan.plan(Request(("192.168.10.15/32",), state="absent"), node) for s in d.steps] == [
        "delete"
    ]
    assert [s.action for d in plan.plan(Request(("192.168.10.15/32",)), node) for s in d.steps] == []


def test_the_nodes_program_does_not_take_the_primary_address_away_either() -> None:
    with pytest.raises(PlanError, match="this node's own address"):
        plan.plan(Request(("10.0.1.10/32",), state="absent"), Node((Link(2, "eth0"),), (FIXED,), strict=False))


def test_a_label_of_somebody_elses_file_is_not_given_again() -> None:
    node = Node((Link(2, "eth0"),), (DHCP,), (WAY,), reserved=("eth0:1", "eth0:2"))
    assert plan.plan(Request(("192.168.10.15/32",)), node)[0].overlay.label == "eth0:3"


@pytest.mark.parametrize(
    ("own_address", "routes", "hinted"), [(FIXED, (WAY,), False), (DHCP, (WAY,), False), (FIXED, (), True)]
)
def test_nobody_is_told_to_delete_what_is_surely_the_nodes_own(
    own_address: Held, routes: tuple[Route, ...], hinted: bool
) -> None:
    with pytest.raises(PlanError) as told:
        plan.plan(Request(("10.0.1.10/32",), "eth0"), Node((Link(2, "eth0"),), (own_address,), routes))
    assert ("ip address delete" in str(told.value)) is hinted
