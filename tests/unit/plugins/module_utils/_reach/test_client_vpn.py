# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Client VPN endpoint lacks, in order; what each item needs next, and which of them decide."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import client_vpn
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.client_vpn import (
    MARK,
    ROUTE,
    RULE,
    Action,
    Held,
    Item,
    Network,
    Seen,
    Want,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import PlanError

OVERLAY, ENDPOINT = "192.168.10.15/32", "cvpn-endpoint-1"
NETWORKS = (Network("subnet-1", "vpc-1"), Network("subnet-2", "vpc-1", "associating"))
EVERYBODY, ONE, TWO = Item(RULE, OVERLAY, ""), Item(ROUTE, OVERLAY, "subnet-1"), Item(ROUTE, OVERLAY, "subnet-2")
GROUP = Item(RULE, OVERLAY, "S-1")


def seen(*items: Held, networks: tuple[Network, ...] = NETWORKS) -> Seen:
    return Seen(networks, {one.item: one for one in items})


def held(item: Item, state: str = "active", description: str = MARK) -> Held:
    return Held(item, state, description)


def kinds(want: Want, what: Seen) -> list[tuple[str, Item]]:
    return [(action.kind, action.item) for action in client_vpn.plan(want, what)]


def test_the_rule_comes_before_the_routes_and_goes_after_them() -> None:
    want, gone = Want(ENDPOINT, (OVERLAY,)), Want(ENDPOINT, (OVERLAY,), state="absent")
    assert kinds(want, seen()) == [("create", EVERYBODY), ("create", ONE), ("create", TWO)]
    everything = seen(held(EVERYBODY), held(ONE), held(TWO))
    assert kinds(want, everything) == [("none", EVERYBODY), ("none", ONE), ("none", TWO)]
    assert kinds(gone, everything) == [("delete", ONE), ("delete", TWO), ("delete", EVERYBODY)]


@pytest.mark.parametrize(
    ("state", "present", "absent"),
    [
        ("creating", "none", "delete"),
        ("active", "none", "delete"),
        ("failed", "replace", "delete"),
        ("deleting", "create", "none"),
    ],
)
def test_what_a_state_asks_for(state: str, present: str, absent: str) -> None:
    there = seen(held(EVERYBODY), held(ONE, state), held(TWO))
    for wanted, kind in (("present", present), ("absent", absent)):
        found = kinds(Want(ENDPOINT, (OVERLAY,), state=wanted), there)
        assert [one for one, item in found if item == ONE] == [kind]


def test_what_is_no_longer_asked_for_goes_if_it_is_ours() -> None:
    narrow = Want(ENDPOINT, (OVERLAY,), ("subnet-1",), ("S-1",))
    assert kinds(narrow, seen(held(EVERYBODY), held(ONE), held(TWO, description="by hand"))) == [
        ("create", GROUP),
        ("none", ONE),
        ("kept", TWO),
        ("delete", EVERYBODY),
    ]


def test_absent_narrowed_by_its_options() -> None:
    there = seen(held(EVERYBODY), held(GROUP), held(ONE), held(TWO))
    only = Want(ENDPOINT, (OVERLAY,), ("subnet-2",), ("S-1",), "absent")
    assert kinds(only, there) == [("delete", TWO), ("delete", GROUP)]


def test_the_description_tells_whose_it_is() -> None:
    there = seen(held(EVERYBODY, description="other"), held(ONE))
    mine = Want(ENDPOINT, (OVERLAY,), state="absent", description="other")
    assert kinds(mine, there) == [("kept", ONE), ("delete", EVERYBODY)]


@pytest.mark.parametrize(
    ("networks", "subnets", "sentence"),
    [
        ((), (), "cvpn-endpoint-1 is associated with no subnet, so that no route can be made"),
        ((Network("subnet-1", "vpc-1", "disassociating"),), (), "is associated with no subnet"),
        ((Network("subnet-1", "vpc-1", "association-failed"),), (), "is associated with no subnet"),
        (
            NETWORKS,
            ("subnet-9",),
            "not associated with subnet-9: correct subnet_ids, or leave them out. It is associated",
        ),
    ],
)
def test_what_cannot_be_routed_is_refused(
    networks: tuple[Network, ...], subnets: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(PlanError, match=sentence):
        client_vpn.plan(Want(ENDPOINT, (OVERLAY,), subnets), seen(networks=networks))


CREATE, REPLACE, DELETE = (Action(kind, ONE, held(ONE)) for kind in ("create", "replace", "delete"))
NONE, KEPT, GOING = Action("none", ONE, held(ONE)), Action("kept", ONE), Action("none", ONE, held(ONE, "deleting"))


@pytest.mark.parametrize(
    ("action", "state", "written", "next_one"),
    [
        (CREATE, "", False, "create"),
        (CREATE, "", True, "create"),
        (CREATE, "deleting", False, ""),
        (CREATE, "creating", True, ""),
        (CREATE, "active", True, None),
        (CREATE, "failed", True, ""),
        (REPLACE, "failed", False, "delete"),
        (REPLACE, "deleting", False, ""),
        (REPLACE, "", False, "create"),
        (DELETE, "active", False, "delete"),
        (DELETE, "deleting", False, ""),
        (DELETE, "", False, None),
        (NONE, "creating", False, ""),
        (NONE, "active", False, None),
        (NONE, "", False, "create"),
        (GOING, "deleting", False, ""),
        (GOING, "", False, None),
        (KEPT, "active", False, None),
    ],
)
def test_what_an_item_needs_next(action: Action, state: str, written: bool, next_one: str | None) -> None:
    assert client_vpn.following(action, held(ONE, state) if state else None, written=written) == next_one


def test_the_longest_prefix_decides() -> None:
    wide, everywhere = Item(RULE, "192.168.0.0/16", ""), Item(ROUTE, "0.0.0.0/0", "subnet-1")
    other = Item(RULE, "10.0.0.0/8", "")
    items = [held(one) for one in (wide, everywhere, other, TWO)]
    assert [one.item for one in client_vpn.deciding(items, OVERLAY)] == [wide]
    assert [one.item for one in client_vpn.deciding(items, OVERLAY, "subnet-1")] == [everywhere]
    assert [one.item for one in client_vpn.deciding(items, OVERLAY, "subnet-2")] == [TWO]
    assert client_vpn.deciding([held(wide), held(TWO, "deleting")], OVERLAY, "subnet-2") == []
    both = [held(EVERYBODY), held(GROUP), held(wide)]
    assert [one.item for one in client_vpn.deciding(both, OVERLAY)] == [EVERYBODY, GROUP]
    assert client_vpn.deciding(items, "2001:db8::1/128") == []
