# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node's program has of the engines: the commands that they call, and how each is at a glance.

Apart from the registry, which looks at an engine from outside: the program starts in a fraction of the time without it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .health import Health, Look
from .keepalived import commands as keepalived

COMMANDS = {command.name: command for command in (*keepalived.COMMANDS,)}
LETTING_GO = tuple(state for command in COMMANDS.values() for state in command.letting_go)
"""The states in which an engine's command lets go of the address."""
KEEPING = tuple(command.name for command in COMMANDS.values() if command.keeps)
"""The commands by whose failure an engine would take the address away."""


def health(look: Look) -> dict[str, Health]:
    """The engines that setup has configured on this node, by name, each as it is at a glance."""
    from .keepalived import health as keepalived_health  # whoever is called by an engine does not pay for it
    from .pacemaker import health as pacemaker_health

    found = {"keepalived": keepalived_health.health(look), "pacemaker": pacemaker_health.health(look)}
    return {name: one for name, one in found.items() if one is not None}
