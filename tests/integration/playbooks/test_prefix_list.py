# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A managed prefix list for the addresses of a pair: from routes of their own to it and back, moved, under traffic."""

from __future__ import annotations

from typing import Any

import pytest

from lab.handle import LabHandle
from lab.playbook.run import Run

APP, DB, WEB, THEIRS = "10.99.0.5", "10.99.0.6", "10.99.0.7", "10.99.9.9/32"
SINGLE: list[dict[str, Any]] = [{"address": APP}, {"address": DB}]


class Listed:
    """A list of the lab's owner, with an entry of somebody else."""

    def __init__(self, lab: LabHandle, size: int = 5) -> None:
        self._lab, self._ec2 = lab, lab.client("ec2")
        made = self._ec2.create_managed_prefix_list(
            PrefixListName="overlays", MaxEntries=size, AddressFamily="IPv4", Entries=[{"Cidr": THEIRS}]
        )
        self.id = str(made["PrefixList"]["PrefixListId"])

    def of(self, *addresses: str) -> list[dict[str, Any]]:
        """An inventory's overlay_ips."""
        return [{"address": address, "route": self.id} for address in addresses]

    @property
    def entries(self) -> dict[str, str]:
        """Each with its description."""
        read = self._ec2.get_managed_prefix_list_entries(PrefixListId=self.id)["Entries"]
        return {one["Cidr"]: one.get("Description", "") for one in read}

    @property
    def held(self) -> set[str]:
        """The interfaces that the list is routed to, in all tables of the world."""
        tables = self._ec2.describe_route_tables(RouteTableIds=list(self._lab.world.route_table_ids))["RouteTables"]
        found = [
            next((r["NetworkInterfaceId"] for r in t["Routes"] if r.get("DestinationPrefixListId") == self.id), "none")
            for t in tables
        ]
        return set(found)

    def at(self, node: int) -> bool:
        """Whether all tables route it to node 1 or 2."""
        return self.held == {self._lab.world.nodes[node - 1].network_interface_ids[0]}


def writes(run: Run) -> int:
    """How many calls of EC2 changed a route, or were to by DryRun."""
    counts = [
        item.get("api_calls", {})
        for task in run.of("overlay_route")
        for item in task.result.get("results", (task.result,))
    ]
    return sum(count.get(f"{verb}Route", 0) for count in counts for verb in ("Create", "Replace", "Delete"))


def told(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.mark.long
def test_addresses_get_a_list_and_their_own_routes_again_and_no_packet_is_lost(lab: LabHandle) -> None:
    listed = Listed(lab)
    both, tables = listed.of(APP, DB), len(lab.world.route_table_ids)
    assert lab.playbook("setup.yml", overlay_ips=SINGLE).ok
    assert lab.playbook("switchover.yml", overlay_ips=SINGLE, target="node2").ok

    early = lab.playbook("switchover.yml", overlay_ips=both, target="node1")
    assert not early.ok
    assert f"{APP}/32" in told(early)
    status = lab.playbook("status.yml", overlay_ips=both)
    assert f"still routes {APP}/32 to node2, and {listed.id} is to carry it" in told(status)
    assert f"{APP}, {DB} are not in {listed.id}: no packet gets there by it." in told(status)
    foretold = lab.playbook("setup.yml", check=True, overlay_ips=both)
    assert foretold.ok, foretold.output
    assert listed.entries == {THEIRS: ""}

    with lab.probe(APP) as app, lab.probe(DB) as db:
        run = lab.playbook("setup.yml", overlay_ips=both)
        assert run.ok, run.output
        assert listed.at(2), "where the addresses were, not at the home"
        mark = "aws_ha.overlay_ip overlay-ip: node1, node2"
        assert listed.entries == {THEIRS: "", f"{APP}/32": mark, f"{DB}/32": mark}
        assert lab.holders(f"{APP}/32") == {}, "a route of its own would be preferred"
        again = lab.playbook("setup.yml", overlay_ips=both)
        assert (sum(again.changed.values()), writes(again)) == (0, 0), again.output
        healthy = lab.playbook("status.yml", overlay_ips=both)
        assert healthy.ok, healthy.output
        assert f"{listed.id} ({APP}, {DB})" in told(healthy)
        moved = lab.playbook("switchover.yml", overlay_ips=both, target="node1")
        assert moved.ok, moved.output
        assert (listed.at(1), writes(moved)) == (True, 2 * tables), "one call and its DryRun for each table"

        with_web = listed.of(APP, DB, WEB)
        added = lab.playbook("setup.yml", overlay_ips=with_web)
        assert (added.ok, writes(added)) == (True, 0), "an address is added without a call on a route table"
        with lab.probe(WEB) as web:
            web.wait_for("node1")
        named = lab.playbook("setup.yml", overlay_ips=both)
        assert f"{listed.id} still has {WEB}, which setup added and the inventory has there no more." in told(named)
        assert f"{WEB}/32" in listed.entries
        assert lab.playbook("setup.yml", overlay_ips=both, overlay_ip_orphans="remove").ok
        assert set(listed.entries) == {THEIRS, f"{APP}/32", f"{DB}/32"}

        named = lab.playbook("setup.yml", overlay_ips=SINGLE)
        assert named.ok, named.output
        assert listed.at(1)
        assert set(lab.holders(f"{APP}/32").values()) == {"node1"}
        assert "--destination-prefix-list-id" in told(named)
        removed = lab.playbook("setup.yml", overlay_ips=SINGLE, overlay_ip_orphans="remove")
        assert removed.ok, removed.output
        assert (listed.held, listed.entries) == ({"none"}, {THEIRS: ""})
    assert (app.report.lost, db.report.lost) == (0, 0)

    assert lab.playbook("setup.yml", overlay_ips=both).ok
    assert lab.playbook("teardown.yml", overlay_ips=both).ok
    assert (listed.held, listed.entries) == ({"none"}, {THEIRS: ""})


@pytest.mark.long
def test_a_list_that_cannot_carry_them_is_refused_before_anything_is_changed(lab: LabHandle) -> None:
    full = Listed(lab, size=2)
    for wanted, why in (
        (
            full.of(APP, DB),
            f"{full.id} has 1 of at most 2 entries, and {APP}, {DB} are to be added: take entries out, or",
        ),
        (full.of("2001:db8:99::5"), f"{full.id} is a list of IPv4, and 2001:db8:99::5 is IPv6"),
        ([{"address": APP, "route": "pl-0123456789abcdef0"}], "pl-0123456789abcdef0 does not exist"),
    ):
        run = lab.playbook("setup.yml", overlay_ips=wanted)
        assert not run.ok
        assert why in told(run)
        assert "Nothing was changed." in told(run)
        assert sum(run.changed.values()) == 0
