# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module on the node, and compares the node's clock with the controller's."""

from __future__ import annotations

import time
from typing import Any

from .slim import Slim


class Clocked(Slim):
    """The module of the action's name returns `clock`, which it read between two looks at the controller's clock."""

    def _execute_module(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what the module returns, with C(clock_offset): the least and the most seconds that it is ahead."""
        before = time.time()
        result = super()._execute_module(*args, **kwargs)
        after = time.time()
        if "clock" in result:
            result["clock_offset"] = [result["clock"] - after, result["clock"] - before]
        return result
