# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Pacemaker's things are called on a node, and what a glance at the cluster tells the node's program. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re

from .._base.deployment import Deployment
from .health import Health, Look

NAME = "pacemaker"
UNIT = "pacemaker.service"
"""The cluster is one for all deployments."""
PREFIX = "overlay-ip-"
"""How the names of the resources begin whose deployment has no name of its own."""
FENCING = "overlay-ip-fencing"
"""The cluster's fencing device, where the role has made it: every deployment's."""
CIB = "/var/lib/pacemaker/cib/cib.xml"
MEMBERS = ("crm_node", "--partition")
"""Prints the names of the nodes in this node's part of the cluster; fails where that does not run (crm_node(8))."""


def prefix(deployment: Deployment) -> str:
    """How the names of its resources begin; :func:`.net.slug` of the address follows."""
    return PREFIX if deployment.usual else f"{deployment.name}-overlay-ip-"


def given(cib: str, deployment: Deployment) -> list[str]:
    """The overlay IPs in the cluster's configuration, by slug; its fencing device is none."""
    named = re.findall(r'<primitive [^>]*\bid="([^"]+)"', cib)
    ours = prefix(deployment)
    return [name[len(ours) :] for name in dict.fromkeys(named) if name.startswith(ours) and name != FENCING]


def health(look: Look) -> Health | None:
    """See :func:`.commands.health`. Who is alone in its part of the cluster hears nobody."""
    if not given(look.read(CIB), look.deployment):
        return None
    members = look.output(*MEMBERS)
    if members is None:
        return Health(able=False, heard=False)
    return Health(able=True, heard=len(set(members.split())) > 1)
