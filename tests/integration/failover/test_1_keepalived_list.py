# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An overlay IP that a managed prefix list carries, with keepalived: brought there, failed over, and brought back."""

from __future__ import annotations

from typing import Any

import pytest

from drill.bed import Bed

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.long]


def test_a_list_is_taken_over_by_the_other_node(pair: Bed) -> None:
    address, ec2 = pair.lab.overlay, pair.ec2
    made = ec2.create_managed_prefix_list(PrefixListName="overlays", MaxEntries=4, AddressFamily="IPv4")["PrefixList"]
    listed: dict[str, Any] = {"overlay_ips": [{"address": address, "route": made["PrefixListId"]}]}

    def held() -> set[str]:
        """The interfaces that the list is routed to."""
        tables = ec2.describe_route_tables(RouteTableIds=list(pair.lab.world.route_table_ids))["RouteTables"]
        routes = [[r for r in t["Routes"] if r.get("DestinationPrefixListId") == made["PrefixListId"]] for t in tables]
        return {found[0]["NetworkInterfaceId"] if found else "none" for found in routes}

    interfaces = {node: pair.lab.world.machine(node).network_interface_ids[0] for node in pair.nodes}
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.play("setup.yml", **listed)
        assert held() == {interfaces["node1"]}
        assert set(pair.view().tables.values()) == {None}, "a route of its own would be preferred"
    assert probe.report.lost == 0, "brought behind the list without a lost packet"
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.crash("node1")
        probe.wait_for("node2", 60)
    assert held() == {interfaces["node2"]}
    pair.boot("node1")
    assert sum(pair.play("setup.yml", **listed).changed.values()) == 0
    with pair.probe() as probe:
        probe.wait_for("node2")
        pair.play("switchover.yml", target="node1", **listed)
        probe.wait_for("node1")
        pair.play("setup.yml", overlay_ip_orphans="remove")
        assert (held(), set(pair.view().tables.values())) == ({"none"}, {"node1"})
    assert probe.report.lost == 0
