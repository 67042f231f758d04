# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances, interfaces, subnets and prefix lists as EC2 describes them.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._aws.errors import AwsError


@dataclass(frozen=True)
class Interface:
    """A network interface. ``status``: available, in-use ...; instance fields are None while it is not attached.

    ``owner_id`` is its own account, in a shared VPC not the route tables' one.
    """

    network_interface_id: str
    vpc_id: str
    subnet_id: str
    source_dest_check: bool
    status: str = "in-use"
    private_ip: str | None = None
    instance_id: str | None = None
    device_index: int | None = None
    owner_id: str = ""


@dataclass(frozen=True)
class Instance:
    """An instance and its interfaces, by device index. ``state``: running, stopped ..."""

    instance_id: str
    state: str
    vpc_id: str
    interfaces: tuple[Interface, ...] = ()
    profile_arn: str | None = None
    instance_type: str = ""

    def interface(self, device_index: int) -> Interface:
        """The interface at a device index, or AwsError that names those there are."""
        for interface in self.interfaces:
            if interface.device_index == device_index:
                return interface
        have = ", ".join(str(i.device_index) for i in self.interfaces)
        there = f"it has {have}" if have else f"it has none (state: {self.state})"
        raise AwsError(
            "NoInterface",
            f"Instance {self.instance_id} has no network interface with device index {device_index}; {there}: "
            "correct instance_id or device_index.",
        )


@dataclass(frozen=True)
class PrefixList:
    """A managed prefix list in its current version.

    ``family``: 4 or 6; ``max_entries`` is what it counts for in a route table, whatever is in it, and None for a list
    of AWS's own; ``state``: create-complete, modify-in-progress ...; ``entries``: prefixes, each with its description.
    """

    prefix_list_id: str
    name: str = ""
    family: int = 4
    max_entries: int | None = None
    version: int = 1
    state: str = ""
    state_message: str = ""
    owner_id: str = ""
    entries: tuple[tuple[str, str], ...] = ()

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What is in it."""
        return tuple(prefix for prefix, _description in self.entries)

    @property
    def weight(self) -> int:
        """For how many routes of a table it counts (VPC user guide, "Amazon VPC quotas")."""
        return self.max_entries or 1

    @property
    def changing(self) -> bool:
        """Whether a change of it is under way."""
        return self.state.endswith("-in-progress")


@dataclass(frozen=True)
class Subnet:
    """A subnet; its table is known by association, else it is the VPC's main one.

    ``zone`` is the name of its Availability Zone, which each account may have for another one; ``zone_id`` is the
    zone's own.
    """

    subnet_id: str
    cidr: str
    zone: str
    zone_id: str = ""
    vpc_id: str = ""
