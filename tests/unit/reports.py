# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of the modules, as reports are made of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import status

OVERLAY, V6 = "192.168.10.15/32", "2001:db8::15/128"
NODES = {
    "node1": {"instance_id": "i-1", "network_interface_id": None},
    "node2": {"instance_id": None, "network_interface_id": "eni-2"},
}


def held(node: int, state: str = "active") -> dict[str, Any]:
    return {"network_interface_id": f"eni-{node}", "instance_id": f"i-{node}", "state": state}


def route(table: str, before: Any, after: Any, code: str | None = None, destination: str = OVERLAY) -> dict[str, Any]:
    error = {"code": code, "message": f"{code} in {table}"} if code else None
    return {
        "route_table_id": table,
        "destination": destination,
        "action": "replace",
        "before": before,
        "after": after,
        "error": error,
    }


def result(*routes: dict[str, Any], target: str = "eni-2") -> dict[str, Any]:
    return {"network_interface_id": target, "routes": list(routes)}


MODEL = {"nodes": NODES, "region": "eu-central-1", "caller": "", "target": "node2", "persistent": True}
MODEL["deployment"] = "overlay-ip"


def overlay(*tables: dict[str, Any], holder: Any = None, findings: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    """One entry of what overlay_route_info returns."""
    routes = [{"route_table_id": f"rtb-{number}", **table} for number, table in enumerate(tables, 1)]
    return {
        "destination": OVERLAY,
        "consistent": len({t.get("instance_id") for t in tables}) == 1,
        "holder": holder,
        "routes": routes,
        "findings": list(findings),
    }


ABSENT = {"state": None}
SETUP_MODEL: dict[str, Any] = {
    **MODEL,
    "overlays": [
        {
            "destination": OVERLAY,
            "home": "node1",
            "route_table_ids": [],
            "vpc_id": None,
            "interface": "auto",
            "label": "auto",
            "address": OVERLAY.partition("/")[0],
            "node_addresses": [OVERLAY],
        }
    ],
    "exclusive": False,
}


LIVE = {"addresses": [{"address": OVERLAY, "live": True}]}
DOWN = {"addresses": [{"address": OVERLAY, "live": False}]}


def look(seen: dict[str, Any], hosts: dict[str, dict[str, Any]], **model: Any) -> dict[str, Any]:
    return status.report({**SETUP_MODEL, **model}, [seen], hosts)
