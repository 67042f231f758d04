# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which table replies leave, and what makes them: nodes as their stacks and agents have them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import source
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import (
    ADD,
    DELETE,
    MAIN,
    Decision,
    Held,
    Link,
    Node,
    Overlay,
    Route,
    Rule,
    Way,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.source import Turn

LINKS = tuple(Link(index, name) for index, name in enumerate(("lo", "eth0", "eth1", "eth2"), 1))
OWN = (Held("10.0.1.10", 24, "eth0"), Held("10.0.2.10", 24, "eth1"), Held("10.0.3.10", 25, "eth2"))
FIRST = Route(4, "eth0", 100, "10.0.1.1")
V4, V6 = Overlay("192.168.10.15", 32, "eth1"), Overlay("2001:db8::15", 128, "eth1")
OURS = Route(4, "eth1", gateway="10.0.2.1", table=7151)
RULE = Rule("192.168.10.15", 7151, 7150)


def node(*routes: Route, rules: tuple[Rule, ...] = (), saved: tuple[Overlay, ...] = ()) -> Node:
    return Node(LINKS, OWN, (FIRST, *routes), saved, rules)


def steer(at: Node, *overlays: Overlay, present: bool = True) -> source.Steering:
    return source.steer([Decision(overlay, (), ()) for overlay in overlays or (V4,)], at, present=present)


def ways(steering: source.Steering) -> list[Way | None]:
    return [decision.overlay.way for decision in steering.decisions]


def test_a_rule_and_a_table_with_the_vpcs_router() -> None:
    steering = steer(node())
    assert steering.turns == (Turn(ADD, OURS), Turn(ADD, RULE))
    assert ways(steering) == [Way(7151, "10.0.2.1")]
    assert steering.warnings == ()


@pytest.mark.parametrize(
    ("overlay", "at"),
    [
        (replace(V4, interface="eth0"), node()),
        (replace(V4, interface="lo"), node()),
        (V4, replace(node(), routes=())),  # nobody knows which way is the other one
        (V4, node(Route(4, "eth1", 50, "10.0.2.1"))),  # the lowest metric wins
        (replace(V6, interface="eth0"), node()),  # no IPv6 default route: IPv4's counts
    ],
    ids=["the default route's", "lo", "no default route", "a better metric", "IPv6 beside IPv4"],
)
def test_where_the_default_route_leads_out_of_the_interface_nothing_is_made(overlay: Overlay, at: Node) -> None:
    steering = steer(at, overlay)
    assert (ways(steering), steering.turns, steering.warnings) == ([None], (), ())


def test_the_gateway_is_the_one_that_the_stack_has_for_the_interface() -> None:
    assert ways(steer(node(Route(4, "eth1", 200, "10.0.2.254")))) == [Way(7151, "10.0.2.254")]
    six = node(Route(6, "eth0", 100, "fe80::1"), Route(6, "eth1", 300, "fe80::3"), Route(6, "eth1", 200, "fe80::2"))
    assert ways(steer(six, V6)) == [Way(7151, "fe80::2")]
    assert ways(steer(node(), replace(V4, interface="eth2"))) == [Way(7151, "10.0.3.1")]


def test_by_ipv6_the_vpcs_router_is_known_where_the_subnet_has_ipv6() -> None:
    first = Route(6, "eth0", 100, "fe80::1")

    def on(*held: Held) -> source.Steering:
        return steer(replace(node(first), held=(*OWN, *held)), V6)

    own = Held("2001:db8:1::a", 128, "eth1", permanent=False)
    assert ways(on(own)) == [Way(7151, "fe80:ec2::1")]
    assert on(own).warnings == ()
    other = Held("2001:db8::16", 128, "eth1", deprecated=True)  # an overlay, too
    for held in ((), (other,), (Held("2001:db8::15", 128, "eth1"),), (replace(own, interface="eth0"),)):
        assert ways(on(*held)) == [None]
        assert "eth1 has no IPv6 gateway" in on(*held).warnings[0]


def test_of_ways_that_are_as_good_each_takes_some_replies() -> None:
    """Where they are as good for the kernel, replies go by either."""
    both = node(Route(6, "eth0", 1024, "fe80::1"), Route(6, "eth1", 1024, "fe80::2"), Route(6, "eth2", 2048, "fe80::3"))
    for interface, gateway in (("eth0", "fe80::1"), ("eth1", "fe80::2"), ("eth2", "fe80::3")):
        assert ways(steer(both, replace(V6, interface=interface))) == [Way(7151, gateway)]
    assert source.elsewhere("eth0", 6, both) == "eth1"
    assert source.elsewhere("eth2", 6, both) == "eth0"
    assert source.elsewhere("eth0", 4, both) == ""


def test_an_unknown_gateway_is_told_and_makes_nothing() -> None:
    steering = steer(node(Route(6, "eth0", 100, "fe80::1")), V6)
    assert steering.turns == ()
    assert steering.warnings == (
        "Replies from 2001:db8::15/128 leave by eth0, not by eth1, and EC2 drops them: eth1 has no IPv6 gateway that"
        " could be found. Give the interface an address and a default route of that family, with a metric of its own.",
    )


AGENTS = {
    "amazon-ec2-net-utils": (10001, (Rule("10.0.2.10", 10001, 10001),)),
    "netplan": (101, (Rule("10.0.2.10", 101, 32765),)),
    "nm-cloud-setup": (30401, (Rule("10.0.2.10", 30401, 30401),)),
    "a table without a rule of its address": (500, ()),
}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_table_of_another_program_is_used_and_left_alone(agent: str) -> None:
    table, rules = AGENTS[agent]
    theirs = Route(4, "eth1", 512, "10.0.2.1", table=table)
    at = node(theirs, rules=rules)
    steering = steer(at)
    assert steering.turns == (Turn(ADD, Rule("192.168.10.15", table, 7150)),)
    assert ways(steering) == [Way(table, "10.0.2.1", ours=False)]
    gone = steer(source.after(at, steering.turns), present=False)
    assert gone.turns == (Turn(DELETE, Rule("192.168.10.15", table, 7150)),)


def test_of_several_tables_the_one_that_the_interfaces_own_address_goes_by() -> None:
    routes = [Route(4, "eth1", 0, "10.0.2.1", table=table) for table in (300, 400, 7151)]
    assert ways(steer(node(*routes, rules=(Rule("10.0.2.10", 400, 1000),)))) == [Way(400, "10.0.2.1", ours=False)]
    assert ways(steer(node(*routes))) == [Way(300, "10.0.2.1", ours=False)]


def test_a_table_that_appears_later_takes_the_place_of_ours() -> None:
    at = node(OURS, Route(4, "eth1", 0, "10.0.2.1", table=10001), rules=(RULE,))
    assert steer(at).turns == (
        Turn(ADD, Rule("192.168.10.15", 10001, 7150)),
        Turn(DELETE, RULE),
        Turn(DELETE, OURS),
    )


@pytest.mark.parametrize(
    ("at", "turns"),
    [
        (node(OURS, rules=(RULE,)), ()),
        (node(OURS, rules=(replace(RULE, priority=100),)), ()),  # somebody's own rule serves
        (node(rules=(RULE,), saved=(replace(V4, way=Way(7151, "10.0.2.1")),)), (Turn(ADD, OURS),)),
        (node(rules=(RULE,)), (Turn(ADD, OURS),)),
        (node(OURS), (Turn(ADD, RULE),)),
        (node(replace(OURS, gateway="10.0.2.9"), rules=(RULE,)), ()),
    ],
    ids=["all there", "another priority", "route gone", "route gone, no file", "rule gone", "gateway set by hand"],
)
def test_only_what_is_missing_is_made(at: Node, turns: tuple[Turn, ...]) -> None:
    assert steer(at).turns == turns
    assert tuple(source.lacking(V4, at)) == turns


def test_each_interface_has_one_table_and_no_number_is_given_twice() -> None:
    other, third = replace(V4, address="192.168.10.16"), replace(V4, address="192.168.10.17", interface="eth2")
    steering = steer(node(), V4, other, third)
    assert [way and way.table for way in ways(steering)] == [7151, 7151, 7152]
    assert [turn.what.table for turn in steering.turns] == [7151, 7151, 7151, 7152, 7152]
    # After the kernel has lost everything, the files still say which number is whose.
    kept = node(saved=(replace(third, way=Way(7151, "10.0.3.1")),))
    assert ways(steer(kept)) == [Way(7152, "10.0.2.1")]
    assert ways(steer(kept, third)) == [Way(7151, "10.0.3.1")]
    # Somebody else's number is left alone, too, in its family.
    assert ways(steer(node(Route(4, "eth2", 0, "10.0.3.1", table=7151)))) == [Way(7152, "10.0.2.1")]
    assert ways(steer(node(Route(6, "eth2", 0, "fe80::1", table=7151)))) == [Way(7151, "10.0.2.1")]


def test_the_last_rule_takes_the_table_along() -> None:
    other = replace(RULE, source="192.168.10.16")
    at = node(OURS, rules=(RULE, other))
    assert steer(at, present=False).turns == (Turn(DELETE, RULE),)
    both = steer(at, V4, replace(V4, address="192.168.10.16"), present=False)
    assert both.turns == (Turn(DELETE, RULE), Turn(DELETE, other), Turn(DELETE, OURS))
    # Back on the interface of the default route, it is the same.
    assert steer(node(OURS, rules=(RULE,)), replace(V4, interface="eth0")).turns == (
        Turn(DELETE, RULE),
        Turn(DELETE, OURS),
    )


def test_a_rule_of_somebody_else_is_never_deleted() -> None:
    theirs = replace(RULE, priority=100)
    assert steer(node(OURS, rules=(theirs,)), present=False).turns == ()


def test_after_is_what_the_turns_do() -> None:
    at = node(replace(OURS, gateway="10.0.2.9"))
    later = source.after(at, (Turn(ADD, OURS), Turn(ADD, RULE)))
    assert (later.routes, later.rules) == ((FIRST, OURS), (RULE,))
    assert source.lines({"192.168.10.15"}, later) == (
        "default via 10.0.2.1 dev eth1 table 7151\nrule from 192.168.10.15 lookup 7151\n"
    )
    assert source.lines({"192.168.10.16"}, later) == ""
    assert source.lines({"192.168.10.15"}, node(rules=(replace(RULE, table=MAIN),))) == (
        "rule from 192.168.10.15 lookup 254\n"
    )
    assert source.after(later, (Turn(DELETE, RULE), Turn(DELETE, OURS))) == node()
