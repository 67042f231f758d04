# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived on full nodes whose overlay IP is on a second interface: the rule goes where the address goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drill.bed import Bed, bed
from lab.world import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.slow]


class Second(Bed):
    """The lab, with everything on device index 1."""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`."""
        tables = list(self.lab.world.route_table_ids)
        one = {"address": self.lab.overlay, "home": "node1", "route_table_ids": tables, "interface": "eth1"}
        return {**super().variables(), "overlay_ip_device_index": 1, "overlay_ips": [one]}

    def rules(self) -> dict[str, bool]:
        """Which nodes have the rule."""
        return {n: bool(self.exec(n, "ip", "rule", "show", "from", self.lab.overlay)) for n in self.nodes}


@pytest.fixture(scope="module")
def pair() -> Iterator[Second]:
    with bed("keepalived", 2, ["--extra-interfaces=1", "--extra-subnets"], make=Second) as made:
        assert isinstance(made, Second)
        yield made
        problems = made.control.problems()
    assert not problems, problems


def test_a_lost_node_is_replaced_and_the_rule_comes_with_the_address(pair: Second) -> None:
    assert pair.rules() == {"node1": True, "node2": False}
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.crash("node1")
        probe.wait_for("node2", 60)
    pair.boot("node1")
    pair.rest("node2")
    assert pair.rules() == {"node1": False, "node2": True}


def test_a_planned_switchover_loses_nothing(pair: Second) -> None:
    with pair.probe() as probe:
        probe.wait_for("node2")
        pair.play("switchover.yml", target="node1")
        pair.rest("node1")
    assert probe.report.lost == 0
    assert pair.rules() == {"node1": True, "node2": False}


def test_a_rule_that_is_lost_comes_again_by_itself(pair: Second) -> None:
    lost = ("from", pair.lab.overlay, "lookup", "7151", "priority", "7150")
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.exec("node1", "ip", "rule", "delete", *lost)
        wait_for(lambda: pair.rules()["node1"], "the watch to bring the rule again", 30)
        probe.wait_for("node1", 30)
    assert probe.report.who == ("node1",)
    assert probe.report.lost > 0
