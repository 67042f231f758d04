# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client VPN endpoints: what they hold, and in which state each part is. Every change takes its time."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..answers import element

#: Of an association, a route and an authorisation rule: while it comes, once it is there, while it goes.
ASSOCIATION = ("associating", "associated", "disassociating")
ROUTE = ("creating", "active", "deleting")
RULE = ("authorizing", "active", "revoking")


@dataclass
class Part:
    """Something of an endpoint; ``made`` and ``left`` are when it was asked for and given up."""

    made: float
    left: float | None = field(default=None, kw_only=True)

    def state(self, names: tuple[str, str, str], now: float, seconds: float) -> str:
        """Its state; empty once it is gone."""
        coming, there, going = names
        if self.left is not None:
            return going if now < self.left + seconds else ""
        return coming if now < self.made + seconds else there

    def busy(self, now: float, seconds: float) -> bool:
        """Whether it is coming or going."""
        since = self.made if self.left is None else self.left
        return now < since + seconds


@dataclass
class Association(Part):
    """A target network: a subnet, one of a zone."""

    association_id: str
    subnet_id: str
    zone: str
    vpc_id: str


@dataclass
class Route(Part):
    """A route by one target network; ``origin`` is associate or add-route."""

    destination: str
    subnet_id: str
    origin: str
    description: str | None


@dataclass
class Rule(Part):
    """An authorisation rule; ``group_id`` is None for all clients."""

    destination: str
    group_id: str | None
    description: str | None


@dataclass
class ClientVpn:
    """An endpoint."""

    endpoint_id: str
    account: str
    client_cidr: str
    vpc_id: str | None = None
    security_groups: tuple[str, ...] = ()
    associations: list[Association] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)

    def get_tags(self) -> list[dict[str, str]]:
        """As moto's resources have it."""
        return self.tags

    def settle(self, now: float, seconds: float) -> None:
        """Forget what has gone."""
        self.associations = [one for one in self.associations if one.state(ASSOCIATION, now, seconds)]
        self.routes = [one for one in self.routes if one.state(ROUTE, now, seconds)]
        self.rules = [one for one in self.rules if one.state(RULE, now, seconds)]

    def changes(self, now: float, seconds: float) -> int:
        """How many changes are under way."""
        return sum(one.busy(now, seconds) for one in (*self.associations, *self.routes, *self.rules))


def status(code: str) -> str:
    """A status as it is answered."""
    return f"<status>{element('code', code)}</status>"
