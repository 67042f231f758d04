# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pairs of an inventory that has several: which groups they are, and whose the nodes are.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .values import InventoryError, absent
from .variables import BY_NAME

ABOVE = "overlay_pairs"
"""The group above the groups of pairs, which is looked at where no group is named."""


def named(given: Any, groups: Mapping[str, Sequence[str]], below: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The pairs, each with its nodes, in the inventory's order.

    Each group that is named is a pair, or, where there are groups below it, each of these that has none below itself.

    Args:
        given: what `overlay_ip_group` says: a name, several with commas between, a list of them, or nothing.
        groups: the inventory's, each with the names of its hosts.
        below: of each group, the names of those directly below it.

    Raises:
        InventoryError: a group without a host, or a node in two pairs.
    """
    usual = [ABOVE] if ABOVE in groups else [str(BY_NAME["overlay_ip_group"].default)]
    wanted = given if isinstance(given, (list, tuple)) else [] if absent(given) else str(given).split(",")
    names = [str(name).strip() for name in wanted if not absent(name)] or usual
    pairs: dict[str, list[str]] = {}
    owner: dict[str, str] = {}
    for name in dict.fromkeys(leaf for top in names for leaf in _leaves(top, below)):
        nodes = [str(node) for node in groups.get(name, ())]
        if not nodes:
            raise InventoryError(
                f"The inventory has no host in the group '{name}': put the nodes of a pair there, or name the groups of"
                " pairs in overlay_ip_group."
            )
        for node in nodes:
            if owner.setdefault(node, name) != name:
                raise InventoryError(
                    f"The node {node} is in the groups {owner[node]} and {name}: its variables can be those of one pair"
                    " alone; put it into one of them, or name the groups of pairs in overlay_ip_group."
                )
        pairs[name] = nodes
    return pairs


def _leaves(name: str, below: Mapping[str, Sequence[str]]) -> list[str]:
    """The lowest groups below a group, or itself."""
    return [leaf for child in below.get(name, ()) for leaf in _leaves(child, below)] or [name]
