# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived calls of the node's program: `notify` at each change of its state, `watch` as its check.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from typing import Any

from ..node import Call, Command

LETTING_GO = ("BACKUP", "FAULT", "STOP")


def _notify(call: Call) -> bool:
    return bool(_keepalived(call).notify(call.state, call.deadline, call.began))


def _watch(call: Call) -> bool:
    return bool(_keepalived(call).watch(call.deadline))


def _keepalived(call: Call) -> Any:
    from .mastership import Keepalived  # what only lets go of the address does not pay for it
    from .standing import Store

    return Keepalived(call.local, call.node, Store(call.memory), call.log, call.advert, others=call.others)


NOTIFY = Command(
    "notify",
    "Called by keepalived when its state changes.",
    _notify,
    states=("MASTER", *LETTING_GO, "ADOPT", "ORDERED"),
    letting_go=LETTING_GO,
    by="keepalived",
    why={
        "MASTER": "keepalived made this node the master",
        "BACKUP": "another node is the master",
        "FAULT": "keepalived's checks fail on this node",
    },
    after={"MASTER": "Keepalived's next check tries again, or lets another node be the master."},
)
WATCH = Command(
    "watch",
    "Called by keepalived: may this node be the master?",
    _watch,
    failed="This node may not be the master.",
    by="keepalived",
    why={"": "heal: the master's check found tables that lead elsewhere, or nowhere"},
    quiet=True,
    keeps=True,
)
COMMANDS = (NOTIFY, WATCH)
