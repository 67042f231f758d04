# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, or may become wrong, with an overlay IP, and how to mend it.

Pure. One function per rule; `status` shows what they find, and a switchover stops at the errors among it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

from .._aws.errors import AwsError
from .._base import net
from .._base.finding import ERROR, INFO, WARNING, Finding
from .facts import Instance, Interface, Subnet
from .plan import BLACKHOLE, Route, Table

ROUTE_QUOTA = 500
"""Static routes that a table holds by default, per family (VPC user guide, "Amazon VPC quotas")."""


@dataclass(frozen=True)
class View:
    """One overlay IP and all that was read around it.

    ``tables`` are those that shall carry it; ``others`` the rest of the VPC's; ``subnets`` is empty where they were
    not read; ``target`` is the interface that it points or shall point at, where that was read.
    """

    destination: str
    tables: tuple[Table, ...]
    others: tuple[Table, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    target: Interface | None = None
    instance: Instance | None = None

    @property
    def routes(self) -> list[tuple[Table, Route | None]]:
        """Per table the route, or None."""
        return [(t, t.static(self.destination)) for t in self.tables]


def findings(view: View, *, moving: bool = False) -> list[Finding]:
    """All findings, errors first. With ``moving``, without those that the move itself mends."""
    found = [f for rule in (_TARGET_RULES if moving else _TARGET_RULES + _ROUTE_RULES) for f in rule(view)]
    return sorted(found, key=lambda f: (ERROR, WARNING, INFO).index(f.severity))


def unseen(what: str, err: AwsError) -> Finding:
    """Something that only warns could not be looked at: that stops nobody."""
    return Finding(
        "not_looked_at",
        INFO,
        f"The {what} could not be looked at: {err.message}",
        "Nothing else depends on it; allow the call (docs/iam.md) to have this checked, too.",
    )


def uncovered_subnets(view: View) -> list[str]:
    """The subnets from which the overlay IP cannot be reached, since their table has no route to it."""
    tables = view.tables + view.others
    covered = {t.route_table_id for t in tables if t.static(view.destination)}
    main = next((t for t in tables if t.main), None)
    table_of = {subnet_id: t for t in tables for subnet_id in t.subnet_ids}
    return [
        s.subnet_id
        for s in view.subnets
        if (table := table_of.get(s.subnet_id, main)) and table.route_table_id not in covered
    ]


def _split(view: View) -> Iterator[Finding]:
    holders = {r.instance_id or r.target for _table, r in view.routes if r}
    if len(holders) > 1:
        yield Finding(
            "split",
            ERROR,
            f"{view.destination} is split: its route tables point at {', '.join(sorted(holders))}.",
            "Run switchover to the node that shall hold it: it moves every table.",
        )


def _missing(view: View) -> Iterator[Finding]:
    missing = [t.route_table_id for t, route in view.routes if route is None]
    if missing:
        yield Finding(
            "route_missing",
            ERROR if len(missing) == len(view.tables) else WARNING,
            f"{view.destination} has no route in {', '.join(missing)}.",
            "Run setup: it creates what is absent and moves nothing.",
        )


def _blackhole(view: View) -> Iterator[Finding]:
    dead = [t.route_table_id for t, route in view.routes if route and route.state == BLACKHOLE]
    if dead:
        yield Finding(
            "blackhole",
            ERROR,
            f"{view.destination} is a blackhole in {', '.join(dead)}: its target is stopped, terminated or detached.",
            "Run switchover to a running node, or start the instance; setup heals it towards the home node.",
        )


def _not_an_interface(view: View) -> Iterator[Finding]:
    for table, route in view.routes:
        if route and route.foreign:
            yield Finding(
                "not_an_interface",
                ERROR,
                f"{view.destination} in {table.route_table_id} points at {route.target}, which is no node.",
                "Find out who made it: setup and switchover replace it only by overlay_ip_takeover_foreign=true.",
            )


def _check_on(view: View) -> Iterator[Finding]:
    if view.target and view.target.source_dest_check:
        yield Finding(
            "source_dest_check_on",
            ERROR,
            f"The source/destination check of {view.target.network_interface_id} is on: EC2 drops every packet to "
            f"{view.destination}.",
            "Run setup, or the module source_dest_check for this interface.",
        )


def _not_running(view: View) -> Iterator[Finding]:
    if view.instance and view.instance.state != "running":
        yield Finding(
            "target_not_running",
            ERROR,
            f"Instance {view.instance.instance_id} is {view.instance.state}, not running.",
            "Start the instance, or choose another target.",
        )


def _detached(view: View) -> Iterator[Finding]:
    if view.target and view.target.instance_id is None:
        yield Finding(
            "target_detached",
            ERROR,
            f"{view.target.network_interface_id} is attached to no instance, so that nobody would answer.",
            "Attach the interface, or choose another target.",
        )


def _uncovered(view: View) -> Iterator[Finding]:
    uncovered = uncovered_subnets(view)
    # A table of ours that misses its route is told by its own rule; here it is about tables that nobody named.
    named = {s for t in view.tables for s in t.subnet_ids}
    if any(t.main for t in view.tables):
        explicit = {s for t in view.tables + view.others for s in t.subnet_ids}
        named |= {s.subnet_id for s in view.subnets} - explicit
    outside = [s for s in uncovered if s not in named]
    if outside:
        yield Finding(
            "uncovered_subnets",
            WARNING,
            f"Clients in {', '.join(outside)} cannot reach {view.destination}: their route table is not one of the "
            "named ones.",
            "Add the tables of these subnets to route_table_ids, or leave route_table_ids out to cover them all.",
        )


def _unmanaged(view: View) -> Iterator[Finding]:
    tables = [t.route_table_id for t in view.others if t.static(view.destination)]
    if tables:
        yield Finding(
            "unmanaged_route",
            WARNING,
            f"{', '.join(tables)} also routes {view.destination}, but is not one of the named tables: a move leaves it "
            "behind.",
            "Add it to route_table_ids, or delete the route there.",
        )


def _inside_vpc(view: View) -> Iterator[Finding]:
    """No table takes such a route (VPC user guide, "Route tables"); before a move the plan refuses it."""
    cidrs = sorted({cidr for table in view.tables for cidr in table.local_cidrs if net.covers(cidr, view.destination)})
    if cidrs:
        yield Finding(
            "inside_vpc",
            ERROR,
            f"Overlay IP {view.destination} lies inside the CIDR {cidrs[0]} of {view.tables[0].vpc_id}.",
            "Choose an address outside every CIDR of the VPC.",
        )


def _covers_vpc(view: View) -> Iterator[Finding]:
    """A destination inside the VPC's CIDR cannot be a route at all; one around it can, and misleads."""
    cidrs = sorted({cidr for table in view.tables for cidr in table.local_cidrs})
    covered = [c for c in cidrs if net.family(c) == net.family(view.destination) and net.within(c, view.destination)]
    if covered:
        yield Finding(
            "covers_vpc",
            WARNING,
            f"{view.destination} covers {', '.join(covered)} of the VPC itself: addresses in there stay with the VPC.",
            "Choose a narrower overlay network outside every CIDR of the VPC.",
        )


def _overlaps(view: View) -> Iterator[Finding]:
    """Other routes in the same tables that touch the overlay's range. AWS prefers the longest prefix."""
    ours = ipaddress.ip_network(view.destination)
    for table in view.tables:
        for route in table.routes:
            if net.family(route.destination) != net.family(view.destination) or route.target == "local":
                continue
            theirs = ipaddress.ip_network(route.destination)
            if theirs.prefixlen == 0 or (theirs == ours and route.ours) or not theirs.overlaps(ours):
                continue
            yield _overlap(view, table, route, theirs.prefixlen > ours.prefixlen, theirs == ours)


def _overlap(view: View, table: Table, route: Route, longer: bool, same: bool) -> Finding:
    what = f"{table.route_table_id} also has {route.destination} to {route.target}"
    if same:
        return Finding(
            "propagated_route",
            WARNING,
            f"{what} (propagated): the overlay's static route hides it.",
            "Choose an overlay IP that no other network announces.",
        )
    if longer:
        return Finding(
            "more_specific_route",
            WARNING,
            f"{what}: this part of {view.destination} goes there, not to the node.",
            "Remove the more specific route, or choose another overlay IP.",
        )
    return Finding(
        "overlap",
        WARNING,
        f"{what}: {view.destination} lies inside that network, and hosts of the same address there cannot be reached.",
        "Choose an overlay IP outside every network that the VPC is routed to.",
    )


def _quota(view: View) -> Iterator[Finding]:
    family = net.family(view.destination)
    for table, route in view.routes:
        count = sum(1 for r in table.routes if r.ours and net.family(r.destination) == family)
        if route is None and count >= ROUTE_QUOTA:
            yield Finding(
                "route_quota",
                WARNING,
                f"{table.route_table_id} has {count} static routes: creating one more may exceed the quota "
                f"({ROUTE_QUOTA} by default).",
                "Ask AWS for more routes per table, or remove some.",
            )


def _docker(view: View) -> Iterator[Finding]:
    if net.family(view.destination) == 4 and net.within(view.destination, "172.17.0.0/16"):
        yield Finding(
            "docker_range",
            WARNING,
            f"{view.destination} lies in 172.17.0.0/16, which Docker uses on its hosts: clients there never reach it.",
            "Choose another overlay IP.",
        )


_TARGET_RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    _check_on,
    _not_running,
    _detached,
    _uncovered,
    _unmanaged,
    _covers_vpc,
    _overlaps,
    _quota,
    _docker,
)
_ROUTE_RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    *(_split, _missing, _blackhole, _not_an_interface),
    _inside_vpc,
)
