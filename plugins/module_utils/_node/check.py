# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node could take over right now: each thing that a takeover needs, looked at and named. Changes nothing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import sys
from typing import Any

from .._address.iproute import AddressError
from .._aws.errors import AwsError
from .._aws.pace import Deadline
from .._route.facts import Interface
from .around import DENIED
from .node import Node

SOURCE_DEST_CHECK = "source_dest_check"


def run(node: Node, deadline: Deadline) -> list[dict[str, Any]]:
    """The checks in the order in which a takeover meets them; `ok` is None where this node's role may not look."""
    checks = [_python(), _address(node)]
    reached = _endpoint(node)
    checks.append(reached)
    if reached["ok"]:
        checks += [_permission(node, deadline), _source_dest_check(node)]
    return checks


def _python() -> dict[str, Any]:
    """That this runs says it; where it does not, the launcher says so."""
    version = ".".join(map(str, sys.version_info[:2]))
    return _told("python", True, f"Python {version} runs the program ({sys.executable}).")


def _address(node: Node) -> dict[str, Any]:
    try:
        node.local.foresee()
    except (AddressError, ValueError) as exc:
        return _told("address", False, str(exc))
    return _told("address", True, " ".join(["The addresses can be brought up.", *node.local.troubles]))


def _endpoint(node: Node) -> dict[str, Any]:
    try:
        seen = node.tables()
    except AwsError as err:
        return _told("endpoint", False, err.message)
    names = sorted({table.route_table_id for one in seen for table in one.tables})
    told = [f"EC2 answers; the route tables are {', '.join(names)}.", *(text for one in seen for text in one.problems)]
    return _told("endpoint", True, " ".join(dict.fromkeys(told)))


def _permission(node: Node, deadline: Deadline) -> dict[str, Any]:
    refused = node.refused(deadline)
    if refused:
        return _told("permission", False, " ".join(dict.fromkeys(err.message for err in refused.values())))
    return _told("permission", True, "This node may replace the route in every table (asked by DryRun).")


def _source_dest_check(node: Node) -> dict[str, Any]:
    try:
        (interface,) = node.ec2.interfaces([node.mine()])
    except AwsError as err:
        if err.code not in DENIED:
            return _told(SOURCE_DEST_CHECK, False, err.message)
        return _told(SOURCE_DEST_CHECK, None, "This node's role may not look; the status playbook does.")
    return judged(interface)


def judged(interface: Interface) -> dict[str, Any]:
    """The last of the checks, of this node's network interface as it was just read."""
    if interface.source_dest_check:
        text = f"The source/destination check of {interface.network_interface_id} is on: run the setup playbook."
        return _told(SOURCE_DEST_CHECK, False, text)
    return _told(SOURCE_DEST_CHECK, True, f"It is off on {interface.network_interface_id}.")


def _told(name: str, ok: bool | None, message: str) -> dict[str, Any]:
    return {"check": name, "ok": ok, "message": message}
