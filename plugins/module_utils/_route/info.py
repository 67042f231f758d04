# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds each overlay IP in which table, and what is wrong with it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._aws.errors import AwsError
from .._base import net
from .._base.finding import INFO, WARNING, Finding, as_dicts
from . import entries, move, network, plan
from . import findings as route_findings
from . import lists as list_reading
from .ec2 import Ec2
from .facts import Instance, Interface, PrefixList, Subnet
from .plan import Table


def overlays(
    ec2: Ec2,
    destinations: Sequence[str],
    route_table_ids: Sequence[str],
    vpc_id: str | None,
    instance_ids: Sequence[str],
    addresses: Sequence[str] = (),
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What ``overlay_route_info`` returns: the overlay IPs, and where everything lies. Raises AwsError.

    ``addresses`` are those that networks or lists among the destinations carry, or are to.
    """
    instances = ec2.instances(instance_ids) if instance_ids else []
    vpc_id = vpc_id or (instances[0].vpc_id if instances else None)
    every, tables = _read(ec2, route_table_ids, vpc_id)
    subnets, around = _subnets(ec2, tables)
    lists, untold = list_reading.looked_at(ec2.aws, list_reading.around(tables, destinations))
    wanted = list(destinations) or found(tables, lists)
    holders = {r.network_interface_id for t in tables for d in wanted if (r := t.static(d)) and r.network_interface_id}
    known, hidden = _interfaces(ec2, instances, sorted(holders))
    listed = [one for one in addresses if not any(net.covers(d, one) for d in wanted)]
    seen = [shown(d, tables, every, subnets, instances, known, lists, listed) for d in wanted]
    for overlay in seen:
        guessed = [] if destinations else _guessed(overlay["destination"])
        overlay["findings"] += as_dicts([*around, *hidden, *untold, *guessed])
    return seen, network.shown(tables, every, subnets, instances)


def _subnets(ec2: Ec2, tables: Sequence[Table]) -> tuple[list[Subnet], list[Finding]]:
    """The VPC's subnets, for warnings alone: who may not read them still sees who holds what."""
    try:
        return ec2.subnets(tables[0].vpc_id) if tables else [], []
    except AwsError as err:
        return [], [route_findings.unseen("subnets", err)]


def _guessed(destination: str) -> list[Finding]:
    """A network that nobody asked for by name may be a route to a firewall, NAT or VPN machine."""
    if not net.is_list(destination) and ipaddress.ip_network(destination).num_addresses == 1:
        return []
    what = "a list" if net.is_list(destination) else "a network"
    return [
        Finding(
            "perhaps_no_overlay",
            INFO,
            f"{destination} is {what}, and was not asked for by name: its interface may be an appliance's (firewall,"
            " NAT, VPN) and the route no overlay IP.",
            "Name the overlay IPs in destinations.",
        )
    ]


def found(tables: Iterable[Table], lists: Mapping[str, PrefixList] | None = None) -> list[str]:
    """Every destination that looks like an overlay: a static route to an interface, outside the VPC's CIDRs."""
    tables, lists = list(tables), lists or {}
    cidrs = {cidr for t in tables for cidr in t.local_cidrs}
    seen = {
        r.destination
        for t in tables
        for r in t.routes
        if r.ours and r.network_interface_id and not r.destination.endswith("/0")
    }
    ranges = {d: lists[d].prefixes if d in lists else (d,) for d in seen}
    inside = {d for d in seen for c in cidrs if any(net.covers(c, one) for one in ranges[d])}
    listed = sorted(d for d in seen - inside if net.is_list(d))
    return [*sorted(seen - inside - {*listed}, key=lambda d: (net.family(d), ipaddress.ip_network(d))), *listed]


def _read(ec2: Ec2, route_table_ids: Sequence[str], vpc_id: str | None) -> tuple[list[Table], list[Table]]:
    if not route_table_ids:
        every = ec2.tables(vpc_id=vpc_id)
        return every, plan.serving(every)
    tables = ec2.tables(route_table_ids)
    return ec2.tables(vpc_id=tables[0].vpc_id), tables


def _interfaces(
    ec2: Ec2, instances: Sequence[Instance], wanted: Sequence[str]
) -> tuple[dict[str, Interface], list[Finding]]:
    """The interfaces, for warnings alone: a node's role may not look at them, and still see who holds what."""
    known = {i.network_interface_id: i for instance in instances for i in instance.interfaces}
    for interface_id in wanted:
        if interface_id in known:
            continue
        try:
            known[interface_id] = ec2.interfaces([interface_id])[0]
        except AwsError as err:
            if err.denied:
                return known, [replace(route_findings.unseen("network interfaces", err), severity=WARNING)]
            if err.code != "InvalidNetworkInterfaceID.NotFound":  # deleted: the route is a blackhole, told as such
                raise
    return known, []


def shown(
    destination: str,
    tables: Sequence[Table],
    every: Sequence[Table],
    subnets: Sequence[Subnet],
    instances: Sequence[Instance],
    interfaces: Mapping[str, Interface],
    lists: Mapping[str, PrefixList] | None = None,
    addresses: Sequence[str] = (),
) -> dict[str, Any]:
    """One overlay IP as it was read.

    Args:
        destination: the overlay IP.
        tables: those that shall carry it.
        every: all of the VPC.
        subnets: the VPC's.
        instances: the nodes'.
        interfaces: those that are known, by id.
        lists: the managed prefix lists that were looked at; None where they may not be.
        addresses: those that a list is to carry, though they are no entries yet.
    """
    mine = {t.route_table_id for t in tables}
    routes = [(t, t.static(destination)) for t in tables]
    holders = {(r.network_interface_id, r.instance_id) for _t, r in routes if r and r.network_interface_id}
    consistent = plan.consistent(tables, destination)
    holder = next(iter(holders)) if consistent and holders else None
    view = route_findings.View(
        destination,
        tuple(tables),
        tuple(t for t in every if t.route_table_id not in mine),
        tuple(subnets),
        interfaces.get(holder[0] or "") if holder else None,
        next((i for i in instances if holder and i.instance_id == holder[1]), None),
        lists,
        tuple(addresses),
    )
    problems = route_findings.findings(view) + [f for i in instances for f in _node(replace(view, instance=i), holder)]
    return {
        "destination": destination,
        "prefix_list": entries.shown((lists or {}).get(destination)),
        "vpc_id": tables[0].vpc_id if tables else None,
        "consistent": consistent,
        "holder": {"network_interface_id": holder[0], "instance_id": holder[1]} if holder else None,
        "routes": [{"route_table_id": t.route_table_id, **(move.shown(r) or {"state": None})} for t, r in routes],
        "others": [
            {"route_table_id": t.route_table_id, **(move.shown(route) or {})}
            for t in view.others
            if (route := t.static(destination))
        ],
        "beside": [
            {"route_table_id": t.route_table_id, "destination": r.destination, **(move.shown(r) or {})}
            for t in tables
            for r in t.routes
            if r.ours and r.destination != destination and _beside(view, r.destination)
        ],
        "uncovered_subnets": route_findings.uncovered_subnets(view),
        "findings": as_dicts(problems),
    }


def _beside(view: route_findings.View, other: str) -> bool:
    """Whether another destination of the tables has something of this one; the default route is none."""
    listed = net.is_list(other) or net.is_list(view.destination)
    if net.is_list(view.destination) and other in view.carried:
        return True
    if not listed and other.partition("/")[2] == view.destination.partition("/")[2]:
        return False  # as most of a table with many overlay IPs
    pairs = ((ours, theirs) for theirs in view.within(other) for ours in view.ranges)
    return not other.endswith("/0") and any(net.covers(a, b) or net.covers(b, a) for a, b in pairs)


def _node(view: route_findings.View, holder: tuple[str | None, str | None] | None) -> list[Finding]:
    """What would keep a node that is not the holder from taking over."""
    if not view.instance or (holder and holder[1] == view.instance.instance_id):
        return []
    problems = []
    if view.instance.state != "running":
        problems.append(
            Finding(
                "standby_not_running",
                WARNING,
                f"Instance {view.instance.instance_id} is {view.instance.state}: it could not take over.",
                "Start the instance.",
            )
        )
    if view.instance.interfaces and all(i.source_dest_check for i in view.instance.interfaces):
        problems.append(
            Finding(
                "standby_source_dest_check_on",
                WARNING,
                f"The source/destination check of {view.instance.instance_id} is on: after a move EC2 would drop every "
                f"packet to {view.destination}.",
                "Run setup, or the module source_dest_check for its interface.",
            )
        )
    return problems
