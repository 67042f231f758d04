# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at the overlay IPs of many pairs: what `overlay_route_info` tells of one, for all of them by a few calls.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._aws.errors import AwsError
from .._base.finding import WARNING, Finding, as_dicts
from .._route import findings, info, lists, network, plan
from .._route.ec2 import Ec2
from .._route.facts import Instance, PrefixList, Subnet
from .._route.plan import Table


@dataclass(frozen=True)
class Part:
    """Overlay IPs of a pair that share their tables: the named ones, or all that serve a subnet of the VPC."""

    destinations: tuple[str, ...]
    route_table_ids: tuple[str, ...] = ()
    vpc_id: str | None = None


@dataclass(frozen=True)
class Pair:
    """Nodes that share overlay IPs. The VPC of a part that names none is that of the first instance that is there."""

    name: str
    instance_ids: tuple[str, ...]
    parts: tuple[Part, ...]


def look(ec2: Ec2, pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """Of each pair its ``overlays`` and ``networks``, as `overlay_route_info` tells them.

    Three calls, and one more for each page of an answer: instances, route tables and subnets; where managed prefix
    lists are routed, one for all of them, and one for the entries of each. A pair's `networks` hold its own tables and
    its nodes' subnets alone. An instance that does not exist is left out; a table that does not is
    a finding of the overlay IPs that name it.

    Raises:
        AwsError: instances or route tables cannot be read.
    """
    instances = ec2.instances_of_many(list(_unique(i for pair in pairs for i in pair.instance_ids)))
    parts = [part for pair in pairs for part in pair.parts]
    vpcs = {part.vpc_id for part in parts if part.vpc_id} | {i.vpc_id for i in instances.values() if i.vpc_id}
    tables = {table.route_table_id: table for table in ec2.tables_of(sorted(vpcs))}
    named = [rtb for rtb in _unique(rtb for part in parts for rtb in part.route_table_ids) if rtb not in tables]
    if named:
        tables.update({table.route_table_id: table for table in ec2.tables(named, missing_ok=True)})
    subnets, around = _subnets(ec2, sorted({table.vpc_id for table in tables.values()}))
    every = (d for part in parts for d in part.destinations)
    known, untold = lists.looked_at(ec2.aws, lists.around(tables.values(), every))
    world = _World(instances, tables, subnets, [*around, *untold], known)
    return {pair.name: world.seen(pair) for pair in pairs}


def _subnets(ec2: Ec2, vpcs: Sequence[str]) -> tuple[list[Subnet], list[Finding]]:
    """The subnets, by which zones are known: who may not read them still sees who holds what."""
    try:
        return (ec2.subnets(*vpcs) if vpcs else []), []
    except AwsError as err:
        return [], [findings.unseen("subnets", err)]


class _World:
    """All that was read, by VPC."""

    def __init__(
        self,
        instances: Mapping[str, Instance],
        tables: Mapping[str, Table],
        subnets: Iterable[Subnet],
        around: Sequence[Finding],
        known: Mapping[str, PrefixList] | None,
    ) -> None:
        self._instances, self._tables, self._around, self._lists = instances, tables, around, known
        self._every: dict[str, list[Table]] = {}
        for table in sorted(tables.values(), key=lambda table: table.route_table_id):
            self._every.setdefault(table.vpc_id, []).append(table)
        self._subnets: dict[str, list[Subnet]] = {}
        for subnet in subnets:
            self._subnets.setdefault(subnet.vpc_id, []).append(subnet)

    def seen(self, pair: Pair) -> dict[str, Any]:
        """What was read of one pair."""
        nodes = [self._instances[i] for i in pair.instance_ids if i in self._instances]
        home = next((node.vpc_id for node in nodes), None)
        read = [self._part(part, nodes, part.vpc_id or home) for part in pair.parts]
        return {
            "overlays": [overlay for overlays, _network in read for overlay in overlays],
            "networks": [network for _overlays, network in read],
        }

    def _part(self, part: Part, nodes: Sequence[Instance], vpc_id: str | None) -> tuple[list[Any], dict[str, Any]]:
        tables = [self._tables[rtb] for rtb in part.route_table_ids if rtb in self._tables]
        if not part.route_table_ids:
            tables = plan.serving(self._every.get(vpc_id or "", ()))
        vpc = tables[0].vpc_id if tables else vpc_id or ""
        subnets = self._subnets.get(vpc, [])
        known = {i.network_interface_id: i for node in nodes for i in node.interfaces}
        every = self._every.get(vpc, ())
        overlays = [info.shown(d, tables, every, subnets, nodes, known, self._lists) for d in part.destinations]
        for overlay in overlays:
            overlay["findings"] += as_dicts([*self._around, *self._missing(part)])
        mine = {interface.subnet_id for interface in known.values()}
        return overlays, network.shown(tables, tables, [s for s in subnets if s.subnet_id in mine], nodes)

    def _missing(self, part: Part) -> Iterator[Finding]:
        for rtb in part.route_table_ids:
            if rtb not in self._tables:
                yield Finding(
                    "table_missing", WARNING, f"Route table {rtb} does not exist.", "Correct route_table_ids."
                )


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(value for value in values if value)
