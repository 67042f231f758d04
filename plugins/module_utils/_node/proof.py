# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's program checked last of what a takeover needs, as it remembers it. Pure.

The metrics' timer checks every ten minutes, by DryRun among others, and so does `check` by hand; who looks at the node
can tell of it for nothing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

NAME = "ready.json"
"""Its name in the program's memory."""


def text(at: float, checks: Sequence[Mapping[str, Any]]) -> str:
    """What is remembered: the checks of :func:`.check.run`, made at `at`, in seconds since the epoch."""
    return json.dumps({"at": at, "checks": list(checks)})


def parsed(remembered: str) -> tuple[float, list[dict[str, Any]]] | None:
    """When it was checked, and each check with `ok`; None where the text is none."""
    try:
        known = json.loads(remembered or "{}")
        return float(known["at"]), [{"check": str(c["check"]), "ok": c["ok"]} for c in known["checks"]]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
