# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node holds what, by what AWS says of the routes, and what setup has to do then.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import calls

Dict = Mapping[str, Any]


def node_of(shown: Dict | None, nodes: Mapping[str, Dict]) -> str | None:
    """The node that a route points at; else its instance or interface; None where there is no route."""
    if not shown:
        return None
    ids = (shown.get("instance_id"), shown.get("network_interface_id"))
    for name, node in nodes.items():
        if (node["instance_id"] and node["instance_id"] == ids[0]) or (
            node["network_interface_id"] and node["network_interface_id"] == ids[1]
        ):
            return name
    return ids[0] or ids[1] or shown.get("target")


def settled(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The overlays, each with the node that holds it or that setup will give it to as its home."""
    holders = {}
    for overlay in seen:
        healthy = {node_of(r, model["nodes"]) for r in overlay["routes"] if r["state"] == "active"}
        if len(healthy) == 1 and (holder := healthy.pop()) in model["nodes"]:
            holders[overlay["destination"]] = holder
    return [{**o, "home": holders.get(o["destination"], o["home"])} for o in model["overlays"]]


def setup_calls(model: Dict, seen: Iterable[Dict]) -> list[dict[str, Any]]:
    """The calls of overlay_route that setup makes, each with its node.

    A new route goes where the other tables' healthy routes point already, else to the home node: after a failover a
    table that was added meanwhile must not split the overlay.
    """
    return calls.route_calls(settled(model, seen), by_home=True)


def held_calls(model: Dict, seen: Iterable[Dict], node: str) -> list[dict[str, Any]]:
    """The calls of overlay_interface for the addresses that a node holds, or will hold once setup is done."""
    return calls.interface_calls([o for o in settled(model, seen) if o["home"] == node])
