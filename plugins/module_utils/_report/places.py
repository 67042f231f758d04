# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes are: in which VPC, zone and subnet, with what AWS says of their interface.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._inventory.holders import Dict


def networks(model: Dict, told: Iterable[Dict]) -> list[dict[str, Any]]:
    """One entry per VPC, of what overlay_route_info told, which is asked once per group of tables."""
    found: dict[str, dict[str, Any]] = {}
    instances: dict[str, Dict] = {}
    for network in told:
        if not network.get("vpc_id"):
            continue
        instances.update({instance["instance_id"]: instance for instance in network["instances"]})
        vpc = found.setdefault(network["vpc_id"], {"vpc_id": network["vpc_id"], "tables": {}, "subnets": {}})
        vpc["cidrs"] = network["cidrs"]
        for table in network["tables"]:
            before = vpc["tables"].get(table["route_table_id"], table)
            vpc["tables"][table["route_table_id"]] = {**table, "asked": table["asked"] or before["asked"]}
        vpc["subnets"].update({subnet["subnet_id"]: subnet for subnet in network["subnets"]})
    nodes = {name: _node(node, instances) for name, node in model["nodes"].items()}
    home = next(iter(found), None)  # of a node of which no subnet is known
    subnet_of = {subnet: vpc for vpc, read in found.items() for subnet in read["subnets"]}
    return [
        {
            "vpc_id": vpc,
            "cidrs": read["cidrs"],
            "tables": [read["tables"][table] for table in sorted(read["tables"])],
            "subnets": [read["subnets"][subnet] for subnet in sorted(read["subnets"])],
            "nodes": {
                name: {
                    **node,
                    **{key: read["subnets"].get(node["subnet_id"], {}).get(key) for key in ("zone", "zone_id")},
                }
                for name, node in nodes.items()
                if subnet_of.get(node["subnet_id"], home) == vpc
            },
        }
        for vpc, read in found.items()
    ]


def _node(node: Dict, instances: Mapping[str, Dict]) -> dict[str, Any]:
    """What AWS says of a node's instance and of the interface that receives; None for what was not read."""
    instance = instances.get(node["instance_id"] or "", {})
    index = node.get("device_index") or 0
    wanted = ("network_interface_id", node["network_interface_id"]) if node["network_interface_id"] else None
    key, value = wanted or ("device_index", index)
    interface: Dict = next((i for i in instance.get("interfaces", ()) if i[key] == value), {})
    return {
        "instance_id": node["instance_id"],
        "state": instance.get("state"),
        "network_interface_id": node["network_interface_id"] or interface.get("network_interface_id"),
        "subnet_id": interface.get("subnet_id"),
        "private_ip": interface.get("private_ip"),
        "source_dest_check": interface.get("source_dest_check"),
    }
