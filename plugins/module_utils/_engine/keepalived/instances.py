# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP instances of a deployment: one that carries all overlay IPs, or one for each, and their numbers.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..._base import net
from ..._base.deployment import Deployment
from .names import NAME, standing

_USUAL = 51
_NUMBERS = 255  # RFC 9568, 5.2.3


def number(deployment: Deployment, destination: str = "") -> int:
    """The VRRP number of an instance, of one overlay IP or of all: the same on both nodes, and always the same.

    Which one counts for nothing, as long as it is nobody else's in the subnet.
    """
    words = f"{deployment.name} {destination}".strip()
    if words == deployment.name and deployment.usual:
        return _USUAL
    return 1 + int(hashlib.sha256(words.encode()).hexdigest()[:8], 16) % _NUMBERS


def chosen_apart(failover: str, *, together: bool) -> bool:
    """Whether each overlay IP has an instance of its own, where that engine is chosen."""
    return failover == NAME and not together


def instances(
    deployment: Deployment, overlays: Sequence[Mapping[str, Any]], *, apart: bool, given: int | None = None
) -> list[dict[str, Any]]:
    """The VRRP instances, as the role writes them.

    Args:
        deployment: whose they are.
        overlays: the model's.
        apart: one for each overlay IP; else one for all.
        given: the number of the one for all, where the inventory has it.

    Returns:
        Of each its `name`, and `words`, by which the program on the node is told of it; `part`, for names of scripts;
        `number`; `home`; `file`, where the program says how it stands; `address`, where it is one overlay IP's.
    """
    if not apart:
        return [_one("", "", given or number(deployment), overlays[0]["home"])]
    return [
        _one(
            net.slug(overlay["address"]),
            overlay["address"],
            overlay["vrrp_id"] or number(deployment, overlay["destination"]),
            overlay["home"],
        )
        for overlay in overlays
    ]


def collisions(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Two instances that have the same number, by their places: the first one, and a later one."""
    first: dict[int, int] = {}
    for place, one in enumerate(found):
        if first.setdefault(one["number"], place) != place:
            yield first[one["number"]], place


def _one(part: str, address: str, of_vrrp: int, home: str) -> dict[str, Any]:
    return {
        "name": "_".join(filter(None, ("overlay_ip", part))),
        "part": f"_{part}" if part else "",
        "words": f" {address}" if address else "",
        "address": address,
        "number": of_vrrp,
        "home": home,
        "file": standing(part),
    }
