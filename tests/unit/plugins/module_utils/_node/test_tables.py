# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tables a node answers for, and what it says of the others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.tables import Seen, seen
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

OVERLAY = "192.168.10.15/32"
HERE = Route(OVERLAY, "eni-1", network_interface_id="eni-1")
DEAD = Route(OVERLAY, "eni-1", "blackhole", network_interface_id="eni-1")
PEER = Route(OVERLAY, "eni-2", network_interface_id="eni-2")
FOREIGN = Route(OVERLAY, "tgw-1")


def table(number: int, route: Route | None = None, **more: Any) -> Table:
    """One that serves a subnet."""
    shown: dict[str, Any] = {"subnet_ids": (f"subnet-{number}",), **more}
    return Table(f"rtb-{number}", "vpc-1", "1", routes=(route,) if route else (), **shown)


def sort(*read: Table, named: tuple[str, ...] = (), every: bool = False, scope: str = "tables") -> Seen:
    overlay = Overlay(OVERLAY, (OVERLAY,), route_table_ids=named, vpc_id="vpc-1", every=every)
    return seen(Config("n1", (overlay,), iam_scope=scope), overlay, read)


def ids(tables: tuple[Table, ...]) -> list[str]:
    return [one.route_table_id for one in tables]


def test_named_tables_alone_count_where_the_user_named_them() -> None:
    found = sort(table(2, HERE), table(1, HERE), table(3), named=("rtb-1", "rtb-2"))
    assert (ids(found.tables), found.gone, found.fresh) == (["rtb-1", "rtb-2"], (), ())
    assert found.problems == []


def test_a_table_that_is_gone_is_told() -> None:
    found = sort(table(1, HERE), named=("rtb-1", "rtb-2", "rtb-3"))
    assert (ids(found.tables), found.gone) == (["rtb-1"], ("rtb-2", "rtb-3"))
    assert found.problems == ["rtb-2, rtb-3 does not exist any more: run setup, so that nobody asks for it."]


@pytest.mark.parametrize(
    ("more", "where"),
    [({}, "subnet-2"), ({"subnet_ids": ("a", "b")}, "a, b"), ({"subnet_ids": (), "main": True}, None)],
)
def test_a_table_that_setup_did_not_know_is_told_where_every_table_shall_have_the_route(
    more: dict[str, Any], where: str | None
) -> None:
    found = sort(table(1, HERE), table(2, **more), named=("rtb-1",), every=True)
    assert (ids(found.tables), ids(found.fresh)) == (["rtb-1"], ["rtb-2"])
    assert found.problems == [
        f"rtb-2 ({where or 'subnets without a table of their own'}) has no route to {OVERLAY}: clients there cannot"
        " reach it; run setup, which adds it."
    ]


def test_a_new_table_that_has_the_route_already_is_no_problem() -> None:
    found = sort(table(1, HERE), table(2, PEER), named=("rtb-1",), every=True)
    assert (ids(found.tables), found.fresh, found.problems) == (["rtb-1"], (), [])


def test_a_node_that_may_write_the_whole_vpc_answers_for_new_tables_too() -> None:
    found = sort(table(2), table(1, HERE), named=("rtb-1",), every=True, scope="vpc")
    assert (ids(found.tables), found.fresh) == (["rtb-1", "rtb-2"], ())


def test_a_table_that_serves_nobody_is_none_of_ours() -> None:
    found = sort(table(1, HERE), table(2, subnet_ids=()), table(3, edge=True), named=("rtb-1",), every=True)
    assert (ids(found.tables), found.fresh) == (["rtb-1"], ())


def test_a_file_of_1_0_0_means_the_tables_that_have_the_route_or_all_where_none_has() -> None:
    some = sort(table(1, HERE), table(2), every=True)
    assert (ids(some.tables), ids(some.fresh)) == (["rtb-1"], ["rtb-2"])
    none = sort(table(1), table(2), every=True)
    assert (ids(none.tables), none.fresh) == (["rtb-1", "rtb-2"], ())


def test_who_holds_it() -> None:
    found = sort(table(1, HERE), table(2, DEAD), table(3, PEER), table(4), named=("rtb-1", "rtb-2", "rtb-3", "rtb-4"))
    assert [one.route_table_id for one in found.held_by("eni-1")] == ["rtb-1"]
    assert [route for _table, route in found.routes] == [HERE, DEAD, PEER, None]
    assert found.destination == OVERLAY


def test_somebody_elses_route_is_told() -> None:
    found = sort(table(1, HERE), table(2, FOREIGN), named=("rtb-1", "rtb-2"))
    assert found.problems == [
        f"rtb-2 routes {OVERLAY} to tgw-1, which is somebody else's: it is left alone; find out who made it."
    ]
