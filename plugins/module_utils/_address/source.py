# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies leave by the interface at which requests arrive, on a node that has several. Pure.

A reply follows the main table: its default route leads out of one interface, whichever the request came in by. There
EC2's source/destination check drops it, since the overlay IP is no address of that interface (EC2 user guide,
"Source/destination checking"). So an overlay IP on another interface has a rule by its source, and a table whose
default route is that interface's gateway. The same rule serves strict reverse path filtering: the kernel looks the
sender up with the overlay IP as the source, and finds the interface at which the packet came (rp_filter, ip(7)).

Programs of the cloud keep such tables for the node's own addresses (amazon-ec2-net-utils, cloud-netconfig,
nm-cloud-setup, netplan's and cloud-init's policies): where one leads out of the interface, it is used and left alone.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from .plan import ADD, DELETE, MAIN, Decision, Node, Overlay, Route, Rule, Way

PRIORITY = 7150
"""Of our rules, by which they are known: before the main table's 32766 and what is counted down from there."""

TABLES = range(7151, 7200)
"""Of our tables: one for an interface that no other program has one for."""

ROUTER6 = "fe80:ec2::1"
"""The VPC's router by IPv6, on every link of a subnet that has IPv6 (VPC user guide, "Subnet sizing for IPv6")."""

REMEDY = "Give the interface an address and a default route of that family, with a metric of its own."
"""Where no gateway is known."""

_KERNELS = (253, MAIN, 255)  # default, main, local


@dataclass(frozen=True)
class Turn:
    """One change of how replies leave: a rule, or the default route of a table of ours."""

    action: str
    what: Rule | Route


@dataclass(frozen=True)
class Steering:
    """The decisions with the way of each overlay, what leads there, and what people should know, in sentences."""

    decisions: tuple[Decision, ...]
    turns: tuple[Turn, ...]
    warnings: tuple[str, ...]


def steer(decisions: Iterable[Decision], node: Node, *, present: bool) -> Steering:
    """Decide how the replies from each overlay leave.

    Args:
        decisions: of :func:`.plan.plan`, in order.
        node: as it was read, with its rules and the default routes of all tables.
        present: whether the overlays shall be here; else only what is ours is removed.
    """
    done: list[Decision] = []
    turns: list[Turn] = []
    warnings: list[str] = []
    for decision in decisions:
        overlay, way = replace(decision.overlay, way=None), None
        if present and elsewhere(overlay.interface, overlay.family, node):
            way = _way(overlay, node)
            if way is None:
                warnings.append(_unknown(overlay, node))
        made = _turns(overlay, way, node)
        node = after(node, made)
        turns += made
        done.append(replace(decision, overlay=replace(overlay, way=way)))
        # The next interface must not be given the table that this one has just taken.
        node = replace(node, saved=(*node.saved, done[-1].overlay))
    return Steering(tuple(done), tuple(turns), tuple(warnings))


def elsewhere(interface: str, family: int, node: Node) -> str:
    """The other interface by which replies would leave by the main table; empty where they leave by this one.

    Of a route with several ways, and of several routes that are as good (systemd-networkd's IPv6 ones are, unless they
    are told apart), each takes some replies. What is on lo is reached by any interface.
    """
    main = [route for route in node.routes if route.table == MAIN]
    main = [route for route in main if route.family == family] or main
    best = [route.interface for route in main if route.metric == min(r.metric for r in main)]
    others = [name for name in best if name != interface]
    return others[0] if others and interface not in ("", "lo") else ""


def known(overlay: Overlay, node: Node) -> bool:
    """Whether a gateway of the overlay's interface is known."""
    return _way(overlay, node) is not None


def lacking(overlay: Overlay, node: Node) -> list[Turn]:
    """What is missing for the replies from an overlay that is live; empty where they leave by its interface."""
    if not elsewhere(overlay.interface, overlay.family, node):
        return []
    way = _way(overlay, node)
    return [turn for turn in _turns(overlay, way, node) if turn.action == ADD] if way else []


def after(node: Node, turns: Iterable[Turn]) -> Node:
    """The node as it is when the turns are done, as check mode foretells it."""
    rules, routes = node.rules, node.routes
    for turn in turns:
        what, added = turn.what, turn.action == ADD
        if isinstance(what, Rule):
            rules = (*(rule for rule in rules if rule != what), *([what] if added else []))
        else:  # a table of ours has one
            place = what.family, what.table
            routes = (*(r for r in routes if (r.family, r.table) != place), *([what] if added else []))
    return replace(node, rules=rules, routes=routes)


def lines(addresses: Collection[str], node: Node) -> str:
    """The rules of these addresses and the tables they name, for the diff."""
    rules = [rule for rule in node.rules if rule.source in addresses]
    tables = {(rule.family, rule.table) for rule in rules}
    routes = [route for route in node.routes if (route.family, route.table) in tables and route.table != MAIN]
    told = [f"rule from {rule.source} lookup {rule.table}\n" for rule in rules]
    told += [f"default via {route.gateway} dev {route.interface} table {route.table}\n" for route in routes]
    return "".join(sorted(dict.fromkeys(told)))


def _turns(overlay: Overlay, way: Way | None, node: Node) -> list[Turn]:
    """The default route first, so that no rule leads into an empty table; what is ours and of no use any more last."""
    found: list[Turn] = []
    rules = list(node.rules)
    if way:
        default = Route(overlay.family, overlay.interface, gateway=way.gateway, table=way.table)
        if way.ours and not any(_same(default, route) for route in node.routes):
            found.append(Turn(ADD, default))
        if not any((rule.source, rule.table) == (overlay.address, way.table) for rule in rules):
            rules.append(Rule(overlay.address, way.table, PRIORITY))
            found.append(Turn(ADD, rules[-1]))
    for rule in node.rules:
        if (rule.source, rule.priority) == (overlay.address, PRIORITY) and (way is None or rule.table != way.table):
            rules.remove(rule)
            found.append(Turn(DELETE, rule))
            if rule.table in TABLES and not any((r.family, r.table) == (rule.family, rule.table) for r in rules):
                left = [r for r in node.routes if (r.family, r.table) == (rule.family, rule.table)]
                found += [Turn(DELETE, route) for route in left]
    return found


def _same(one: Route, other: Route) -> bool:
    return replace(one, metric=0, source="") == replace(other, metric=0, source="")


def _way(overlay: Overlay, node: Node) -> Way | None:
    """The table of its interface that is there; else one of ours; None where no gateway is known."""
    here = [r for r in node.routes if (r.family, r.interface) == (overlay.family, overlay.interface) and r.gateway]
    kept = [r for r in here if r.table not in _KERNELS]
    own = {held.address for held in node.held if held.interface == overlay.interface}
    named = {rule.table for rule in node.rules if rule.source in own and rule.source != overlay.address}
    if kept:
        best = min(kept, key=lambda r: (r.table in TABLES, r.table not in named, r.table))
        return Way(best.table, best.gateway, ours=best.table in TABLES)
    main = min((r for r in here if r.table == MAIN), key=lambda route: route.metric, default=None)
    saved = [o for o in node.saved if o.way and o.way.ours and o.family == overlay.family]
    mine = next((o.way for o in saved if o.way and o.interface == overlay.interface), None)
    gateway = main.gateway if main else _vpc_router(overlay, node) or (mine.gateway if mine else "")
    if not gateway:
        return None
    if mine:
        return Way(mine.table, gateway)
    taken = {o.way.table for o in saved if o.way} | {r.table for r in node.routes if r.family == overlay.family}
    # A link that went down has lost its routes, and the rule of this very overlay is there still.
    taken |= {r.table for r in node.rules if r.family == overlay.family and r.source != overlay.address}
    return Way(next((table for table in TABLES if table not in taken), TABLES[-1]), gateway)


def _vpc_router(overlay: Overlay, node: Node) -> str:
    """The second address of the interface's subnet (VPC user guide, "Subnet CIDR blocks"), or ROUTER6.

    That the subnet has IPv6 is known by an address of the interface's own. A prefix length says nothing: DHCPv6 gives
    /128. Overlays are deprecated.
    """
    others = [h for h in node.held if (h.family, h.interface) == (overlay.family, overlay.interface)]
    if overlay.family == 6:
        return ROUTER6 if any(not h.deprecated and h.address != overlay.address for h in others) else ""
    for held in others:
        if held.prefixlen < 31:
            return str(ipaddress.ip_network(held.cidr, strict=False).network_address + 1)
    return ""


def _unknown(overlay: Overlay, node: Node) -> str:
    name, other = overlay.interface, elsewhere(overlay.interface, overlay.family, node)
    why = no_gateway(overlay)
    return f"Replies from {overlay.cidr} leave by {other}, not by {name}, and EC2 drops them: {why}. {REMEDY}"


def no_gateway(overlay: Overlay) -> str:
    """Why nothing can be done, a clause."""
    return f"{overlay.interface} has no IPv{overlay.family} gateway that could be found"
