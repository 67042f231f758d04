# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything lies: a VPC's zones, subnets and tables, and the instances in them. For pictures, not for decisions.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .facts import Instance, Subnet
from .plan import Table


def shown(
    tables: Sequence[Table], every: Sequence[Table], subnets: Sequence[Subnet], instances: Sequence[Instance]
) -> dict[str, Any]:
    """What was read, as plain values.

    Args:
        tables: those that shall carry the overlay IPs.
        every: all tables of the VPC.
        subnets: the VPC's; none where they could not be read, and then no zone is known.
        instances: the nodes'; none where nobody asked for them.
    """
    asked = {table.route_table_id for table in tables}
    main = next((table.route_table_id for table in every if table.main), None)
    table_of = {subnet: table.route_table_id for table in every for subnet in table.subnet_ids}
    return {
        "vpc_id": tables[0].vpc_id if tables else None,
        "cidrs": sorted({cidr for table in every for cidr in table.local_cidrs}),
        "tables": [
            {"route_table_id": table.route_table_id, "main": table.main, "asked": table.route_table_id in asked}
            for table in every
            if not table.edge
        ],
        "subnets": [
            {
                "subnet_id": subnet.subnet_id,
                "cidr": subnet.cidr,
                "zone": subnet.zone,
                "zone_id": subnet.zone_id,
                "route_table_id": table_of.get(subnet.subnet_id, main),
            }
            for subnet in subnets
        ],
        "instances": [
            {
                "instance_id": instance.instance_id,
                "state": instance.state,
                "interfaces": [
                    {
                        "network_interface_id": interface.network_interface_id,
                        "device_index": interface.device_index,
                        "subnet_id": interface.subnet_id,
                        "private_ip": interface.private_ip,
                        "source_dest_check": interface.source_dest_check,
                    }
                    for interface in instance.interfaces
                ],
            }
            for instance in instances
        ],
    }
