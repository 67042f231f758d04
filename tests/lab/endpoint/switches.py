# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user of the lab may set: cases that the sources leave open, quotas, and times."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Strictness:
    """Switches for behaviour that is disputed, unconfirmed or a quota. The collection is tested both ways."""

    #: CreateRoute where the same destination already has the same target: refuse (True) or succeed (False).
    #: The sources disagree; see README.md.
    refuse_same_target: bool = True
    #: Routes per table and address family, static ones. Source: VPC quotas, the newer copy (50 in the 2023 guide).
    routes_per_table: int = 500
    #: Answer DescribeRouteTables in pages of at most this many tables even if the client did not ask; 0 = one page.
    page_limit: int = 0
    #: Changes of one Client VPN endpoint that may be under way. That there is a limit was seen; its number was not.
    client_vpn_changes: int = 10
    #: EC2's token buckets per account, Region and action.
    throttle: bool = False
    #: Let the data path enforce the inbound rules of the interfaces' security groups. Off, everything is let in.
    security_groups: bool = False
    #: Judge callers by their IAM policies. Off only for tests of something else.
    authorise: bool = True


@dataclass(frozen=True)
class Timing:
    """Seconds that things take. EC2's own times are longer; only the order of the states matters to a test."""

    #: pending, before an instance runs.
    start: float = 0.2
    #: stopping, before an instance is stopped.
    stop: float = 0.3
    #: shutting-down, before an instance is terminated.
    terminate: float = 0.3
    #: provisioning, before a load balancer is active.
    provisioning: float = 0.2
    #: creating, deleting, authorizing and revoking of a Client VPN endpoint. AWS takes a minute or more.
    client_vpn: float = 0.2
    #: create-in-progress and modify-in-progress of a managed prefix list.
    prefix_list: float = 0.2
    #: How long a second of a load balancer's takes: its idle timeout, the times of its health checks, and the time that
    #: an interface remembers a connection are scaled, so that an idle hour can be had in less. No other timer is: not
    #: the kernel's, not a keepalive's.
    balancer_second: float = 1.0
    #: Between the API's answer to a route change and the data path. No source gives a number.
    propagation_delay: float = 0.0
    #: Life of instance-profile credentials; EC2 gives about six hours and renews them early.
    credentials: float = 6 * 3600.0


@dataclass(frozen=True)
class Settings:
    """Everything settable, as one value that is replaced as a whole."""

    strict: Strictness = Strictness()
    timing: Timing = Timing()

    def updated(self, changes: dict[str, Any]) -> Settings:
        """A copy with ``changes`` (flat names of either group); ValueError for an unknown name or a wrong type."""
        strict, timing = self.strict, self.timing
        for name, value in changes.items():
            if name not in self.names():
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(self.names())}")
            old = getattr(strict if hasattr(strict, name) else timing, name)
            wrong = isinstance(value, bool) != isinstance(old, bool) or not isinstance(value, (bool, int, float))
            if wrong or value < 0:
                raise ValueError(f"setting {name!r} takes a value like {old!r}, not {value!r}")
            if hasattr(strict, name):
                strict = replace(strict, **{name: type(old)(value)})
            else:
                timing = replace(timing, **{name: type(old)(value)})
        return Settings(strict, timing)

    def names(self) -> list[str]:
        """The names of all settings."""
        return [f.name for holder in (self.strict, self.timing) for f in fields(holder)]
