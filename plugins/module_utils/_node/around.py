# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others may have changed about this node in AWS, looked at now and then: its permission, and its interface.

It is told, and never a reason to serve or not: a node whose source/destination check is on receives nothing, but the
other one's may be on, too; and who may not move the route finds that out when it tries.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from .._aws.errors import AwsError
from .._aws.pace import Deadline
from .._engine.memory import Memory
from .._route.ec2 import Ec2
from .model import Config
from .tables import Seen

INTERFACE = 60.0
"""Seconds between two looks at the interface: one of the calls that read, of which EC2 grants 20 a second."""
PERMISSION = 600.0
"""Seconds between two DryRuns, one table at a time: they cost as much as writes, of which EC2 grants 5 a second."""
DENIED = ("UnauthorizedOperation", "AccessDenied")
_GONE = ("InvalidNetworkInterfaceID.NotFound",)


class Asked(Protocol):
    """What is needed of :class:`.node.Node`."""

    @property
    def config(self) -> Config:
        """Its configuration."""

    @property
    def ec2(self) -> Ec2:
        """The EC2 side."""

    def mine(self) -> str:
        """Its network interface."""

    def refused(self, deadline: Deadline, seen: Sequence[Seen], only: int | None) -> Mapping[str, AwsError]:
        """Table -> why its route may not be moved."""


def look(node: Asked, memory: Memory, deadline: Deadline, seen: Sequence[Seen]) -> dict[str, list[str]]:
    """What is wrong, by what it concerns, as :meth:`Memory.news` takes it; nothing of what is not due or not known.

    Args:
        node: this one.
        memory: knows when what was looked at.
        deadline: for all of it.
        seen: its tables, read just now.
    """
    found: dict[str, list[str]] = {}
    if node.config.sees_interfaces and memory.due("interface", INTERFACE):
        with suppress(AwsError):  # it is asked again
            found["interface"] = interface(node)
    if memory.due("permission", PERMISSION):
        with suppress(AwsError):
            found["permission"] = _permission(node, deadline, seen)
    return found


def interface(node: Asked) -> list[str]:
    """What is wrong with this node's interface. Raises AwsError where it cannot be told."""
    mine = node.mine()
    then = "no packet to the overlay IPs arrives here: run setup"
    try:
        (found,) = node.ec2.interfaces([mine])
    except AwsError as err:
        if err.code in _GONE:
            return [f"{mine}, this node's network interface, does not exist any more, so that {then}."]
        if err.code in DENIED:
            return [f"This node's role may not look at {mine} any more (DescribeNetworkInterfaces): run setup."]
        raise
    if not found.instance_id:
        return [f"{mine}, this node's network interface, is attached to no instance, so that {then}."]
    if found.source_dest_check:
        return [f"The source/destination check of {mine} was switched on, so that {then}, which switches it off."]
    return []


def _permission(node: Asked, deadline: Deadline, seen: Sequence[Seen]) -> list[str]:
    """Whether this node may still move its route, in one table, another one each time."""
    errors = node.refused(deadline, seen, only=int(time.time() // PERMISSION))
    return [
        f"This node may not move the route in {table} any more, and could not take over: run setup, which keeps the"
        f" policy of its role. {err.message}"
        for table, err in errors.items()
        if err.code in DENIED
    ]
