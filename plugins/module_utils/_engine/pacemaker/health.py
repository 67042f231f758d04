# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a glance at the cluster tells the node's program. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from ..health import Health, Look

CIB = "/var/lib/pacemaker/cib/cib.xml"
MEMBERS = ("crm_node", "--partition")
"""Prints the names of the nodes in this node's part of the cluster; fails where that does not run (crm_node(8))."""


def health(look: Look) -> Health | None:
    """See :func:`..commands.health`. Who is alone in its part of the cluster hears nobody."""
    text = look.read(CIB)
    if not text:
        return None
    from . import cib  # nodes without a cluster do not pay for XML

    if not any(mover["ours"] for mover in cib.told(cib.parsed(text), look.deployment)):
        return None
    members = look.output(*MEMBERS)
    if members is None:
        return Health(able=False, heard=False)
    return Health(able=True, heard=len(set(members.split())) > 1)
