# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's token buckets: per account, Region and action. Source: EC2 API throttling page. Off unless a test asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .answers import ApiError
from .request import Call


@dataclass(frozen=True)
class Rate:
    """A bucket's size (tokens) and how fast it fills (tokens per second)."""

    size: float
    refill: float


READ = Rate(100, 20)
READ_ALL = Rate(50, 10)
MUTATE = Rate(50, 5)

#: Non-mutating actions that have a smaller bucket when they ask without filter, ids or paging.
_HEAVY = ("DescribeInstances", "DescribeInstanceStatus", "DescribeNetworkInterfaces")

#: Mutating actions with buckets of their own.
_OWN = {
    "ModifyNetworkInterfaceAttribute": Rate(100, 5),
    "AssignPrivateIpAddresses": Rate(100, 5),
    "CreateTags": Rate(100, 10),
    "CreateClientVpnRoute": Rate(5, 2),
}


def rate(call: Call) -> Rate:
    """The bucket that ``call`` draws from."""
    if call.mutating:
        return _OWN.get(call.action, MUTATE)
    narrowed = call.filters() or call.get("MaxResults") or any(name.endswith("Id.1") for name in call.params)
    return READ_ALL if call.action in _HEAVY and not narrowed else READ


class Buckets:
    """The buckets' levels. The caller holds the endpoint's lock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._levels: dict[tuple[str, str, str, Rate], tuple[float, float]] = {}

    def take(self, call: Call) -> None:
        """Take one token, or raise RequestLimitExceeded."""
        limits, now = rate(call), self._now()
        key = (call.by.account_id, call.region, call.action, limits)
        level, then = self._levels.get(key, (limits.size, now))
        level = min(limits.size, level + (now - then) * limits.refill)
        enough = level >= 1
        self._levels[key] = (level - enough, now)
        if not enough:
            raise ApiError("RequestLimitExceeded", "Request limit exceeded.")
