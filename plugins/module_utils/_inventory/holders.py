# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node holds what, by what AWS says of the routes, and by what the failover engines say.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def by_engine(overlay: Dict) -> str | None:
    """The one node that the failover engine has an overlay IP of a report on; None where it names none, or several."""
    named_by = {view["holder"] for view in overlay.get("engines", ()) if view["holder"]}
    return str(named_by.pop()) if len(named_by) == 1 else None
