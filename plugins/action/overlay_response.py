# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what alerts start: the guard between Alertmanager and the playbooks."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._response import alerts, guard

_SPEC: dict[str, Any] = {
    "alerts": {"type": "raw", "required": True},
    "model": {"type": "dict", "required": True},
    "report": {"type": "dict"},
    "hindered": {"type": "list", "elements": "str", "default": []},
    "turns": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict; without C(report), whether a look is needed for one."""
        super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(_SPEC)
        response = given["model"]["response"]
        settings = guard.Settings(tuple(response["allowed"]), response["dry_run"], response["pause"])
        seen = None
        if given["report"] is not None:
            seen = guard.Seen(given["report"], given["hindered"], given["turns"])
        try:
            verdict = guard.judge(alerts.read(given["alerts"]), given["model"], settings, seen)
        except alerts.AlertsError as err:
            return {"failed": True, "msg": f"{err} Nothing was started."}
        return {
            "changed": False,
            "do": verdict.do,
            "request": dict(verdict.request or {}),
            "destinations": list(verdict.destinations),
            "nodes": list(verdict.nodes),
            "what": verdict.what,
            "lines": list(verdict.lines),
            "refused": verdict.refused,
            "pending": verdict.pending,
        }
