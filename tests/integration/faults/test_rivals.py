# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes that move the overlay IP at the same time in opposite directions, over the wire.

Every interleaving is played on the model (tests/unit); this shows that the model and the wire agree.
"""

from __future__ import annotations

import pytest
from integration.faults.children import Child, child

from unit.aws_lab import AwsLab

ROUNDS = 8


def race(aws: AwsLab, movers: dict[int, Child]) -> None:
    """Both start at once; afterwards one node has every table, and a mover that did not get them says so."""
    for node, mover in movers.items():
        mover.start(aws, node)
    results = {node: mover.result() for node, mover in movers.items()}
    truth = aws.truth()
    holders = {truth[table] for table in aws.tables}
    assert len(holders) == 1, f"split: {truth}"
    winners = [node for node in movers if {aws.eni(node)} == holders]
    assert winners
    for node, result in results.items():
        if not result["failed"]:
            assert all(route["after"]["network_interface_id"] == aws.eni(node) for route in result["routes"])
            continue
        assert node not in winners, "the winner is not told that it lost"
        assert {route["error"]["code"] for route in result["routes"]} == {"MovedElsewhere"}


@pytest.mark.parametrize("latency", [None, 0.15])
def test_opposite_directions(aws: AwsLab, latency: float | None) -> None:
    with child() as first, child() as second:
        for number in range(ROUNDS):
            aws.point(1 + number % 2)
            if latency:  # some writes of one of them are slow
                match = {"action": "ReplaceRoute"}
                aws.control.fault("delay", seconds=latency, skip=number % 3, times=2, match=match)
            race(aws, {1: first, 2: second})
            aws.control.clear("faults")
