# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node could take over, as far as a look without a trial can know. The drill tries it.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._base.finding import ERROR
from .._inventory.holders import Dict
from .engines import MOVE

YES, NO, UNKNOWN = "yes", "no", "unknown"
_MENDED = frozenset({"engine_disagrees", "address_astray", "address_missing"})
"""Errors that a move to the node itself mends."""


def of(node: Dict, place: Dict) -> tuple[str, str]:
    """YES, NO or UNKNOWN, and why, in words.

    Args:
        node: of the report's `nodes`.
        place: of the report's `networks`, what AWS says of it; empty where nobody asked.
    """
    if place.get("state") not in (None, "running"):
        return NO, f"its instance is {place['state']}"
    if place.get("source_dest_check"):
        return NO, "its source/destination check is on"
    if not node["reachable"]:
        return UNKNOWN, "it cannot be asked"
    for finding in node["findings"]:
        wrong = finding["severity"] == ERROR and finding["id"] not in _MENDED
        if wrong or MOVE in finding.get("hinders", ()):
            return NO, str(finding["message"]).rstrip(".")
    seen = [
        "it answers",
        *(["its instance runs"] if place.get("state") else []),
        *(["its check is off"] if place.get("source_dest_check") is False else []),
        *(f"{view['engine']} runs" for view in node["failover"] if view.get("running", True)),
    ]
    return YES, ", ".join(seen)
