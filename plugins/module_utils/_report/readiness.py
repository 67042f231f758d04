# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node could take over, as far as a look without a trial can know. The drill tries it.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .._base.finding import ERROR
from .._inventory.holders import Dict
from .engines import MOVE

YES, NO, UNKNOWN = "yes", "no", "unknown"
_MENDED = frozenset({"engine_disagrees", "address_astray", "address_missing"})
"""Errors that a move to the node itself mends."""
_UNASKED = ("node_unreachable", "node_failed", "node_not_asked")
_LATELY = 900
"""Seconds for which what the node checked itself counts; it checks every ten minutes."""


class Ready(NamedTuple):
    """What is known.

    Attributes:
        answer: YES, NO or UNKNOWN.
        why: in words.
        proof: what proves that AWS lets the node move the route, or that nothing does, in words; empty where the answer
            is not YES, or where the node moves nothing itself.
        unproved: whether nothing proves it now, and the node could.
    """

    answer: str
    why: str
    proof: str = ""
    unproved: bool = False


def of(node: Dict, place: Dict) -> Ready:
    """Whether a node could take over.

    Args:
        node: of the report's `nodes`.
        place: of the report's `networks`, what AWS says of it; empty where nobody asked.
    """
    if place.get("state") not in (None, "running"):
        return Ready(NO, f"its instance is {place['state']}")
    if place.get("source_dest_check"):
        return Ready(NO, "its source/destination check is on")
    if not node["reachable"]:
        asked = (str(f["message"]) for f in node["findings"] if f["id"] in _UNASKED)
        return Ready(UNKNOWN, next(asked, "").partition(": ")[2].rstrip(".") or "it does not answer")
    for finding in node["findings"]:
        wrong = finding["severity"] == ERROR and finding["id"] not in _MENDED
        if wrong or MOVE in finding.get("hinders", ()):
            return Ready(NO, str(finding["message"]).rstrip("."))
    proved = node.get("proof") or {"seconds": math.inf, "checks": []}
    lately = proved["seconds"] < _LATELY
    failed = [check["check"] for check in proved["checks"] if check["ok"] is False]
    if lately and failed:
        return Ready(NO, f"its own check of {', '.join(failed)} failed {ago(proved['seconds'])}")
    may = any(check["check"] == "permission" and check["ok"] for check in proved["checks"])
    told = f"proved {ago(proved['seconds'])} by DryRun" if may else "not proved by DryRun"
    seen = [
        "it answers",
        *(["its instance runs"] if place.get("state") else []),
        *(["its check is off"] if place.get("source_dest_check") is False else []),
        *(f"{view['engine']} runs" for view in node["failover"] if view.get("running", True)),
    ]
    if may and lately:
        return Ready(YES, ", ".join([*seen, f"AWS lets it move the route ({told})"]), told)
    if not node["failover"]:  # who runs switchover moves it
        return Ready(YES, ", ".join(seen))
    told = f"last {told}" if may else told
    return Ready(YES, f"{', '.join(seen)}; that AWS lets it move the route: {told}", told, unproved=True)


def ago(seconds: float) -> str:
    """How long ago, for people."""
    return f"{while_(seconds)} ago"


def while_(seconds: float) -> str:
    """How long, for people, by its two largest units."""
    left, told = round(max(0.0, seconds)), []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, length)
        if number:
            told.append(f"{number} {unit}")
    return " ".join(told[:2]) or "0 s"
