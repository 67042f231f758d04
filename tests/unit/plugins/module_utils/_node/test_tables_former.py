# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes to an interface by which the node received before: they count as leading here, and are told of."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import tables
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

OVERLAY = "192.168.10.15/32"


def seen(*interfaces: str, former: tuple[str, ...] = ("eni-old",)) -> tables.Seen:
    overlay = Overlay(OVERLAY, (OVERLAY,), route_table_ids=tuple(f"rtb-{n}" for n in range(len(interfaces))))
    config = Config("n1", (overlay,), network_interface_id="eni-new", former=former)
    read = [
        Table(f"rtb-{n}", "vpc-1", "1", routes=(Route(OVERLAY, eni, "active", network_interface_id=eni),))
        for n, eni in enumerate(interfaces)
    ]
    return tables.seen(config, overlay, read)


@pytest.mark.parametrize(
    ("interfaces", "here", "told"),
    [
        (("eni-new", "eni-new"), 2, ""),
        (("eni-old", "eni-new"), 2, "rtb-0"),
        (("eni-old", "eni-old"), 2, "rtb-0, rtb-1"),
        (("eni-old", "eni-peer"), 1, "rtb-0"),
    ],
)
def test_a_former_interface_counts_as_here(interfaces: tuple[str, ...], here: int, told: str) -> None:
    found = seen(*interfaces)
    assert len(found.held_by("eni-new")) == here
    assert [p.partition(" sends ")[0] for p in found.problems] == ([told] if told else [])


def test_an_interface_that_never_was_this_nodes_does_not() -> None:
    assert seen("eni-old", former=()).held_by("eni-new") == []
