# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, or may become wrong, with an overlay IP, and how to mend it.

Pure. One function per rule; `status` shows what they find, and a switchover stops at the errors among it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Callable

from .._aws.errors import AwsError
from .._base import net
from .._base.finding import ERROR, INFO, WARNING, Finding
from . import entries
from .facts import Instance, Interface, PrefixList, Subnet
from .plan import BLACKHOLE, Route, Table

ROUTE_QUOTA = 500
"""Static routes that a table holds by default, per family (VPC user guide, "Amazon VPC quotas")."""


@dataclass(frozen=True)
class View:
    """One overlay IP and all that was read around it.

    ``tables`` are those that shall carry it; ``others`` the rest of the VPC's; ``subnets`` is empty where they were
    not read; ``target`` is the interface that it points or shall point at, where that was read. ``lists`` are the
    managed prefix lists that were looked at, by id; None where that was not to be had, so that nothing is known of any.
    ``carried`` are addresses that a list is to have, though they are no entries yet.
    """

    destination: str
    tables: tuple[Table, ...]
    others: tuple[Table, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    target: Interface | None = None
    instance: Instance | None = None
    lists: Mapping[str, PrefixList] | None = None
    carried: tuple[str, ...] = ()

    @property
    def ranges(self) -> tuple[str, ...]:
        """What it carries: itself, or what is in the list."""
        return self.within(self.destination)

    def within(self, destination: str) -> tuple[str, ...]:
        """The prefixes of a destination; none of a list that was not looked at."""
        if not net.is_list(destination):
            return (destination,)
        listed = (self.lists or {}).get(destination)
        return listed.prefixes if listed else ()

    def weight(self, destination: str) -> int:
        """For how many routes it counts."""
        listed = (self.lists or {}).get(destination)
        return listed.weight if listed else 1

    def family(self, destination: str) -> int:
        """4 or 6; 0 of a list that was not looked at."""
        listed = (self.lists or {}).get(destination)
        return listed.family if listed else net.family(destination)

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
    """Setup goes by the routes that work; where there is none, who had it is not to be known from AWS."""
    missing = [t.route_table_id for t, route in view.routes if route is None]
    works = {r.instance_id or r.target for _table, r in view.routes if r and r.state != BLACKHOLE}
    if missing:
        yield Finding(
            "route_missing",
            ERROR if len(missing) == len(view.tables) else WARNING,
            f"{view.destination} has no route in {', '.join(missing)}.",
            "Run setup: it creates what is absent, and moves nothing that works."
            if len(works) == 1
            else "Run switchover to the node that has the newest data: it moves every table.",
        )


def _blackhole(view: View) -> Iterator[Finding]:
    dead = [t.route_table_id for t, route in view.routes if route and route.state == BLACKHOLE]
    if dead:
        yield Finding(
            "blackhole",
            ERROR,
            f"{view.destination} is a blackhole in {', '.join(dead)}: its target is stopped, terminated or detached.",
            "Run switchover to a running node that has the newest data, or start the instance.",
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
    cidrs = sorted({cidr for table in view.tables for cidr in table.local_cidrs})
    wanted = (*view.ranges, *(view.carried if net.is_list(view.destination) else ()))
    found = [(one, cidr) for one in wanted for cidr in cidrs if net.covers(cidr, one)]
    if found:
        one, cidr = found[0]
        of = f", of {view.destination}," if one != view.destination else ""
        yield Finding(
            "inside_vpc",
            ERROR,
            f"Overlay IP {one}{of} lies inside the CIDR {cidr} of {view.tables[0].vpc_id}.",
            "Choose an address outside every CIDR of the VPC.",
        )


def _covers_vpc(view: View) -> Iterator[Finding]:
    """A destination inside the VPC's CIDR cannot be a route at all; one around it can, and misleads."""
    cidrs = sorted({cidr for table in view.tables for cidr in table.local_cidrs})
    covered = [c for c in cidrs if any(net.covers(one, c) for one in view.ranges)]
    if covered:
        yield Finding(
            "covers_vpc",
            WARNING,
            f"{view.destination} covers {', '.join(covered)} of the VPC itself: addresses in there stay with the VPC.",
            "Choose a narrower overlay network outside every CIDR of the VPC.",
        )


def _overlaps(view: View) -> Iterator[Finding]:
    """Other routes in the same tables that touch the overlay's range. AWS prefers the longest prefix."""
    for table in view.tables:
        for route in table.routes:
            if route.target == "local" or (route.destination == view.destination and route.ours):
                continue
            touching = (
                (ours, theirs)
                for theirs in view.within(route.destination)
                for ours in view.ranges
                if not theirs.endswith("/0") and (net.covers(theirs, ours) or net.covers(ours, theirs))
            )
            if pair := next(touching, None):
                yield _overlap(view, table, route, *pair)


def _overlap(view: View, table: Table, route: Route, ours: str, theirs: str) -> Finding:
    what = f"{table.route_table_id} also has {route.destination} to {route.target}"
    whole, listed = view.destination, (net.is_list(view.destination), net.is_list(route.destination))
    part = whole if ours == whole else f"{ours}, an entry of {whole},"
    if all(listed):
        return Finding(
            "lists_overlap",
            WARNING,
            f"{what}, and both lists have {ours if net.covers(theirs, ours) else theirs}: where they lead to different"
            " targets, AWS chooses one of them at random.",
            "Take it out of one of the lists, or delete the route that is not to be.",
        )
    # Of equal ones a static route is preferred to a list, and a list to what is propagated.
    if ours == theirs and not (listed[0] and route.ours):
        return Finding(
            "propagated_route",
            WARNING,
            f"{what} ({'the same entry' if listed[1] else 'propagated'}): the overlay's static route hides it.",
            "Choose an overlay IP that no other network announces.",
        )
    if ours == theirs or net.within(theirs, ours):
        return Finding(
            "more_specific_route",
            WARNING,
            f"{what}: this part of {whole} goes there, not to the node.",
            "Remove the more specific route, or choose another overlay IP.",
        )
    return Finding(
        "overlap",
        WARNING,
        f"{what}: {part} lies inside that network, and hosts of the same address there cannot be reached.",
        "Choose an overlay IP outside every network that the VPC is routed to.",
    )


def _list_missing(view: View) -> Iterator[Finding]:
    if net.is_list(view.destination) and view.lists is not None and view.destination not in view.lists:
        yield Finding(
            "list_missing",
            ERROR,
            f"{entries.no_list(view.destination)}.",
            f"Correct the id, or {entries.command('', 4, entries.ROOM)}.",
        )


def _list_failed(view: View) -> Iterator[Finding]:
    listed = (view.lists or {}).get(view.destination)
    if listed and listed.state.endswith("-failed"):
        yield Finding(
            "list_failed",
            WARNING,
            f"The last change of {view.destination} came to nothing ({listed.state}: {listed.state_message or '?'}): it"
            f" is as version {listed.version} has it.",
            "Look who changed it, and make the change again where there is room for it.",
        )


def _quota(view: View) -> Iterator[Finding]:
    """A list counts for as many routes as it may have entries, however few it has."""
    family, needs = view.family(view.destination), view.weight(view.destination)
    for table, route in view.routes:
        count = sum(view.weight(r.destination) for r in table.routes if r.ours and view.family(r.destination) == family)
        if route is None and count + needs > ROUTE_QUOTA:
            more = f"{view.destination}, which counts for {needs} routes," if needs > 1 else "one more"
            yield Finding(
                "route_quota",
                WARNING,
                f"{table.route_table_id} has {count} static routes: creating {more} may exceed the quota "
                f"({ROUTE_QUOTA} by default).",
                "Ask AWS for more routes per table, or remove some."
                if needs == 1
                else "Ask AWS for more routes per table, or make the list's maximum of entries smaller.",
            )


def _docker(view: View) -> Iterator[Finding]:
    if any(net.covers("172.17.0.0/16", one) for one in view.ranges):
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
    _list_missing,
    _list_failed,
)
_ROUTE_RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    *(_split, _missing, _blackhole, _not_an_interface),
    _inside_vpc,
)
