# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the failover engine of a node says of itself: status puts it beside what AWS says.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from typing import Any

from .._address.persist.store import Host

KEEPALIVED, PACEMAKER = "keepalived", "pacemaker"
STANDING = "/run/aws-overlay-ip/keepalived.json"
AGENTS = ("ocf:aws_ha:overlay-ip", "ocf:heartbeat:aws-vpc-move-ip")


def views(host: Host) -> list[dict[str, Any]]:
    """One entry per engine that runs here: `engine`, its `state` for people, and `holder`.

    `holder` is the node to which the engine has given the overlay IPs; "self" for this one, empty for none that it
    knows of.
    """
    found = []
    if host.active("keepalived.service"):
        found.append(_keepalived(host.read(STANDING)))
    if host.active("pacemaker.service"):
        found.append(_pacemaker(host.output("crm_mon", "--one-shot", "--output-as=xml")))
    return found


def _keepalived(standing: str | None) -> dict[str, Any]:
    state = str(json.loads(standing).get("state", "")) if standing else ""
    return {"engine": KEEPALIVED, "state": state or "UNKNOWN", "holder": "self" if state == "MASTER" else ""}


def _pacemaker(text: str | None) -> dict[str, Any]:
    if not text:
        return {"engine": PACEMAKER, "state": "does not answer", "holder": ""}
    from xml.etree import ElementTree  # only a cluster's node needs it

    status = ElementTree.fromstring(text)
    if status.find("./summary/current_dc[@with_quorum='true']") is None:
        return {"engine": PACEMAKER, "state": "no quorum", "holder": ""}
    holders = set()
    for resource in status.iter("resource"):
        if resource.get("resource_agent") in AGENTS:
            node = resource.find("node")
            holders.add(node.get("name", "") if node is not None and resource.get("role") == "Started" else "")
    holder = holders.pop() if len(holders) == 1 else ""
    state = f"started on {holder}" if holder else "not started, or not on one node"
    return {"engine": PACEMAKER, "state": state, "holder": holder}
