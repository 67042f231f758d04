# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether setup alone would give an overlay IP to the node that had it, or only a person can say which one that is.

Setup goes by the routes that work; where none does, by the failover engine; else it takes the home node (`settling`).
Only the last move on record then tells whether that is who had it. The guard of alerts and the remedies that people
read both go by this. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .holders import Dict, by_engine


@dataclass(frozen=True)
class Standing:
    """How an overlay IP of a report stands.

    Attributes:
        leads: the nodes of the inventory that routes lead to which work, in order; a stranger is none.
        engine: the one node that the engine has it on.
        last: the last move of it on record.
        home: the node that setup takes where nothing else decides.
    """

    leads: tuple[str, ...]
    engine: str | None
    last: Dict | None
    home: str | None

    @property
    def split(self) -> bool:
        """Whether more than one node has it by a route that works."""
        return len(self.leads) > 1

    @property
    def disputed(self) -> bool:
        """Whether setup would make one more route to where the engine does not have it."""
        return self.split or bool(self.leads and self.engine and self.leads != (self.engine,))

    @property
    def homeless(self) -> bool:
        """Whether setup would give it to the home node, and nothing says that this one had it."""
        if self.leads or self.engine:
            return False
        return not (self.last and self.last["done"] and self.last["to"] == self.home)


def of(overlay: Dict, nodes: Collection[str], home: str | None, moves: Sequence[Dict]) -> Standing:
    """How an overlay IP stands.

    Args:
        overlay: of a report, with its tables and what the engines say.
        nodes: the inventory's.
        home: its home node.
        moves: the records of moves, in order.
    """
    leads = {table["holder"] for table in overlay["tables"] if table["state"] == "active"}
    mine = [r for r in moves if any(table["destination"] == overlay["destination"] for table in r["tables"])]
    return Standing(tuple(sorted(leads & {*nodes})), by_engine(overlay), mine[-1] if mine else None, home)
