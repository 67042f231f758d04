# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Client VPN endpoint says of overlay IPs, what is wanted, and the difference as a list of actions.

Pure. Rules: Client VPN administrator guide, "Routes" (each associated subnet needs the same ones) and "Authorization
rules" (the longest prefix decides, and whoever no rule names is refused).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._base import net
from .._route.plan import CREATE, DELETE, KEPT, NONE, REPLACE, WRITES, PlanError

ROUTE, RULE = "route", "authorization rule"
COMING, ACTIVE, FAILED, GOING = "coming", "active", "failed", "going"
MARK = "aws_ha.overlay_ip"
"""The description of what we make: routes and rules have no tags. What has another was made by somebody else."""

_STATES = {"creating": COMING, "authorizing": COMING, "deleting": GOING, "revoking": GOING}
_ASSOCIATED = frozenset({"associating", "associated"})


@dataclass(frozen=True)
class Item:
    """A route, or an authorisation rule.

    ``by`` is the subnet of a route; of a rule, the group of clients, and empty for all of them.
    """

    kind: str
    destination: str
    by: str

    def __str__(self) -> str:
        whom = f"by {self.by}" if self.kind == ROUTE else f"for {self.by or 'all clients'}"
        return f"{self.kind} to {self.destination} {whom}"


@dataclass(frozen=True)
class Held:
    """An item as it is. ``state`` is AWS's word, ``why`` what AWS says to it."""

    item: Item
    state: str = ACTIVE
    description: str = ""
    origin: str = ""
    why: str = ""

    @property
    def phase(self) -> str:
        """Where it is on its way: coming, active, failed or going."""
        return _STATES.get(self.state, self.state)


@dataclass(frozen=True)
class Network:
    """A target network: a subnet that the endpoint is associated with, and the groups of the interface there."""

    subnet_id: str
    vpc_id: str
    state: str = "associated"
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What an endpoint has: its target networks, and what it does with the destinations that were asked for."""

    networks: tuple[Network, ...] = ()
    items: Mapping[Item, Held] = field(default_factory=dict)


@dataclass(frozen=True)
class Want:
    """What the caller asks for. Without ``subnet_ids`` all target networks, without ``group_ids`` all clients."""

    endpoint_id: str
    destinations: tuple[str, ...]
    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    state: str = "present"
    description: str = MARK


@dataclass(frozen=True)
class Action:
    """What to do with one item: create, replace (delete what failed, and create), delete, none or kept."""

    kind: str
    item: Item
    before: Held | None = None

    @property
    def writes(self) -> bool:
        """Whether it needs a call that changes something."""
        return self.kind in WRITES


def there(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Those that are associated, or will be in a moment."""
    return tuple(one for one in networks if one.state in _ASSOCIATED)


def plan(want: Want, seen: Seen) -> list[Action]:
    """The actions that lead from what there is to what is wanted. Raises PlanError.

    A change of the routes makes clients with a split tunnel connect again. So what they are allowed comes first and
    goes last.
    """
    wanted = _wanted(want, seen) if want.state == "present" else []
    actions = [Action(_present(seen.items.get(item)), item, seen.items.get(item)) for item in wanted]
    others = [held for item, held in seen.items.items() if item not in wanted and _asked(want, item)]
    leaving = [Action(_absent(held, want), held.item, held) for held in others]
    return actions + sorted(leaving, key=lambda action: action.item.kind != ROUTE)


def _wanted(want: Want, seen: Seen) -> list[Item]:
    subnets = [one.subnet_id for one in there(seen.networks)]
    if not subnets:
        raise PlanError(
            f"{want.endpoint_id} is associated with no subnet, so that no route can be made: associate it with one in"
            " the VPC (aws ec2 associate-client-vpn-target-network). Nothing was changed."
        )
    strange = [one for one in want.subnet_ids if one not in subnets]
    if strange:
        raise PlanError(
            f"{want.endpoint_id} is not associated with {', '.join(strange)}: correct subnet_ids, or leave them out."
            f" It is associated with {', '.join(subnets)}. Nothing was changed."
        )
    rules = [Item(RULE, block, group) for block in want.destinations for group in want.group_ids or ("",)]
    return rules + [Item(ROUTE, block, one) for block in want.destinations for one in want.subnet_ids or subnets]


def _asked(want: Want, item: Item) -> bool:
    """Whether an item that is not wanted is the caller's business: with ``absent``, options narrow what is removed."""
    if want.state == "present":
        return True
    named = want.subnet_ids if item.kind == ROUTE else want.group_ids
    return not named or item.by in named


def _present(held: Held | None) -> str:
    if held is None or held.phase == GOING:
        return CREATE
    return REPLACE if held.phase == FAILED else NONE


def _absent(held: Held, want: Want) -> str:
    """What was made by hand stays, and what an association brought goes with it."""
    if held.phase == GOING:
        return NONE
    return DELETE if held.description == want.description else KEPT


def following(action: Action, held: Held | None, *, written: bool) -> str | None:
    """The call that an item needs next: create or delete; empty for waiting, and None where it is as it should be.

    Args:
        action: what was planned.
        held: the item as read last.
        written: whether we have created it: one that failed since is not made again.
    """
    phase = held.phase if held else ""
    if action.kind == KEPT:
        return None
    if action.kind == DELETE or (action.kind == NONE and action.before and action.before.phase == GOING):
        return None if held is None else "" if phase == GOING else DELETE
    if phase == FAILED:
        return "" if written else DELETE
    return {"": CREATE, COMING: "", GOING: "", ACTIVE: None}.get(phase, "")


def predicted(actions: Iterable[Action], want: Want) -> dict[Item, Held]:
    """The items as they will read once the actions are carried out: what check mode shows."""
    found: dict[Item, Held] = {}
    for action in actions:
        if action.kind in (CREATE, REPLACE):
            origin = "add-route" if action.item.kind == ROUTE else ""
            found[action.item] = Held(action.item, description=want.description, origin=origin)
        elif action.kind != DELETE and action.before and action.before.phase != GOING:
            found[action.item] = action.before
    return found


def shown(held: Held | None) -> dict[str, Any] | None:
    """An item as the module returns it."""
    return {"state": held.state, "description": held.description, "origin": held.origin} if held else None


def deciding(items: Iterable[Held], overlay: str, subnet_id: str = "") -> list[Held]:
    """What decides about an overlay IP: the rules of the longest prefix, or the route by this subnet that has it."""
    fits = [
        held
        for held in items
        if net.family(held.item.destination) == net.family(overlay)
        and net.within(overlay, held.item.destination)
        and (held.item.kind == ROUTE and held.item.by == subnet_id if subnet_id else held.item.kind == RULE)
        and held.phase != GOING
    ]
    longest = max((ipaddress.ip_network(held.item.destination).prefixlen for held in fits), default=0)
    return [held for held in fits if ipaddress.ip_network(held.item.destination).prefixlen == longest]
