# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which module is sent without Ansible's sources, and what it is asked for."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.aws_ha.overlay_ip.plugins.action import overlay_check, overlay_lease
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import bundle, slim

SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True, "aliases": ["called"]},
    "number": {"type": "int", "default": 3},
    "secret": {"type": "str", "no_log": True},
    "place": {"type": "path", "aliases": ["location"]},
}
OWN: dict[str, Any] = {
    "_ansible_module_name": "aws_ha.overlay_ip.overlay_x",
    "_ansible_check_mode": True,
    "_ansible_diff": False,
    "_ansible_no_log": False,
    "_ansible_debug": False,
    "_ansible_verbosity": 0,
    "_ansible_syslog_facility": "LOG_USER",
    "_ansible_target_log_info": None,
    "_ansible_keep_remote_files": False,
    "_ansible_tracebacks_for": [],
}


def asked(own: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any] | None:
    return slim.asked_for(SPEC, {"required_by": {"secret": "place"}}, {"name": "n", **OWN, **(own or {}), **arguments})


def test_what_is_asked_for() -> None:
    assert asked(number="5", secret="sesame", place="/etc") == {
        "name": "aws_ha.overlay_ip.overlay_x",
        "params": {"name": "n", "number": 5, "secret": "sesame", "place": "/etc"},
        "check_mode": True,
        "diff": False,
        "hidden": ["sesame"],
        "traces": False,
        "invocation": True,
        "log": {
            "facility": "LOG_USER",
            "about": "",
            "told": {"name": "n", "number": "5", "secret": "NOT_LOGGING_PARAMETER", "place": "/etc"},
        },
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"colour": "red"},
        {"number": "many"},
        {"secret": "x"},  # without the place that goes with it
        {"called": "twice"},  # Ansible warns of it
        {"place": "~/x"},
        {"place": "$HOME"},
        {"location": "~/x"},
        {"name": "what syslog(3)\0does not take"},
        {"name": "\udc80"},
        {"own": {"_ansible_tracebacks_for": ["error"]}},
        {"own": {"_ansible_keep_remote_files": True}},
    ],
)
def test_what_is_ansible_s_to_answer(arguments: dict[str, Any]) -> None:
    assert asked(**arguments) is None


def test_what_is_not_logged_need_not_be_fit_for_it() -> None:
    found = asked({"_ansible_no_log": True}, name="\udc80\0")
    assert found is not None
    assert (found["log"], found["params"]["name"]) == (None, "\udc80\0")


def test_a_password_in_a_url_is_not_logged() -> None:
    found = asked(name="https://me:sesame@proxy.example")
    assert found is not None
    assert found["log"]["told"]["name"] == "https://me:********@proxy.example"


def test_an_older_ansible_tells_the_traceback_to_who_asks_for_much() -> None:
    arguments: dict[str, Any] = {"name": "n", **OWN, "_ansible_verbosity": 3}
    del arguments["_ansible_tracebacks_for"]
    found = slim.asked_for(SPEC, {}, arguments)
    assert found is not None
    assert found["traces"] is True
    newer = asked({"_ansible_verbosity": 3})
    assert newer is not None
    assert newer["traces"] is False


def plugin(action: Any = overlay_check, **task: Any) -> Any:
    """An action plugin that would send its module."""
    templar = MagicMock(template=lambda value: value)
    mocks = (MagicMock(), MagicMock(), MagicMock())
    return action.ActionModule(MagicMock(**{"async_val": 0, **task}), *mocks, templar, MagicMock())


def script(one: Any, name: str = "aws_ha.overlay_ip.overlay_check", **known: Any) -> bytes | None:
    found: bytes | None = one._script(name, {**OWN, "script": "true"}, known)
    return found


def test_it_is_sent_so() -> None:
    sent = script(plugin())
    assert sent is not None
    assert sent.isascii()
    assert sent == script(plugin(), overlay_ip_in_process="yes")


def test_each_has_its_own_module() -> None:
    assert plugin(overlay_lease)._bundle.name == "overlay_lease"
    assert slim.Slim._bundle is None


@pytest.mark.parametrize("value", [False, "no", "off"])
def test_who_does_not_want_it_has_ansible_s_own_way(value: Any) -> None:
    assert script(plugin(), overlay_ip_in_process=value) is None


def test_what_nobody_waits_for_goes_ansible_s_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert script(plugin(async_val=30)) is None
    assert script(plugin(), "ansible.legacy.async_wrapper") is None
    monkeypatch.setattr(overlay_check.ActionModule, "_bundle", None)
    assert script(plugin()) is None


def test_an_ansible_that_keeps_things_elsewhere_is_left_to_its_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    found = MagicMock(spec=["validated_parameters", "error_messages"], error_messages=[])
    monkeypatch.setattr(slim, "ArgumentSpecValidator", lambda _spec: MagicMock(validate=lambda _given: found))
    assert script(plugin()) is None
    monkeypatch.undo()
    assert plugin()._script("overlay_check", {"script": "true"}, {}) is None, "without what Ansible adds of its own"


def test_a_limit_of_open_files_is_ansible_s_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_PYTHON_MODULE_RLIMIT_NOFILE", "1024")
    assert script(plugin()) is None


def test_a_python_that_is_too_old_is_told_by_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[bool] = []

    def execute(self: Any, **_given: Any) -> dict[str, Any]:
        ways.append(script(self) is not None)
        return {"failed": True, **({bundle.TOO_OLD: "3.9"} if ways[-1] else {"msg": "what Ansible says"})}

    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    assert plugin()._execute_module(task_vars={}) == {"failed": True, "msg": "what Ansible says"}
    assert ways == [True, False]
