# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the node's program that engines have beside those that everybody calls, by name.

Apart from the registry, which looks at an engine from outside: the program starts in a fraction of the time without it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .keepalived import commands as keepalived

COMMANDS = {command.name: command for command in (*keepalived.COMMANDS,)}
LETTING_GO = tuple(state for command in COMMANDS.values() for state in command.letting_go)
"""The states in which an engine's command lets go of the address."""
KEEPING = tuple(command.name for command in COMMANDS.values() if command.keeps)
"""The commands by whose failure an engine would take the address away."""
