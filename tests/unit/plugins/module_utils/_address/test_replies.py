# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of replies that leave by the wrong interface."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import replies
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Held, Link, Node, Route, Rule
from unit.fake_host import FakeHost

V4, V6 = Held("192.168.10.15", 32, "eth1", "eth1:1"), Held("2001:db8::15", 128, "eth1", deprecated=True)
NODE = Node(
    (Link(1, "lo"), Link(2, "eth0"), Link(3, "eth1")),
    (Held("10.0.1.10", 24, "eth0"), Held("10.0.2.10", 24, "eth1"), V4),
    (Route(4, "eth0", 100, "10.0.1.1"),),
)
TABLE, RULE = Route(4, "eth1", gateway="10.0.2.1", table=7151), Rule("192.168.10.15", 7151, 7150)
HEAD = "192.168.10.15/32 is on eth1, but its replies leave by eth0, where EC2 drops them"


def told(node: Node, rp_filter: tuple[str, str] = ("0\n", "0\n"), cidr: str = "192.168.10.15/32") -> list[str]:
    names = ("all", "eth1")
    files = {f"/proc/sys/net/ipv4/conf/{n}/rp_filter": value for n, value in zip(names, rp_filter, strict=True)}
    found = replies.findings(FakeHost(files), node, {cidr})
    assert {(finding.id, finding.severity) for finding in found} <= {("replies_elsewhere", "error")}
    return [f"{finding.message} {finding.remedy}" for finding in found]


@pytest.mark.parametrize(
    ("node", "missing"),
    [
        (NODE, "the default route of table 7151 and the rule from 192.168.10.15 are missing"),
        (replace(NODE, routes=(*NODE.routes, TABLE)), "the rule from 192.168.10.15 is missing"),
    ],
)
def test_what_is_missing_is_named(node: Node, missing: str) -> None:
    assert told(node) == [f"{HEAD}: {missing}. Run setup."]


@pytest.mark.parametrize(
    ("rp_filter", "strict"),
    [(("1\n", "0\n"), True), (("0\n", "1\n"), True), (("1\n", "2\n"), False), (("2", "1"), False)],
)
def test_the_strict_filter_is_told(rp_filter: tuple[str, str], strict: bool) -> None:
    assert ("strict reverse path filtering" in told(NODE, rp_filter)[0]) is strict


def test_where_all_is_there_nothing_is_told_be_the_filter_strict_or_not() -> None:
    """The rule serves the filter, too: the sender is looked up with the overlay IP as the source."""
    whole = replace(NODE, routes=(*NODE.routes, TABLE), rules=(RULE,))
    assert told(whole) == told(whole, ("1\n", "1\n")) == []
    assert told(replace(NODE, held=(replace(V4, interface="eth0"),))) == []
    assert told(NODE, cidr="192.168.10.99/32") == []


def test_without_a_gateway_the_remedy_is_another() -> None:
    node = replace(NODE, held=(V6,), routes=(Route(6, "eth0", 100, "fe80::1"),))
    assert told(node, cidr="2001:db8::15/128") == [
        "2001:db8::15/128 is on eth1, but its replies leave by eth0, where EC2 drops them: eth1 has no IPv6 gateway"
        " that could be found. Give the interface an address and a default route of that family, with a metric of its"
        " own. Run setup."
    ]
