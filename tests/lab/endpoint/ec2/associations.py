# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subnet or gateway uses which route table."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from ..answers import Answer, ApiError
from ..backing import forward
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .destinations import within
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
            text = route.destination_cidr_block or route.destination_ipv6_cidr_block
            if text and not any(within(ipaddress.ip_network(text), network) for network in inside):
                raise ApiError(
                    "InvalidParameterValue",
                    f"Route table {table.id} has a route outside the VPC ({text}): no edge association",
                )
    return forward(call, call.by.account_id)


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {"AssociateRouteTable": associate_route_table}
