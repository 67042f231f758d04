# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pacemaker: what the cluster says of the overlay IPs. What it is told, and how, is in roles/pacemaker.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from typing import Any

from .._address.persist.tree import Host

NAME = "pacemaker"
AGENTS = ("ocf:aws_ha:overlay-ip", "ocf:heartbeat:aws-vpc-move-ip")


def running(host: Host) -> bool:
    """See :class:`.registry.Engine`."""
    return host.active("pacemaker.service")


def seen(host: Host) -> dict[str, Any]:
    """See :class:`.registry.Engine`."""
    return _view(host.output("crm_mon", "--one-shot", "--output-as=xml"))


def _view(text: str | None) -> dict[str, Any]:
    if not text:
        return {"engine": NAME, "state": "does not answer", "holder": ""}
    from xml.etree import ElementTree  # only a cluster's node needs it

    status = ElementTree.fromstring(text)
    if status.find("./summary/current_dc[@with_quorum='true']") is None:
        return {"engine": NAME, "state": "no quorum", "holder": ""}
    holders = set()
    for resource in status.iter("resource"):
        if resource.get("resource_agent") in AGENTS:
            node = resource.find("node")
            holders.add(node.get("name", "") if node is not None and resource.get("role") == "Started" else "")
    holder = holders.pop() if len(holders) == 1 else ""
    state = f"started on {holder}" if holder else "not started, or not on one node"
    return {"engine": NAME, "state": state, "holder": holder}
