# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which interface of each node receives the overlay IP: by its id, or by its device index.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws.errors import AwsError
from .._route.facts import Instance, Interface
from .._route.plan import PlanError

Named = Mapping[str, "int | str"]
"""By instance, the device index or the id of the interface; one that is not there has the device index of all."""


def named(given: Mapping[str, Any] | None) -> dict[str, int | str]:
    """The option ``interfaces``, read. Raises PlanError."""
    return {str(instance_id): _one(str(instance_id), str(which)) for instance_id, which in (given or {}).items()}


def _one(instance_id: str, which: str) -> int | str:
    if which.isdecimal():
        return int(which)
    if which.startswith("eni-"):
        return which
    raise PlanError(
        f"interfaces has '{which}' for {instance_id}: write the id of an interface, such as eni-0123456789abcdef0, or"
        " a device index, such as 1. Nothing was changed."
    )


def interface(instance: Instance, device_index: int, chosen: Named) -> Interface:
    """The interface of an instance. Raises AwsError where it has none such."""
    which = chosen.get(instance.instance_id, device_index)
    if isinstance(which, int):
        return instance.interface(which)
    for one in instance.interfaces:
        if one.network_interface_id == which:
            return one
    have = ", ".join(one.network_interface_id for one in instance.interfaces) or "none"
    raise AwsError(
        "NoInterface",
        f"{which} is no network interface of {instance.instance_id}; it has {have}: correct interfaces"
        " (overlay_ip_network_interface_id of the node).",
    )
