# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subnet or gateway uses which route table."""

from __future__ import annotations

from collections.abc import Callable

from ..answers import Answer, ApiError
from ..backing import forward
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .blocks import within
from .destinations import of_route
from .routes import vpc_networks


def associate_route_table(cloud: Cloud, call: Call) -> Answer:
    """AssociateRouteTable: a subnet has one table (code inferred); an edge table routes nothing outside the VPC."""
    table = identifiers.table(cloud, call, call.required("RouteTableId"))
    subnet_id = call.get("SubnetId")
    tables = cloud.backing.ec2(call.by.account_id, call.region).route_tables.values()
    taken = next((t for t in tables if subnet_id in t._associations.values()), None) if subnet_id else None
    if taken is not None and taken is not table:
        raise ApiError(
            "Resource.AlreadyAssociated",
            f"the specified association for route table {table.id} conflicts with an existing association",
        )
    if call.get("GatewayId"):
        inside = vpc_networks(table)
        for route in table.routes:
            where = of_route(route)
            if where.listed or not any(within(where.networks[0], network) for network in inside):
                raise ApiError(
                    "InvalidParameterValue",
                    f"Route table {table.id} has a route outside the VPC ({where.text}): no edge association",
                )
    return forward(call, call.by.account_id)


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {"AssociateRouteTable": associate_route_table}
