# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node holds what, by what AWS says of the routes.

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
