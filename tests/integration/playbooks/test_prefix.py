# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One prefix for the addresses of a pair: from routes of their own to it and back, and moved, under traffic."""

from __future__ import annotations

from typing import Any

import pytest

from lab.handle import LabHandle
from lab.playbook.run import Run

NET, APP, DB = "10.99.0.0/28", "10.99.0.5", "10.99.0.6"
SINGLE: list[dict[str, Any]] = [{"address": APP}, {"address": DB}]
SHARED: list[dict[str, Any]] = [{"name": "app", "address": APP, "route": NET}, {"address": DB, "route": NET}]


def routed(lab: LabHandle) -> dict[str, set[str]]:
    """What each overlay of these tests is routed to, by name, of all tables."""
    return {d: set(lab.holders(d).values()) for d in (NET, f"{APP}/32", f"{DB}/32") if lab.holders(d)}


def actions(run: Run, destination: str) -> set[str]:
    return {
        route["action"]
        for task in run.of("overlay_route")
        for item in task.result.get("results", ())
        for route in item.get("routes", ())
        if route["destination"] == destination
    }


def told(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.mark.long
def test_addresses_get_a_prefix_and_their_own_routes_again_and_no_packet_is_lost(lab: LabHandle) -> None:
    assert lab.playbook("setup.yml", overlay_ips=SINGLE).ok
    run = lab.playbook("switchover.yml", overlay_ips=SINGLE, target="node2")
    assert run.ok, run.output
    tables = set(lab.world.route_table_ids)

    early = lab.playbook("switchover.yml", overlay_ips=SHARED, target="node1")
    assert not early.ok
    assert f"still routes {APP}/32" in told(early) or f"has {APP}/32" in told(early)
    assert routed(lab) == {f"{APP}/32": {"node2"}, f"{DB}/32": {"node2"}}

    status = lab.playbook("status.yml", overlay_ips=SHARED)
    assert f"still routes {APP}/32 to node2, and {NET} is to carry it" in told(status)
    foretold = lab.playbook("setup.yml", check=True, overlay_ips=SHARED)
    assert foretold.ok, foretold.output
    assert actions(foretold, f"{APP}/32") == {"delete"}

    with lab.probe(APP) as app, lab.probe(DB) as db:
        run = lab.playbook("setup.yml", overlay_ips=SHARED)
        assert run.ok, run.output
        assert routed(lab) == {NET: {"node2"}}, "where the addresses were, not at the home"
        assert set(lab.holders(NET)) == tables
        assert sum(lab.playbook("setup.yml", overlay_ips=SHARED).changed.values()) == 0
        moved = lab.playbook("switchover.yml", overlay_ips=SHARED, target="node1")
        assert moved.ok, moved.output
        assert routed(lab) == {NET: {"node1"}}
        assert actions(moved, NET) == {"replace"}, "one call for each table, not one for each address"
        one = lab.playbook("switchover.yml", overlay_ips=SHARED, target="node2", overlay="app")
        assert not one.ok
        assert f"overlay is 'app', which shares the route {NET} with {DB}" in told(one)
        assert lab.playbook("switchover.yml", overlay_ips=SHARED, target="node2", overlay=NET).ok

        named = lab.playbook("setup.yml", overlay_ips=SINGLE)
        assert named.ok, named.output
        assert routed(lab) == {NET: {"node2"}, f"{APP}/32": {"node2"}, f"{DB}/32": {"node2"}}
        assert f"still routes {NET} to node2, which is no overlay IP of the inventory any more" in told(named)
        assert lab.playbook("setup.yml", overlay_ips=SINGLE, overlay_ip_orphans="remove").ok
        assert routed(lab) == {f"{APP}/32": {"node2"}, f"{DB}/32": {"node2"}}
    assert (app.report.lost, db.report.lost) == (0, 0)
    assert lab.playbook("teardown.yml", overlay_ips=SHARED).ok
    assert routed(lab) == {}


@pytest.mark.long
def test_addresses_at_two_nodes_get_no_prefix(lab: LabHandle) -> None:
    apart = [{"address": APP}, {"address": DB, "home": "node2"}]
    assert lab.playbook("setup.yml", overlay_ips=apart).ok
    before = routed(lab)
    run = lab.playbook("setup.yml", overlay_ips=SHARED)
    assert not run.ok
    assert f"routes {DB}/32 to node2, and {NET}, which replaces it, is held by node1" in told(run)
    assert "Nothing was changed." in told(run)
    assert routed(lab) == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("route", "why"),
    [
        ("10.0.7.0/28", "10.0.7.0/28 lies inside the CIDR 10.0.0.0/16 of"),
        ("10.0.0.0/13", "10.0.0.0/13 covers 10.0.0.0/16"),
    ],
)
def test_a_route_in_or_around_the_vpc_is_refused_before_anything_is_changed(
    lab: LabHandle, route: str, why: str
) -> None:
    run = lab.playbook("setup.yml", overlay_ips=[{"address": "10.0.7.5", "route": route}])
    assert not run.ok
    assert why in told(run)
    assert "choose addresses, and a route, outside every CIDR of the VPC. Nothing was changed." in told(run)
    assert sum(run.changed.values()) == 0
