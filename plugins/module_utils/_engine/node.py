# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine needs of the node that it moves: the node's own program has both.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .._aws.pace import Deadline
from .._route.plan import Route, Table


class Addresses(Protocol):
    """The node's addresses, which need nothing of AWS: :class:`_node.local.Local`."""

    @property
    def peers(self) -> Mapping[str, str]:
        """The other nodes' names and network interfaces."""

    def up(self) -> bool:
        """Bring the addresses up; returns whether one was not."""

    def down(self) -> bool:
        """Take them down; returns whether one was up."""

    def live(self) -> Mapping[str, str]:
        """Those that are up, and on which interface."""


class Seen(Protocol):
    """One overlay IP in the tables that the node answers for: :class:`_node.tables.Seen`."""

    @property
    def destination(self) -> str:
        """The overlay IP."""

    @property
    def routes(self) -> Sequence[tuple[Table, Route | None]]:
        """Per table, by id, the route, or None."""

    @property
    def problems(self) -> Sequence[str]:
        """What is to be told of single tables."""

    def held_by(self, interface: str) -> Sequence[Table]:
        """The tables whose route points there and works."""


class Holder(Protocol):
    """The node as one that may hold the routes: :class:`_node.node.Node`."""

    def mine(self) -> str:
        """This node's network interface."""

    def tables(self) -> Sequence[Seen]:
        """Each overlay with its route tables, read now. Raises AwsError."""

    def take(self, deadline: Deadline) -> Mapping[str, Any]:
        """Bring the addresses up, then move every table here."""

    def hand_over(self, peer: str, deadline: Deadline) -> Mapping[str, Any]:
        """Send what points here to the peer."""
