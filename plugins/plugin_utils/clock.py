# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module on the node, and compares the node's clock with the controller's."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase


class Clocked(ActionBase):
    """The module of the action's name returns `clock`, which it read between two looks at the controller's clock."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns, with C(clock_offset): the least and the most seconds that it is ahead."""
        super().run(tmp, task_vars)
        before = time.time()
        result: dict[str, Any] = self._execute_module(task_vars=task_vars)
        after = time.time()
        if "clock" in result:
            result["clock_offset"] = [result["clock"] - after, result["clock"] - before]
        return result
