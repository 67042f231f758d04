# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Alertmanager says, as values, and what of it is about us.

Labels are written by whoever may write a rule or post an alert: they are compared with what the inventory has, and
shown to people with every character that could mean something else replaced. None of them is handed on.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .._base import command, words

SETUP, SWITCHOVER, STATUS = "setup", "switchover", "status"
ACTIONS = (STATUS, SETUP, SWITCHOVER)
"""What an alert may name in its label `overlay_ip_action`, the mildest first."""

MOST = 100
"""Alerts of one message that are looked at."""
_LONGEST = 100
"""Characters of a label that are shown."""
_PLAIN = re.compile(r"[^A-Za-z0-9 _.,:/@+-]")


class AlertsError(ValueError):
    """What came is no list of alerts. The text is a whole sentence."""


@dataclass(frozen=True)
class Alert:
    """One alert, as it came: nothing in it has been judged.

    Attributes:
        name: of its rule.
        firing: whether it fires; else it is resolved.
        action: the playbook that it names; empty where it names none.
        critical: whether its severity is that.
        destination, vpc_id, deployment, node: what it is about, where it says so.
        check: what is not ready.
        target, holder: of a switchover: the node to move to, and the one that it was written of.
    """

    name: str = ""
    firing: bool = True
    action: str = ""
    critical: bool = False
    destination: str = ""
    vpc_id: str = ""
    node: str = ""
    check: str = ""
    target: str = ""
    holder: str = ""
    deployment: str = ""

    @property
    def title(self) -> str:
        """What it is, for people."""
        about = [self.destination, self.node, self.check]
        return " ".join(shown(word) for word in (self.name or "an alert without a name", *about) if word)


def shown(text: str) -> str:
    """A text of unknown origin, for people: nothing in it ends a line, opens a template or a quotation."""
    plain = _PLAIN.sub("?", text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."


def read(text: Any) -> list[Alert]:
    """The alerts of one message of Alertmanager's webhook (version 4), percent-encoded JSON: the list `alerts` of it.

    Raises:
        AlertsError: it is something else.
    """
    hint = "let the rulebook aws_ha.overlay_ip.respond give it, which makes it of what Alertmanager sends."
    if not isinstance(text, str):
        raise AlertsError(f"overlay_ip_alerts is {words.value(text)}, not a percent-encoded text: {hint}")
    try:
        found = json.loads(unquote(text))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(raw, dict) for raw in found):
        raise AlertsError(f"overlay_ip_alerts is no list of alerts, percent-encoded: {hint}")
    if len(found) > MOST:
        raise AlertsError(
            f"overlay_ip_alerts has {len(found)} alerts, more than {MOST}: set max_alerts in Alertmanager's"
            " webhook_configs, or group them."
        )
    return [_alert(raw) for raw in found]


def _alert(raw: Mapping[str, Any]) -> Alert:
    labels = raw.get("labels")
    known = labels if isinstance(labels, dict) else {}

    def label(name: str) -> str:
        value = known.get(name, "")
        return value if isinstance(value, str) else ""

    return Alert(
        name=label("alertname"),
        firing=raw.get("status") == "firing",
        action=label("overlay_ip_action"),
        critical=label("severity") == "critical",
        destination=label("destination"),
        vpc_id=label("vpc_id"),
        node=label("node"),
        check=label("check"),
        target=label("overlay_ip_target"),
        holder=label("overlay_ip_holder"),
        deployment=label("deployment"),
    )


def refused(alert: Alert, model: Mapping[str, Any], allowed: tuple[str, ...]) -> str:
    """Why nothing may be started for it, whatever the state of things, as a sentence; empty where something may."""
    nodes = tuple(model["nodes"])
    destinations = tuple(overlay["destination"] for overlay in model["overlays"])
    mine = model["deployment"]
    if alert.action not in ACTIONS:
        return f"its label overlay_ip_action is {shown(alert.action)}: write {', '.join(ACTIONS)}, or no such label."
    if alert.action not in allowed:
        return f"overlay_ip_response_actions does not have {alert.action}: add it there if that may start by itself."
    if alert.deployment and alert.deployment != mine:
        return f"its label deployment is {shown(alert.deployment)}, and overlay_ip_name of this inventory is {mine}."
    if alert.destination and alert.destination not in destinations:
        return f"{shown(alert.destination)} is no overlay IP of this inventory, which has {', '.join(destinations)}."
    for name, value in (("node", alert.node), ("overlay_ip_target", alert.target), ("overlay_ip_holder", alert.holder)):
        if value and value not in nodes:
            return f"its label {name} is {shown(value)}, which is no node of this inventory: {', '.join(nodes)}."
    for name, value in (("overlay_ip_target", alert.target), ("overlay_ip_holder", alert.holder)):
        if command.is_template(value):
            return f"its label {name} is {shown(value)}, a template for Ansible: give that node another name."
    if alert.action != STATUS and not alert.destination and not alert.deployment:
        return (
            "it has neither the label destination nor the label deployment, so that it may be of another inventory,"
            f" whose nodes have the same names: write deployment={mine} if it is of this one."
        )
    if alert.action == SWITCHOVER and not alert.vpc_id and not alert.deployment:
        return (
            "it has neither the label deployment nor the label vpc_id, so that it may be of another inventory, which"
            f" has the same overlay IP: write deployment={mine} if it is of this one."
        )
    if alert.action == SWITCHOVER:
        missing = [f"overlay_ip_{n}" for n, v in (("target", alert.target), ("holder", alert.holder)) if not v]
        if missing:
            return (
                f"a switchover needs the label {' and the label '.join(missing)}, so that a late alert moves nothing."
            )
        if alert.target == alert.holder:
            return f"overlay_ip_target and overlay_ip_holder are both {alert.target}: there is nothing to move."
    return ""
