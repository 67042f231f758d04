# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What transit gateway route tables say, what is wanted, and the difference as a list of actions.

Pure. Rules: transit gateway guide, "Route evaluation order": of equal prefixes a static route hides a propagated one.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._route.plan import ACTIVE, BLACKHOLE, CREATE, DELETE, KEPT, NONE, REPLACE, WRITES

STATIC, PROPAGATED, LISTED = "static", "propagated", "prefix_list"
EVERYBODY = (
    "the nodes would answer everybody by the transit gateway, also who manages them: name the networks of the clients"
)


@dataclass(frozen=True)
class TransitRoute:
    """One route as SearchTransitGatewayRoutes shows it.

    ``target`` is the attachment, and None where packets are dropped on purpose; ``resource_id`` is what is attached
    (``vpc-…``, ``vpn-…``); ``state`` is pending, active, blackhole, deleting or deleted. In a VPC's table, the target
    is a gateway. A ``kind`` of prefix_list is an entry of a list that the table refers to: no route of its own.
    ``more`` are the other attachments of a route that has several, each of which gets a part of the connections (ECMP).
    """

    destination: str
    target: str | None
    kind: str = STATIC
    state: str = ACTIVE
    resource_type: str = ""
    resource_id: str = ""
    more: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """All attachments that it leads to, which is none where it drops what it gets."""
        return (self.target, *self.more) if self.target and self.state == ACTIVE else ()


@dataclass(frozen=True)
class TransitTable:
    """A transit gateway route table, by destination the routes that were asked for."""

    route_table_id: str
    routes: Mapping[str, TransitRoute]

    def static(self, destination: str) -> TransitRoute | None:
        """The static route of this very destination; it is the one that can be written."""
        route = self.routes.get(destination)
        return route if route and route.kind == STATIC else None


@dataclass(frozen=True)
class Want:
    """What the caller asks for. ``vpc_id`` is the VPC by which the attachment was looked up, if it was."""

    destinations: tuple[str, ...]
    target: str | None
    state: str = "present"
    takeover: str = "always"
    vpc_id: str | None = None

    def owns(self, route: TransitRoute) -> bool:
        """Whether it leads to the attachment; also to an earlier one of the VPC, that is deleted by now."""
        if route.target == self.target:
            return route.target is not None
        return bool(self.vpc_id) and route.resource_id == self.vpc_id and route.state == BLACKHOLE


@dataclass(frozen=True)
class TransitAction:
    """What to do with one destination in one table. ``kind``: create, replace, delete, none or kept.

    ``before`` is the route in effect, which may be a propagated one.
    """

    kind: str
    route_table_id: str
    destination: str
    before: TransitRoute | None = None
    target: str | None = None

    @property
    def writes(self) -> bool:
        """Whether it needs a call that changes something."""
        return self.kind in WRITES

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return self.route_table_id, self.destination


def plan(tables: Iterable[TransitTable], want: Want) -> list[TransitAction]:
    """The actions that lead from the tables as they are to what is wanted, one per table and destination."""
    return [step(table, destination, want) for table in tables for destination in want.destinations]


def step(table: TransitTable, destination: str, want: Want) -> TransitAction:
    """What leads from one table as it is to what is wanted of one destination."""
    route = table.static(destination)
    kind = _absent(route, want) if want.state == "absent" else _present(route, want)
    before = table.routes.get(destination)
    return TransitAction(kind, table.route_table_id, destination, before, want.target)


def _absent(route: TransitRoute | None, want: Want) -> str:
    """Routes carry no tags: what leads elsewhere was made by somebody else."""
    if route is None:
        return NONE
    return DELETE if want.owns(route) else KEPT


def _present(route: TransitRoute | None, want: Want) -> str:
    if route is None:
        return CREATE
    if route.target == want.target:  # a blackhole of our own is written anew, whatever becomes of somebody else's
        return REPLACE if route.state == BLACKHOLE else NONE
    dead = want.takeover == "blackhole" and route.state == BLACKHOLE
    return REPLACE if want.takeover == "always" or dead else KEPT


def satisfied(action: TransitAction, table: TransitTable, want: Want) -> bool:
    """Whether the table, read again, shows what the action was to bring about."""
    if action.kind == KEPT:
        return True
    route = table.static(action.destination)
    if want.state == "absent":
        return route is None
    right = route is not None and route.target == want.target
    return right and route is not None and route.state == ACTIVE


def predicted(
    actions: Iterable[TransitAction], tables: Iterable[TransitTable], resource: TransitRoute
) -> list[TransitTable]:
    """The tables as they will read once the actions are carried out: what check mode shows.

    ``resource`` is a route to the attachment, as far as it is known. Whether a propagated route comes back after a
    deletion is not.
    """
    by_key = {a.key: a for a in actions if a.writes}
    answer = []
    for table in tables:
        routes = dict(table.routes)
        for action in by_key.values():
            if action.route_table_id == table.route_table_id and action.kind == DELETE:
                routes.pop(action.destination, None)
            elif action.route_table_id == table.route_table_id:
                routes[action.destination] = replace(resource, destination=action.destination)
        answer.append(replace(table, routes=routes))
    return answer


def shown(route: TransitRoute | None, called: str) -> dict[str, Any] | None:
    """A route as the module returns it; ``called`` is its name for the target."""
    if route is None:
        return None
    return {
        called: route.target,
        "resource_type": route.resource_type,
        "resource_id": route.resource_id,
        "type": route.kind,
        "state": route.state,
    }
