# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transit gateway's table does: the whole table of where it may lead, and what may come on from there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import path_gateway
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import Attached, Onward, Transit
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.path_gateway import AtGateway
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.path_hops import BACK, THERE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import TransitRoute

WANTED = "10.20.1.5/32"
CLIENTS = Attached("tgw-attach-c", "tgw-1", "vpc", "vpc-c", table_id="tgw-rtb-1")
VPN = Attached("tgw-attach-v", "tgw-1", "vpn", "vpn-1", table_id="tgw-rtb-1")
NODES = Attached("tgw-attach-n", "tgw-1", "vpc", "vpc-n", table_id="tgw-rtb-1")


def to(target: str | None, kind: str = "vpc", **more: object) -> TransitRoute:
    state = "active" if target else "blackhole"
    return replace(TransitRoute("10.20.0.0/16", target, "static", state, kind, f"{kind}-1"), **more)  # type: ignore[arg-type]


def on(route: TransitRoute | None) -> Onward:
    return Onward("tgw-attach-b", "tgw-rtb-b", route)


def judged(direction: str, near: Attached, route: TransitRoute | None, onward: Onward | None) -> bool | None:
    target, sender = (NODES, near) if direction == THERE else (near, NODES)
    asked = AtGateway(direction, "tgw-rtb-1", WANTED, route, onward, target, sender, "x", "Do it.")
    return path_gateway.gateway_route(Transit(near, NODES), asked).passes


BETWEEN, ONE_MORE = "tgw-attach-b", "tgw-attach-d"


@pytest.mark.parametrize("kind", ["vpc", "network-function", "vpn", "direct-connect-gateway", "peering", "connect"])
@pytest.mark.parametrize(
    ("direction", "onward", "passes"),
    [
        (THERE, None, None),
        (THERE, on(to("tgw-attach-n")), None),
        (THERE, on(to(ONE_MORE, "vpn")), None),
        (THERE, on(None), False),
        (THERE, on(to(None)), False),
        (THERE, on(to(BETWEEN)), False),
        (THERE, on(to("tgw-attach-c")), False),
        (THERE, on(to("tgw-attach-n", state="blackhole")), False),
        (BACK, None, None),
        (BACK, on(to("tgw-attach-c")), None),
        (BACK, on(to("tgw-attach-n")), False),
        (BACK, on(None), False),
    ],
)
def test_what_lies_between(kind: str, direction: str, onward: Onward | None, passes: bool | None) -> None:
    """The same of every kind of attachment: by the table of that one alone anything comes on."""
    assert judged(direction, CLIENTS, to(BETWEEN, kind), onward) is passes


@pytest.mark.parametrize(
    ("route", "onward", "passes"),
    [
        (to("tgw-attach-v", "vpn"), None, True),
        (to("tgw-attach-w", "vpn", more=("tgw-attach-v",)), None, True),
        (to("tgw-attach-w", "vpn"), on(None), None),
        (to("tgw-attach-w", "direct-connect-gateway"), on(to("tgw-attach-n")), None),
        (to(BETWEEN), on(to("tgw-attach-v", "vpn")), None),
        (to(BETWEEN), on(to("tgw-attach-w", "vpn")), None),
        (to(BETWEEN), on(None), None),  # it may leave from there by itself
        (to(BETWEEN), on(to("tgw-attach-n")), False),
        (to("tgw-attach-n"), None, False),
        (to(None), None, False),
        (to("tgw-attach-v", "vpn", state="blackhole"), None, False),
        (None, None, False),
    ],
)
def test_the_answer_to_a_network_outside(
    route: TransitRoute | None, onward: Onward | None, passes: bool | None
) -> None:
    assert judged(BACK, VPN, route, onward) is passes


@pytest.mark.parametrize(
    ("attached", "passes"),
    [
        (replace(CLIENTS, table_id=None), False),
        (replace(CLIENTS, table_id=None, untold=True), None),
        (replace(CLIENTS, table_id=None, kind="peering"), None),  # with a core network, by a policy table
    ],
)
def test_an_attachment_without_a_table(attached: Attached, passes: bool | None) -> None:
    hop = path_gateway.unassociated(THERE, attached)
    assert hop.passes is passes
    assert bool(hop.id) is (passes is False)
    assert hop.remedy
