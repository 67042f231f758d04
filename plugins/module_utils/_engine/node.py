# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine needs of the node that it moves: the node's own program has both.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from .._aws.pace import Deadline
from .._route.plan import Table


class Addresses(Protocol):
    """The node's addresses, which need nothing of AWS: :class:`_node.local.Local`."""

    @property
    def peers(self) -> Iterable[str]:
        """The other nodes' names."""

    def up(self) -> bool:
        """Bring the addresses up; returns whether one was not."""

    def down(self) -> bool:
        """Take them down; returns whether one was up."""


class Destination(Protocol):
    """An overlay IP of the node's configuration."""

    @property
    def destination(self) -> str:
        """Its prefix."""


class Holder(Protocol):
    """The node as one that may hold the routes: :class:`_node.node.Node`."""

    def mine(self) -> str:
        """This node's network interface."""

    def tables(self) -> Sequence[tuple[Destination, Sequence[Table]]]:
        """Each overlay with its route tables, read now."""

    def take(self, deadline: Deadline) -> Mapping[str, Any]:
        """Bring the addresses up, then move every table here."""

    def hand_over(self, peer: str, deadline: Deadline) -> Mapping[str, Any]:
        """Send what points here to the peer."""
