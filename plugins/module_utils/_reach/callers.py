# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, in a module that looks from outside of the VPC: the caller itself, and roles of gateways' owners.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from .._aws.api import Api
from .._aws.remembered import Remembered
from .._route.ec2 import Ec2
from .ec2 import TransitGateways
from .owners import Owners


@dataclass(frozen=True)
class Callers:
    """Each remembers what it has read: nothing is written meanwhile.

    Attributes:
        ec2: the caller itself.
        owners: the same, and the roles, for transit gateways.
        roles: by the ARN of each role.
    """

    ec2: Ec2
    owners: Owners
    roles: Mapping[str, Api]

    @property
    def calls(self) -> dict[str, int]:
        """How many calls all of them made, by action."""
        return dict(sum((Counter(aws.calls) for aws in self.roles.values()), Counter(self.ec2.aws.calls)))


def callers(own: Api, roles: Mapping[str, Api]) -> Callers:
    """The caller itself, and by ARN the roles that it may take on, each with its own calls."""
    ec2 = Ec2(Remembered(own))
    asked = {role: TransitGateways(Remembered(aws)) for role, aws in roles.items()}
    return Callers(ec2, Owners(TransitGateways(ec2.aws), asked), roles)
