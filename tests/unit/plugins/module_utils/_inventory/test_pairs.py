# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which groups of an inventory are pairs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.pairs import named
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.values import InventoryError

GROUPS = {
    "all": ["a1", "a2", "b1", "b2", "c1", "c2", "x"],
    "overlay_pairs": ["a1", "a2", "b1", "b2", "c1", "c2"],
    "prod": ["a1", "a2", "b1", "b2"],
    "a": ["a1", "a2"],
    "b": ["b1", "b2"],
    "c": ["c1", "c2"],
    "tag_red": ["a1", "c1"],
    "overlay_nodes": ["x"],
    "empty": [],
}
BELOW = {"overlay_pairs": ["prod", "c"], "prod": ["a", "b"], "all": ["overlay_pairs", "tag_red", "overlay_nodes"]}
A, B, C = (["a1", "a2"], ["b1", "b2"], ["c1", "c2"])


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        (None, {"a": A, "b": B, "c": C}),
        ("", {"a": A, "b": B, "c": C}),
        ("prod", {"a": A, "b": B}),
        (["c", "prod", "a"], {"c": C, "a": A, "b": B}),
        ("c, a", {"c": C, "a": A}),
        (("b",), {"b": B}),
    ],
)
def test_the_lowest_groups_of_those_that_are_named(given: Any, pairs: dict[str, list[str]]) -> None:
    found = named(given, GROUPS, BELOW)
    assert found == pairs
    assert list(found) == list(pairs), "in the inventory's order"


def test_without_a_group_of_pairs_the_usual_one_is_the_pair() -> None:
    assert named(None, {"overlay_nodes": ["x", "y"]}, {}) == {"overlay_nodes": ["x", "y"]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing", "The inventory has no host in the group 'nothing'"),
        (["a", "empty"], "The inventory has no host in the group 'empty'"),
        (["a", "tag_red"], "The node a1 is in the groups a and tag_red"),
    ],
)
def test_what_can_be_no_pairs(given: Any, said: str) -> None:
    with pytest.raises(InventoryError, match=said):
        named(given, GROUPS, BELOW)
