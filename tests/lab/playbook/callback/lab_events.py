# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a playbook does to the file that LAB_EVENTS names, one JSON value a line, beside the usual output."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lab_events
type: aggregate
short_description: Write task results as JSON lines
description: For the tests of the collection. Writes to the file named by the environment variable LAB_EVENTS.
author: aws_ha.overlay_ip contributors
"""


class CallbackModule(CallbackBase):
    """One line per result of a task on a host, and one for the statistics at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "lab_events"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        """Done; changed or not."""
        self._task(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Skipped."""
        self._task(result, "skipped")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Failed; whether for the host or only for the task."""
        self._task(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """The host does not answer."""
        self._task(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The end."""
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._write({"stats": hosts, "custom": stats.custom})

    def _task(self, result: Any, status: str) -> None:
        task = result.task
        self._write(
            {
                "host": result.host.get_name(),
                "task": task.get_name(),
                "action": task.resolved_action or task.action,
                "status": status,
                "result": result.result,
            }
        )

    def _write(self, value: dict[str, Any]) -> None:
        with open(os.environ["LAB_EVENTS"], "a", encoding="utf-8") as events:
            events.write(json.dumps(value, default=str) + "\n")
