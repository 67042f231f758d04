# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A good inventory, changed: what the tests of the model share."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import FOLLOWERS, NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import Given, InventoryError

NODES: dict[str, dict[str, Any]] = {
    "node1": {"overlay_ip_instance_id": "i-0123456789abcdef0"},
    "node2": {"overlay_ip_instance_id": "i-0123456789abcdef1"},
}
GOOD = {"overlay_ip_region": "eu-central-1", "overlay_ips": [{"address": "192.168.10.15"}]}
GROUPS = {"overlay_nodes": ["node1", "node2"], "empty": []}


def read(
    hosts: dict[str, dict[str, Any]] | None = None, *, switchover: bool = False, **variables: Any
) -> dict[str, Any]:
    """The model of good variables with these changes; None takes one away."""
    chosen = {k: v for k, v in {**GOOD, **variables}.items() if v is not None}
    return inventory_model.model(
        Given(chosen, hosts or NODES, GROUPS, NAMES, followers=FOLLOWERS), switchover=switchover
    )


def refusal(**changes: Any) -> str:
    with pytest.raises(InventoryError) as refused:
        read(**changes)
    return str(refused.value)
