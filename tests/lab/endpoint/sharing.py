# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared VPCs (RAM): the owner shares subnets, and a participant launches its instances into them.

Design: the participant's moto state gets *references* to the owner's VPC and subnets, and the owner's gets references
to the participant's interfaces, so that both may describe and the routes find their targets. Nothing is copied.
Who may change what is the judge's business (iam/judge.py): only the owner of a resource. Source: VPC user guide,
"Share your VPC"; the error code for a participant is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .answers import ApiError
from .backing import Backing


@dataclass(frozen=True)
class Share:
    """Subnets of one VPC that ``owner`` lets ``participant`` use."""

    owner: str
    participant: str
    region: str
    vpc_id: str
    subnet_ids: tuple[str, ...]


class Shares:
    """All shares of an endpoint."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._shares: list[Share] = []

    def add(self, owner: str, participant: str, region: str, subnet_ids: list[str]) -> Share:
        """Share ``subnet_ids`` (all of one VPC of ``owner``) with ``participant``."""
        source, target = self._backing.ec2(owner, region), self._backing.ec2(participant, region)
        held = {subnet.id: subnet for zone in source.subnets.values() for subnet in zone.values()}
        missing = [subnet_id for subnet_id in subnet_ids if subnet_id not in held]
        if missing:
            raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{missing[0]}' does not exist")
        subnets = [held[subnet_id] for subnet_id in subnet_ids]
        vpc_ids = {subnet.vpc_id for subnet in subnets}
        if len(vpc_ids) != 1:
            raise ApiError("InvalidParameterValue", "The subnets of a share must belong to one VPC")
        vpc_id = vpc_ids.pop()
        target.vpcs[vpc_id] = source.vpcs[vpc_id]
        for subnet in subnets:
            target.subnets[subnet.availability_zone][subnet.id] = subnet
        if not target.groups.get(vpc_id):
            target.create_security_group("default", "default VPC security group", vpc_id=vpc_id, is_default=True)
        share = Share(owner, participant, region, vpc_id, tuple(subnet_ids))
        self._shares.append(share)
        return share

    def mirror_interfaces(self) -> None:
        """Let each owner see the interfaces that participants made in its subnets."""
        for share in self._shares:
            owner = self._backing.ec2(share.owner, share.region)
            participant = self._backing.ec2(share.participant, share.region)
            for interface_id, interface in participant.enis.items():
                if interface.subnet.id in share.subnet_ids:
                    owner.enis.setdefault(interface_id, interface)
            for interface_id, interface in list(owner.enis.items()):
                if interface.owner_id == share.participant and interface_id not in participant.enis:
                    del owner.enis[interface_id]

    def visible_tables(self, account: str, region: str) -> list[Any]:
        """The route tables that ``account`` may describe: its own, and those of VPCs shared with it."""
        tables = list(self._backing.ec2(account, region).route_tables.values())
        mine = [share for share in self._shares if (share.participant, share.region) == (account, region)]
        for vpc_id, owner in {(share.vpc_id, share.owner) for share in mine}:
            shared = self._backing.ec2(owner, region).route_tables.values()
            tables += [table for table in shared if table.vpc_id == vpc_id]
        return tables
