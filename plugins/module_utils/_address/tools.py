# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what this node's addresses are read and set: pyroute2 where the interpreter has it, else iproute2's `ip`.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from . import iproute, netlink, packages
from .live import Live, NodeError


def missing() -> str:
    """Why neither can be used, a clause; empty where one can."""
    if not netlink.MISSING:
        return ""
    why = iproute.missing()
    return f"pyroute2 cannot be imported ({netlink.MISSING}), and {why}" if why else ""


def opened(os_release: str) -> AbstractContextManager[Live]:
    """The live side of the node.

    Args:
        os_release: the text of /etc/os-release, for the remedy.

    Raises:
        NodeError: there is neither.
    """
    if not netlink.MISSING:
        return netlink.Netlink()
    why = missing()
    if why:
        raise NodeError(packages.missing_sentence(os_release, why))
    return iproute.IpRoute()


def name() -> str | None:
    """Which of them serves here, with its version; None for neither."""
    if not netlink.MISSING:
        return f"pyroute2 {netlink.VERSION}"
    return None if iproute.missing() else f"iproute2 {iproute.version() or ''}".rstrip()
