# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived's things are called on a node. The role has the same names. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from ..._base.deployment import Deployment

NAME = "keepalived"
STANDING = "keepalived.json"
"""The file in the program's memory that says what keepalived said last."""
MARK = "aws_ha.overlay_ip.keepalived"
"""In every file that setup writes for it."""


def unit(deployment: Deployment) -> str:
    """The systemd unit: each deployment has a daemon of its own."""
    return f"{deployment.called(NAME)}.service"


def standing(part: str = "") -> str:
    """The file in the program's memory with what keepalived said last: of a part that moves by itself, or of all."""
    return f"keepalived-{part}.json" if part else STANDING


def conf(deployment: Deployment) -> str:
    """The daemon's configuration file."""
    return f"/etc/keepalived/{deployment.called(NAME)}.conf"


def tracked(deployment: Deployment) -> str:
    """The file in which the application's unit says whether it runs: 0, or 1 when it has ended (`track_file`)."""
    return f"/run/keepalived-{deployment.program}"


def tracking(deployment: Deployment) -> str:
    """What makes that file at boot (tmpfiles.d(5)), with the unit's name in it: only where a unit is tracked."""
    return f"/etc/tmpfiles.d/{deployment.program}-check.conf"
