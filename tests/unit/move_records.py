# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of a move, as a node keeps it."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import moves

OVERLAY = "192.168.10.15/32"
NOON = 1769860800.0  # 2026-01-31T12:00:00Z


def table(name: str = "rtb-1", error: str | None = None) -> dict[str, Any]:
    here = {"route_table_id": name, "destination": OVERLAY, "action": "replace", "from": "n2", "to": "n1"}
    return {**here, "error": error}


def record(at: float = NOON, **more: Any) -> moves.Record:
    return moves.bounded(
        {
            "time": moves.stamp(at),
            "node": "n1",
            "by": "keepalived",
            "who": "",
            "command": "notify MASTER",
            "why": "keepalived made this node the master",
            "done": True,
            "error": "",
            "reason": "",
            "to": "n1",
            "tables": [table(), table("rtb-2")],
            "seconds": {"address": 0.01, "all": 0.4321},
            "requests": {"ReplaceRoute": ["id-1", "id-2"]},
            **more,
        }
    )
