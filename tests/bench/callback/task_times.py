# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes when each task began, and when the last one had ended, to the file that TASK_TIMES names."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Write when each task began as JSON lines
description: For the measurements of the collection. Writes to the file named by the environment variable TASK_TIMES.
author: aws_ha.overlay_ip contributors
"""


class CallbackModule(CallbackBase):
    """One line per task, and one at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, and with it the one before has ended."""
        self._write(task.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The end."""
        self._write("")

    def _write(self, task: str) -> None:
        with open(os.environ["TASK_TIMES"], "a", encoding="utf-8") as times:
            times.write(json.dumps({"task": task, "at": time.monotonic()}) + "\n")
