# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make of the modules' results what people read, what is kept, and what a rollback has to do."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._inventory import clusters
from ..module_utils._report import engines, history, metrics, move, orphans, status
from ..module_utils._report.sight import Sight
from ..plugin_utils import lease, stat

_SPEC: dict[str, Any] = {
    "model": {"type": "dict", "required": True},
    "moves": {"type": "list", "elements": "dict", "default": []},
    "rollbacks": {"type": "list", "elements": "dict", "default": []},
    "seen": {"type": "list", "elements": "dict", "default": []},
    "hosts": {"type": "dict"},
    "leftovers": {"type": "list", "elements": "dict"},
    "unread": {"type": "list", "elements": "dict", "default": []},
    "networks": {"type": "list", "elements": "dict", "default": []},
    "seconds": {"type": "dict", "default": {}},
    "by": {"type": "str", "choices": ["switchover", "setup", "evacuate"]},
    "error": {"type": "str", "default": ""},
    "histories": {"type": "dict"},
    "since": {"type": "str", "default": ""},
    "metrics": {"type": "bool", "default": False},
    "door": {"type": "str", "choices": ["setup", "move", "teardown", "migrate"], "default": "setup"},
    "keep": {"type": "bool", "default": True},
}


def _answers(hosts: dict[str, Any]) -> dict[str, Any]:
    """What the engines say, of the nodes that answered."""
    return {name: host["failover"] for name, host in hosts.items() if "failover" in host}


def _unread(looks: list[dict[str, Any]]) -> dict[str, str]:
    """Of each overlay IP that a look failed for, as Ansible's loop gives it, why."""
    found = {}
    for look in looks:
        why = (str(look.get("msg") or "").strip() or "no answer").splitlines()[0]
        found.update(dict.fromkeys(look["item"]["destinations"], why))
    return found


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the report of a move, or with ``hosts`` of the status; keep it as the stat ``overlay_ip_result``."""
        super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(_SPEC)
        result: dict[str, Any] = {"changed": False}
        if given["hosts"] is not None:
            clusters.heed(given["model"], _answers(given["hosts"]))
            sight = Sight(given["model"], given["hosts"], given["seen"], given["leftovers"])
            result["orphans"] = orphans.judged(sight)
            result["report"] = status.report(
                given["model"],
                given["seen"],
                given["hosts"],
                result["orphans"],
                given["networks"],
                _unread(given["unread"]),
            )
            result["lines"] = status.lines(result["report"], every_table=self._display.verbosity > 0)
            chosen = given["model"].get("failover", "none")
            target = given["model"].get("target")
            result["hindered"] = engines.hindered(result["report"], given["door"], target, chosen)
            result["harmless"] = engines.harmless(result["report"], given["door"])
            result["unrest"] = engines.unrest(result["report"])
            if given["metrics"]:
                result["metrics"] = metrics.text(given["model"], result["report"], time.time())
        elif given["histories"] is not None:
            try:
                result["report"] = history.report(given["model"], given["histories"], given["since"], time.time())
            except ValueError as err:
                return {"failed": True, "msg": str(err)}
            result["lines"] = history.lines(result["report"])
        else:
            result["report"] = move.report(given["model"], given["moves"], given["seconds"], given["seen"])
            result["lines"] = move.lines(result["report"])
            result["rollback_calls"] = move.rollback_calls(given["moves"])
            result["left_at_target"] = move.left_at_target(given["moves"], given["rollbacks"])
            if given["by"]:
                who = given["model"]["caller"] or lease.user()
                result["records"] = history.records(given["model"], result["report"], given["by"], who, given["error"])
        if given["keep"] and not self._task.check_mode:
            stat.keep(result)
        return result
