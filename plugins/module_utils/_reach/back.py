# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: routes of a VPC's tables to a transit gateway, in the tables that serve the nodes.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._route import ec2 as route_ec2
from .._route.ec2 import Ec2
from . import interfaces as reach_interfaces
from .plan import PROPAGATED, STATIC, TransitAction, TransitRoute, TransitTable, Want


class ReturnRoutes:
    """Where `job` reads and writes them. Methods raise AwsError."""

    called = "transit_gateway_id"

    def __init__(self, ec2: Ec2) -> None:
        self.ec2, self.aws = ec2, ec2.aws

    def tables(self, route_table_ids: Sequence[str], destinations: Sequence[str]) -> list[TransitTable]:
        """What the tables do with these very destinations: one call."""
        answer = []
        for table in self.ec2.tables(route_table_ids):
            found = sorted((r for r in table.routes if r.destination in destinations), key=lambda r: r.ours)
            routes = {
                r.destination: TransitRoute(r.destination, r.target, STATIC if r.ours else PROPAGATED, r.state)
                for r in found
            }
            answer.append(TransitTable(table.route_table_id, routes))
        return answer

    def foretold(self, want: Want) -> TransitRoute:
        """A route to the gateway as it will read."""
        return TransitRoute("", want.target)

    @staticmethod
    def operation(action: TransitAction) -> str:
        """The API action that carries it out: each has a token bucket of its own."""
        return route_ec2.operation(action.kind)

    def write(self, action: TransitAction, *, dry_run: bool = False) -> None:
        """Make, replace or delete one route: exactly one call, as `Ec2.write`."""
        route_ec2.write(self.aws, action.kind, action.key, {"TransitGatewayId": action.target}, dry_run=dry_run)


def serving(ec2: Ec2, instance_ids: Sequence[str], device_index: int, named: reach_interfaces.Named) -> tuple[str, ...]:
    """The tables that serve these instances' interfaces, each once: two calls."""
    interfaces = [reach_interfaces.interface(one, device_index, named) for one in ec2.instances(instance_ids)]
    found: dict[str, None] = {}
    for vpc_id in dict.fromkeys(i.vpc_id for i in interfaces):
        tables = ec2.tables(vpc_id=vpc_id)
        main = next(t.route_table_id for t in tables if t.main)
        of_subnet = {subnet_id: t.route_table_id for t in tables for subnet_id in t.subnet_ids}
        found.update({of_subnet.get(i.subnet_id, main): None for i in interfaces if i.vpc_id == vpc_id})
    return tuple(found)
