# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: routes of a VPC's tables to a transit gateway, in the tables that serve the nodes.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._base import net
from .._route import ec2 as route_ec2
from .._route.ec2 import Ec2
from .._route.plan import PlanError, Table
from . import interfaces as reach_interfaces
from .plan import EVERYBODY, PROPAGATED, STATIC, TransitAction, TransitRoute, TransitTable, Want


def network(text: str) -> str:
    """A network of clients, canonical. Raises AddressError, and PlanError for a default route."""
    given = text.strip()
    if re.fullmatch(r"[0:.]+/0", given):
        raise PlanError(f"destinations has {given}, the default route: with it {EVERYBODY}. Nothing was changed.")
    return net.destination(given)


class ReturnRoutes:
    """Where `job` reads and writes them. Methods raise AwsError."""

    called = "transit_gateway_id"

    def __init__(self, ec2: Ec2) -> None:
        self.ec2, self.aws = ec2, ec2.aws
        self._read: list[Table] = []

    def tables(self, route_table_ids: Sequence[str], destinations: Sequence[str]) -> list[TransitTable]:
        """What the tables do with these very destinations: one call."""
        answer = []
        self._read = self.ec2.tables(route_table_ids)
        for table in self._read:
            found = sorted((r for r in table.routes if r.destination in destinations), key=lambda r: r.ours)
            routes = {
                r.destination: TransitRoute(r.destination, r.target, STATIC if r.ours else PROPAGATED, r.state)
                for r in found
            }
            answer.append(TransitTable(table.route_table_id, routes))
        return answer

    def judge(self, want: Want) -> None:
        """Refuse what the VPC routes locally: EC2 takes no route to a gateway there (VPC user guide, "Local route")."""
        blocks = {block: table.vpc_id for table in self._read for block in table.local_cidrs}
        for one in want.destinations if want.state == "present" else ():
            block = next((block for block in blocks if net.covers(block, one)), None)
            if block:
                raise PlanError(
                    f"{one} lies in {blocks[block]} itself ({block}), which the VPC routes locally and to nowhere else:"
                    " leave it out of destinations (clients in overlay_ip_reach). Nothing was changed."
                )

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
    """The tables that serve these instances' interfaces, each once: two calls. Raises AwsError and PlanError."""
    interfaces = [reach_interfaces.interface(one, device_index, named) for one in ec2.instances(instance_ids)]
    found: dict[str, None] = {}
    for vpc_id in dict.fromkeys(i.vpc_id for i in interfaces):
        tables = ec2.tables(vpc_id=vpc_id)
        main = next((t.route_table_id for t in tables if t.main), "")
        of_subnet = {subnet_id: t.route_table_id for t in tables for subnet_id in t.subnet_ids}
        for one in interfaces:
            if one.vpc_id != vpc_id:
                continue
            serves = of_subnet.get(one.subnet_id, main)
            if not serves:
                raise PlanError(
                    f"The route table of {one.subnet_id} ({vpc_id}) is not shown to this caller: set assume_role_arn to"
                    " a role of its owner's account, or name the tables in route_table_ids. Nothing was changed."
                )
            found[serves] = None
    return tuple(found)
