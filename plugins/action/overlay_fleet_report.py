# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make of what is known of many pairs their status, or the plan of an evacuation, or what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._fleet import judge, told, work
from ..module_utils._fleet.plan import Pair, Request, RequestError, plan
from ..module_utils._report import metrics
from ..plugin_utils import stat

_SPEC: dict[str, Any] = {
    "fleet": {"type": "dict", "required": True},
    "seen": {"type": "list", "elements": "dict", "required": True},
    "hosts": {"type": "dict"},
    "ends": {"type": "dict"},
    "seconds": {"type": "float", "default": 0.0},
    "metrics": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return whom to ask; with what they said the status or the plan; with the ends of its moves the report."""
        super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(_SPEC)
        fleet, hosts = given["fleet"], given["hosts"]
        wrong = {**fleet["wrong"], **_unseen(fleet, given["seen"])}
        pairs = _pairs(fleet, given["seen"], hosts or {})
        request = Request(**fleet["request"])
        known = [name for name in wrong if name in fleet["pairs"]]
        if not pairs and (request.zone or request.node or not known):
            return {"failed": True, "msg": " ".join(f"{name}: {why}" for name, why in wrong.items())}
        if not (request.zone or request.node):
            if hosts is None:
                every = [name for pair in pairs for name in pair.model["nodes"]]
                return {"changed": False, "ask": every, "nodes": work.asked(pairs, every)}
            models = [(fleet["pairs"][name]["model"], wrong[name]) for name in known]
            unseen = [(model, judge.unread(model, why.partition(": ")[2])) for model, why in models]
            told_of = _status(pairs, wrong, unseen, with_metrics=given["metrics"])
            return self._kept({**told_of, "wrong": {n: why for n, why in wrong.items() if n not in fleet["pairs"]}})
        try:
            made = plan(pairs, request, asked=hosts is not None)
        except RequestError as err:
            return {"failed": True, "msg": f"{err} Nothing was changed."}
        if hosts is None:
            return {"changed": False, "ask": list(made.ask), "nodes": work.asked(pairs, made.ask)}
        if given["ends"] is None:
            return {
                "changed": False,
                **work.shares(made.moves, {pair.name: pair for pair in pairs}),
                "lines": told.foretold(request, made, len(pairs) + len(wrong), wrong),
                "left": {**made.left, **wrong},
            }
        report = told.result(request, made, given["ends"], wrong)
        lines = told.became(request, made, given["ends"], wrong, given["seconds"])
        return self._kept({"changed": False, "report": report, "lines": lines, "left": report["left"]})

    def _kept(self, result: dict[str, Any]) -> dict[str, Any]:
        """With the stat ``overlay_ip_result``, but not in check mode."""
        if not self._task.check_mode:
            stat.keep(result)
        return result


def _status(
    pairs: Sequence[Pair],
    wrong: Mapping[str, str],
    unseen: Sequence[tuple[Mapping[str, Any], dict[str, Any]]],
    *,
    with_metrics: bool,
) -> dict[str, Any]:
    reports = {pair.name: pair.report for pair in pairs}
    result: dict[str, Any] = {
        "changed": False,
        "reports": reports,
        "shown": [
            *({**report, "pair": name} for name, report in reports.items()),
            *({**report, "pair": model["group"]} for model, report in unseen),
        ],
        "report": judge.result(reports, wrong),
        "lines": judge.table(reports),
        "findings": judge.wrong(reports) + [f"{name}: {why}" for name, why in wrong.items()],
    }
    if with_metrics:
        now = time.time()
        told = {pair.name: (pair.model, pair.report) for pair in pairs}
        told.update({model["group"]: (model, report) for model, report in unseen})
        rivals = metrics.rivals(told, now)
        result["metrics"] = metrics.text_of_many([one for name, one in told.items() if name not in rivals], now)
        result["findings"] += [f"{name}: {why}" for name, why in rivals.items()]
    return result


def _unseen(fleet: Mapping[str, Any], seen: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The pairs of accounts in which AWS did not answer, and why."""
    found = {}
    for account, answer in zip(fleet["accounts"], seen):
        if "pairs" not in answer:
            why = str(answer.get("msg") or "no answer").strip()
            found.update({pair["name"]: f"AWS could not be asked: {why}" for pair in account["pairs"]})
    return found


def _pairs(
    fleet: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], hosts: Mapping[str, Mapping[str, Any]]
) -> list[Pair]:
    """The pairs that AWS told of, judged by that and by what their nodes said."""
    looks = {name: look for answer in seen for name, look in answer.get("pairs", {}).items()}
    found = []
    for name, pair in fleet["pairs"].items():
        if name in looks:
            model = pair["model"]
            said = {node: hosts[node] for node in model["nodes"] if node in hosts}
            report = judge.report(model, looks[name], said)
            found.append(Pair(name, model, report, said, str(pair["account"])))
    return found
