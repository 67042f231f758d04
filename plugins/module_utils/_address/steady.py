# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls of ``overlay_interface`` would find nothing to do: a playbook that knows leaves them out.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._base.deployment import Deployment
from . import hold, tools
from .hold import Disk
from .kept import Kept
from .live import Live, NodeError
from .persist.store import PersistError
from .place import Place

Call = Mapping[str, Any]
"""The options ``addresses``, ``interface``, ``label``, ``persistent`` and ``persistence``."""


def of_node(calls: Sequence[Call], disk: Disk, deployment: Deployment) -> list[list[str]]:
    """The addresses of each call that would do nothing on this node, as given; none where nobody can read it."""
    if not calls:
        return []
    try:
        with tools.opened(disk.read("/etc/os-release") or "") as live:
            engine = Kept(deployment.memory[0])
            return [list(call["addresses"]) for call in calls if steady(call, live, disk, deployment.name, engine)]
    except NodeError:
        return []


def steady(call: Call, live: Live, disk: Disk, deployment: str, engine: Kept) -> bool:
    """Whether it would change nothing, warn of nothing and not fail.

    Args:
        call: what would be asked for.
        live: the live addresses.
        disk: the node's configuration.
        deployment: whose they are, by its name.
        engine: what a failover engine holds here: where its guard puts an address back must be right, too.
    """
    params = {**call, "state": "present", "deployment": deployment}
    try:
        told = hold.run(params, live, disk, check=True)
    except (ValueError, PersistError, NodeError):  # the module itself tells it
        return False
    places = [Place(one["address"], one["interface"], one["label"]) for one in told["addresses"]]
    return not told["changed"] and not told["warnings"] and engine.agrees(places)
