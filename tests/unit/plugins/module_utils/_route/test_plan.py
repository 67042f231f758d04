# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tables say and what is wanted, and the actions that follow: one row per case."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Action, PlanError, Route, Table, Want

OVERLAY, V6 = "192.168.10.15/32", "2001:db8::15/128"
A, B = "eni-a", "eni-b"
LOCAL = Route("10.0.0.0/16", "local", origin="CreateRouteTable")
LOCAL_V6 = Route("2001:db8:ffff::/56", "local", origin="CreateRouteTable")


def to(eni: str, state: str = "active", destination: str = OVERLAY) -> Route:
    return Route(destination, eni, state, network_interface_id=eni, instance_id=eni.replace("eni", "i"))


GATEWAY = Route(OVERLAY, "igw-1")
PROPAGATED = Route(OVERLAY, "vgw-1", origin="EnableVgwRoutePropagation")
ADVERTISED = Route(OVERLAY, A, origin="Advertisement", network_interface_id=A)


def table(*routes: Route, name: str = "rtb-1", vpc: str = "vpc-1", **more: Any) -> Table:
    return Table(name, vpc, "111111111111", routes=(LOCAL, LOCAL_V6, *routes), **more)


@pytest.mark.parametrize(
    ("routes", "always", "blackhole", "never", "absent"),
    [
        #  the table holds          always     blackhole  never     absent
        ((), "create", "create", "create", "none"),
        ((to(B),), "none", "none", "none", "delete"),
        ((to(B, "blackhole"),), "none", "none", "none", "delete"),
        ((to(A),), "replace", "kept", "kept", "delete"),
        ((to(A, "blackhole"),), "replace", "replace", "kept", "delete"),
        ((to(A, "filtered"),), "replace", "kept", "kept", "delete"),
        ((PROPAGATED,), "create", "create", "create", "none"),
        ((ADVERTISED,), "create", "create", "create", "none"),
        ((PROPAGATED, to(A)), "replace", "kept", "kept", "delete"),
        ((to(A, destination="192.168.10.0/24"),), "create", "create", "create", "none"),
    ],
)
def test_one_table(routes: tuple[Route, ...], always: str, blackhole: str, never: str, absent: str) -> None:
    for takeover, kind in (("always", always), ("blackhole", blackhole), ("never", never)):
        (action,) = plan.plan([table(*routes)], Want((OVERLAY,), B, takeover=takeover))
        assert action.kind == kind, takeover
        assert action.writes == (kind in ("create", "replace"))
    (action,) = plan.plan([table(*routes)], Want((OVERLAY,), state="absent"))
    assert action.kind == absent


@pytest.mark.parametrize("takeover", ["always", "blackhole"])
@pytest.mark.parametrize("state", ["active", "blackhole"])
def test_a_route_to_no_interface_is_somebody_elses(takeover: str, state: str) -> None:
    route = Route(OVERLAY, "tgw-1", state)
    with pytest.raises(
        PlanError, match=r"Somebody else routes 192.168.10.15/32 in rtb-1 to tgw-1, which is no network"
    ):
        plan.plan([table(route)], Want((OVERLAY,), B, takeover=takeover))
    (left,) = plan.plan([table(route)], Want((OVERLAY,), B, takeover=takeover, foreign=plan.LEAVE))
    assert left.kind == "kept"
    for how, kind in (("always", plan.REPLACE), ("blackhole", plan.REPLACE), ("never", plan.KEPT)):
        (asked,) = plan.plan([table(route)], Want((OVERLAY,), B, takeover=how, foreign=plan.TAKE))
        assert asked.kind == kind
    (taken,) = plan.plan([table(route)], Want((OVERLAY,), B, foreign=plan.TAKE))
    assert taken.kind == "replace"
    assert plan.plan([table(route)], Want((OVERLAY,), B, takeover="never"))[0].kind == "kept"
    assert plan.plan([table(route)], Want((OVERLAY,), state="absent"))[0].kind == "kept"


def test_the_action_says_what_was_there_and_where_it_leads() -> None:
    assert plan.plan([table(to(A))], Want((OVERLAY,), B)) == [Action("replace", "rtb-1", OVERLAY, to(A), B)]


def test_every_destination_in_every_table() -> None:
    tables = [table(name="rtb-1"), table(to(A), to(B, destination=V6), name="rtb-2")]
    actions = plan.plan(tables, Want((OVERLAY, V6), B))
    assert [(a.kind, *a.key) for a in actions] == [
        ("create", "rtb-1", OVERLAY),
        ("create", "rtb-1", V6),
        ("replace", "rtb-2", OVERLAY),
        ("none", "rtb-2", V6),
    ]


@pytest.mark.parametrize(
    ("destination", "cidr"),
    [
        ("10.0.1.99/32", "10.0.0.0/16"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("2001:db8:ffff::15/128", "2001:db8:ffff::/56"),
    ],
)
def test_inside_the_vpc_is_refused(destination: str, cidr: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan.plan([table()], Want((destination,), B))
    assert str(refused.value) == (
        f"Overlay IP {destination} lies inside the CIDR {cidr} of vpc-1: "
        "choose an address outside every CIDR of the VPC. Nothing was changed."
    )
    # Removing what somebody put there is still possible.
    assert plan.plan([table()], Want((destination,), state="absent"))[0].kind == "none"


@pytest.mark.parametrize("destination", ["10.0.0.0/8", "10.1.0.1/32", "2001:db8::/32"])
def test_around_or_beside_the_vpc_is_not(destination: str) -> None:
    assert plan.plan([table()], Want((destination,), B))[0].kind == "create"


def test_an_edge_table_cannot_hold_it() -> None:
    edge = table(edge=True)
    with pytest.raises(PlanError, match=r"rtb-1 is associated with a gateway .* take it out of route_table_ids"):
        plan.plan([edge], Want((OVERLAY,), B))
    assert plan.plan([edge], Want((OVERLAY,), state="absent"))[0].kind == "none"


def test_the_tables_of_two_vpcs_are_refused() -> None:
    tables = [table(), table(name="rtb-2", vpc="vpc-2")]
    with pytest.raises(PlanError, match="The route tables lie in vpc-1 and vpc-2, but a target is in one VPC only"):
        plan.plan(tables, Want((OVERLAY,), B))
    assert len(plan.plan(tables, Want((OVERLAY,), state="absent"))) == 2


@pytest.mark.parametrize("expected", [A, "i-a"])
@pytest.mark.parametrize("routes", [(), (to(A),), (to(B),), (PROPAGATED,)])
def test_the_expected_holder_or_the_target_may_hold_it(routes: tuple[Route, ...], expected: str) -> None:
    assert plan.plan([table(*routes)], Want((OVERLAY,), B, expected_holder=expected))


@pytest.mark.parametrize(("holder", "shown"), [(to("eni-c"), "i-c"), (GATEWAY, "igw-1")])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_anybody_else_is_a_refusal(holder: Route, shown: str, state: str) -> None:
    tables = [table(to(A)), table(holder, name="rtb-2")]
    with pytest.raises(PlanError) as refused:
        plan.plan(tables, Want((OVERLAY,), B, state, expected_holder="i-a"))
    assert str(refused.value) == (
        f"Refused: {OVERLAY} in rtb-2 points at {shown}, not at the expected holder i-a: somebody moved it meanwhile. "
        "Look at the status, then ask again. Nothing was changed."
    )


def test_serving_tables() -> None:
    tables = [
        table(name="main", main=True),
        table(name="own", subnet_ids=("subnet-1",)),
        table(name="idle"),
        table(name="edge", edge=True, subnet_ids=("subnet-2",)),
    ]
    assert [t.route_table_id for t in plan.serving(tables)] == ["main", "own"]


@pytest.mark.parametrize(
    ("kind", "routes", "state", "expected"),
    [
        ("replace", (to(B),), "present", True),
        ("none", (to(B),), "present", True),
        ("replace", (to(B, "blackhole"),), "present", False),
        ("replace", (to(A),), "present", False),
        ("create", (), "present", False),
        ("create", (PROPAGATED,), "present", False),
        ("kept", (to(A),), "present", True),
        ("delete", (), "absent", True),
        ("delete", (PROPAGATED,), "absent", True),
        ("delete", (to(A),), "absent", False),
        ("kept", (GATEWAY,), "absent", True),
    ],
)
def test_satisfied(kind: str, routes: tuple[Route, ...], state: str, expected: bool) -> None:
    action = Action(kind, "rtb-1", OVERLAY, None, B)
    assert plan.satisfied(action, table(*routes), Want((OVERLAY,), B, state)) is expected


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (((), ()), True),
        (((to(A),), (to(A),)), True),
        (((to(A),), (to(A, "blackhole"),)), True),
        (((to(A),), (to(B),)), False),
        (((to(A),), ()), False),
        (((GATEWAY,), ()), False),
        (((PROPAGATED,), ()), True),
    ],
)
def test_consistent(routes: tuple[tuple[Route, ...], ...], expected: bool) -> None:
    assert plan.consistent([table(*held) for held in routes], OVERLAY) is expected


@pytest.mark.parametrize(
    ("routes", "addresses", "state", "refused"),
    [
        ((to(A, destination="10.99.0.5/32"),), ("10.99.0.5/32",), "present", True),
        ((to(B, destination="10.99.0.5/32"),), ("10.99.0.5/32",), "present", False),
        ((to(A, destination="10.99.0.5/32"),), (), "present", False),
        ((to(A, destination="10.99.0.6/32"),), ("10.99.0.5/32",), "present", False),
        ((to(A, destination="10.99.1.5/32"),), ("10.99.1.5/32",), "present", False),
        ((to(A, destination="10.99.0.5/32"),), ("10.99.0.5/32",), "absent", False),
        ((Route("10.99.0.5/32", "tgw-1"),), ("10.99.0.5/32",), "present", True),
        ((Route("10.99.0.5/32", "tgw-1", origin="Propagated"),), ("10.99.0.5/32",), "present", False),
    ],
)
def test_no_address_of_a_network_is_left_behind(
    routes: tuple[Route, ...], addresses: tuple[str, ...], state: str, refused: bool
) -> None:
    network = "10.99.0.0/28"
    want = Want((network,), B, state, addresses=addresses)
    tables = [table(*routes, to(A, destination=network))]
    if not refused:
        assert [action.destination for action in plan.plan(tables, want)] == [network]
        return
    with pytest.raises(
        PlanError, match=r"^rtb-1 still has 10.99.0.5/32 to (i-a|tgw-1), which 10.99.0.0/28 is to carry"
    ):
        plan.plan(tables, want)
