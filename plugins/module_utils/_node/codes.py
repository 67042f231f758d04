# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program's process ends, for the launcher that waits for it. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

OK, FAILED, USAGE, NOT_HERE, UNREADABLE, PARTLY = 0, 1, 2, 3, 4, 5
MOST = PARTLY
"""The highest exit code that people see; above it are those of signals, and of a loader without its libraries."""
SPOKEN = 6
"""What the launcher hears in place of FAILED: with that, Python itself ends where it cannot even begin."""


def spoken(code: int) -> int:
    """The exit code of the process: what has judged is told from what could not."""
    return SPOKEN if code == FAILED else code
