# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the route tables say, what is wanted, and the difference as a list of actions.

Pure: no I/O, no Ansible, no SDK. Rules: VPC user guide, "Route tables" and "Route priority".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .._base import net

ACTIVE = "active"
BLACKHOLE = "blackhole"
STATIC = "CreateRoute"
"""The Origin of a route that somebody made by CreateRoute: the only kind that we ever touch."""

CREATE, REPLACE, DELETE, NONE, KEPT = "create", "replace", "delete", "none", "kept"
WRITES = frozenset({CREATE, REPLACE, DELETE})

REFUSE, LEAVE, TAKE = "refuse", "leave", "take"
"""What to do with a route of the same destination that points at no network interface."""

MOVED_ELSEWHERE, NOT_REACHED, UNREAD = "MovedElsewhere", "NotReached", "Unread"
"""Our own error codes of a table: another mover won; not right in time; its state after our write is unknown."""


class PlanError(Exception):
    """What is wanted cannot or must not be done; the text is a sentence with the remedy. Nothing was changed."""


@dataclass(frozen=True)
class Route:
    """One route of a table, as DescribeRouteTables shows it; ``destination`` is a prefix, or a managed prefix list.

    ``target`` is the id of whatever it points at (``eni-…``, ``igw-…``, ``local`` …); ``network_interface_id`` is
    None unless that is an interface.
    """

    destination: str
    target: str
    state: str = ACTIVE
    origin: str = STATIC
    network_interface_id: str | None = None
    instance_id: str | None = None

    @property
    def ours(self) -> bool:
        """Whether somebody made it by CreateRoute, so that it may be replaced or deleted."""
        return self.origin == STATIC and self.target != "local"

    @property
    def foreign(self) -> bool:
        """Whether somebody else routes it to what is no node: a gateway, a peering, an endpoint ..."""
        return self.ours and not (self.network_interface_id or self.instance_id or self.target.startswith("eni-"))

    def held_by(self, holder: str) -> bool:
        """Whether it points at this interface or instance."""
        return holder in (self.network_interface_id, self.instance_id)


@dataclass(frozen=True)
class Table:
    """One route table. ``edge``: associated with a gateway, so that it cannot hold an overlay route."""

    route_table_id: str
    vpc_id: str
    owner_id: str
    main: bool = False
    subnet_ids: tuple[str, ...] = ()
    edge: bool = False
    routes: tuple[Route, ...] = ()

    def static(self, destination: str) -> Route | None:
        """The one route of this destination that was made by CreateRoute."""
        return next((r for r in self.routes if r.destination == destination and r.ours), None)

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """Its routes to managed prefix lists, each list with its target."""
        return tuple((r.destination, r.target) for r in self.routes if net.is_list(r.destination))

    @property
    def local_cidrs(self) -> tuple[str, ...]:
        """The VPC's CIDRs: each table has a local route for every one of them."""
        return tuple(r.destination for r in self.routes if r.target == "local")


@dataclass(frozen=True)
class Want:
    """What the caller asks for.

    ``network_interface_id`` is the target and may be None for ``state="absent"``; ``takeover`` says what to do with a
    route that points elsewhere (always, blackhole, never); ``expected_holder`` is an instance or interface id;
    ``foreign`` is REFUSE, LEAVE or TAKE: what to do where the route points at no interface, but at a gateway, say;
    ``addresses`` are those that the nodes have of the destinations: none of them may be left behind.
    """

    destinations: tuple[str, ...]
    network_interface_id: str | None = None
    state: str = "present"
    takeover: str = "always"
    expected_holder: str | None = None
    foreign: str = REFUSE
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """What to do with one destination in one table. ``kind``: create, replace, delete, none or kept."""

    kind: str
    route_table_id: str
    destination: str
    before: Route | None = None
    network_interface_id: str | None = None

    @property
    def writes(self) -> bool:
        """Whether it needs a call that changes something."""
        return self.kind in WRITES

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return self.route_table_id, self.destination


def plan(tables: Iterable[Table], want: Want) -> list[Action]:
    """The actions that lead from the tables as they are to what is wanted, one per table and destination.

    Raises PlanError where the whole request must be refused.
    """
    tables = list(tables)
    for table in tables:
        _check(table, want)
        _check_left_behind(table, want)
    vpcs = sorted({table.vpc_id for table in tables})
    if len(vpcs) > 1 and want.state == "present":
        raise PlanError(
            f"The route tables lie in {' and '.join(vpcs)}, but a target is in one VPC only: name the tables of one of "
            "them in route_table_ids. Nothing was changed."
        )
    actions = [step(table, destination, want) for table in tables for destination in want.destinations]
    if want.expected_holder:
        _check_holder(actions, want, want.expected_holder)
    if want.foreign == REFUSE and want.state == "present" and want.takeover != "never":
        _check_foreign(actions)
    return actions


def serving(tables: Iterable[Table]) -> list[Table]:
    """The tables that serve a subnet: the main one and those with a subnet of their own, edge tables excluded."""
    return [t for t in tables if not t.edge and (t.main or t.subnet_ids)]


def satisfied(action: Action, table: Table, want: Want) -> bool:
    """Whether the table, read again, shows what the action was to bring about."""
    route = table.static(action.destination)
    if action.kind == KEPT:
        return True
    if want.state == "absent":
        return route is None or route.network_interface_id is None
    return route is not None and route.network_interface_id == want.network_interface_id and route.state == ACTIVE


def consistent(tables: Iterable[Table], destination: str) -> bool:
    """Whether every table sends the destination to one and the same target, or none has it at all."""
    return len({r.target if (r := t.static(destination)) else None for t in tables}) <= 1


def step(table: Table, destination: str, want: Want) -> Action:
    """What leads from one table as it is to what is wanted of one destination."""
    route = table.static(destination)

    def action(kind: str) -> Action:
        return Action(kind, table.route_table_id, destination, route, want.network_interface_id)

    if want.state == "absent":
        if route is None:
            return action(NONE)
        # Setup only ever makes routes to an interface: anything else is somebody else's.
        return action(DELETE if route.network_interface_id else KEPT)
    if route is None:
        return action(CREATE)
    if route.network_interface_id == want.network_interface_id:
        return action(NONE)
    if route.foreign and want.foreign != TAKE:
        return action(KEPT)
    useless = route.state == BLACKHOLE or route.foreign  # no node has it: it is not taken from one
    if want.takeover == "always" or (want.takeover == "blackhole" and useless):
        return action(REPLACE)
    return action(KEPT)


def predicted(actions: Iterable[Action], tables: Sequence[Table], instance_id: str | None) -> list[Table]:
    """The tables as they will read once the actions are carried out: what check mode shows."""
    by_key = {a.key: a for a in actions if a.writes}
    result = []
    for table in tables:
        mine = {a.destination: a for a in by_key.values() if a.route_table_id == table.route_table_id}
        routes = [r for r in table.routes if not (r.ours and r.destination in mine)]
        for action in mine.values():
            if eni := action.network_interface_id if action.kind != DELETE else None:
                routes.append(Route(action.destination, eni, network_interface_id=eni, instance_id=instance_id))
        result.append(replace(table, routes=tuple(routes)))
    return result


def _check(table: Table, want: Want) -> None:
    if want.state == "absent":
        return
    if table.edge:
        raise PlanError(
            f"Route table {table.route_table_id} is associated with a gateway and cannot hold an overlay IP: "
            "take it out of route_table_ids. Nothing was changed."
        )
    for destination, cidr in _inside(table, want.destinations):
        raise PlanError(
            f"Overlay IP {destination} lies inside the CIDR {cidr} of {table.vpc_id}: "
            "choose an address outside every CIDR of the VPC. Nothing was changed."
        )


def _check_left_behind(table: Table, want: Want) -> None:
    """An address that has a route of its own does not go where the network around it goes: the longest prefix wins."""
    for route in table.routes if want.addresses and want.state == "present" else ():
        if not route.ours or route.destination not in want.addresses:
            continue
        around = [d for d in want.destinations if d != route.destination and net.covers(d, route.destination)]
        if not around and route.destination not in want.destinations:  # what no prefix carries, a list is to
            around = [d for d in want.destinations if net.is_list(d)]
        if around and route.network_interface_id != want.network_interface_id:
            raise PlanError(
                f"{table.route_table_id} still has {route.destination} to {route.instance_id or route.target}, which"
                f" {around[0]} is to carry: a move would leave it behind. Run setup first, which deletes that route."
                " Nothing was changed."
            )


def _inside(table: Table, destinations: Iterable[str]) -> Iterator[tuple[str, str]]:
    for destination in destinations:
        for cidr in table.local_cidrs:
            if net.family(destination) == net.family(cidr) and net.within(destination, cidr):
                yield destination, cidr


def _check_foreign(actions: Iterable[Action]) -> None:
    found = [
        f"{a.destination} in {a.route_table_id} to {a.before.target}" for a in actions if a.before and a.before.foreign
    ]
    if found:
        raise PlanError(
            f"Somebody else routes {', '.join(found)}, which is no network interface: choose another overlay IP, remove"
            " that route, or replace it by takeover_foreign (overlay_ip_takeover_foreign=true). Nothing was changed."
        )


def _check_holder(actions: Iterable[Action], want: Want, expected: str) -> None:
    for action in actions:
        route = action.before
        if route is None or route.held_by(expected):
            continue
        if want.network_interface_id and route.network_interface_id == want.network_interface_id:
            continue
        raise PlanError(
            f"Refused: {action.destination} in {action.route_table_id} points at "
            f"{route.instance_id or route.target}, not at the expected holder {expected}: somebody moved "
            "it meanwhile. Look at the status, then ask again. Nothing was changed."
        )
