# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make of a message of Alertmanager's webhook one word that can be handed to a playbook.

Whatever an event holds, ansible-rulebook gives to the playbook as an extra variable, and Ansible takes extra variables
for templates. Labels are written by others: they go no further than here but percent-encoded, and only those that the
playbook `respond` reads.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

DOCUMENTATION = r"""
---
short_description: Make of a message of Alertmanager one word that can be handed to a playbook.
description:
  - Replaces the whole event. C(overlay_ip_alerts) is then the list of alerts, as JSON and percent-encoded, of each its
    status and the labels that the playbook C(aws_ha.overlay_ip.respond) reads. C(asks) tells whether one of them fires
    and names an action; C(meta) has what the event had of it, without the headers of the request.
  - What is no message of Alertmanager's becomes an event without C(overlay_ip_alerts).
options: {}
"""

EXAMPLES = r"""
- eda.builtin.webhook:
    port: 5000
    token: "{{ overlay_ip_eda_token }}"
  filters:
    - aws_ha.overlay_ip.alerts:
"""

LABELS = (
    "alertname",
    "severity",
    "destination",
    "vpc_id",
    "deployment",
    "node",
    "check",
    "overlay_ip_action",
    "overlay_ip_target",
    "overlay_ip_holder",
)
LONGEST = 256
"""Characters of a label; longer ones are cut, and then name nothing that an inventory has."""


def main(event: dict[str, Any]) -> dict[str, Any]:
    """The event in the place of the one that came."""
    meta = event.get("meta")
    kept = {name: value for name, value in meta.items() if name != "headers"} if isinstance(meta, dict) else {}
    payload = event.get("payload")
    alerts = payload.get("alerts") if isinstance(payload, dict) else None
    if not isinstance(alerts, list):
        return {"meta": kept, "asks": False}
    told = [_alert(alert) for alert in alerts if isinstance(alert, dict)]
    asks = any(alert["status"] == "firing" and alert["labels"].get("overlay_ip_action") for alert in told)
    return {"meta": kept, "asks": asks, "overlay_ip_alerts": quote(json.dumps(told), safe="")}


def _alert(alert: dict[str, Any]) -> dict[str, Any]:
    labels = alert.get("labels")
    known = labels if isinstance(labels, dict) else {}
    words = {name: known[name][:LONGEST] for name in LABELS if isinstance(known.get(name), str)}
    return {"status": "firing" if alert.get("status") == "firing" else "resolved", "labels": words}
