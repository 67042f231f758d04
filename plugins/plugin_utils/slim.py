# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run on nodes are sent without what Ansible packs beside them.

For each module Ansible sends 370 kB of its own sources, for the node to unpack and to compile: most of the time of a
module that has little to do. A module of ours needs one class of them, `AnsibleModule`. So it is sent with the files of
ours that it imports and with a stand-in for that class, and its arguments are judged here. Connection, become,
pipelining, the choice of the interpreter and what becomes of the result are Ansible's own: one method is replaced.

Ansible's own way is taken for all that is not usual: arguments that it refuses, a task that nobody waits for, a Python
that is too old, tracebacks that were asked for, and where C(overlay_ip_in_process) is false.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ansible import constants
from ansible.module_utils.basic import heuristic_log_sanitize
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.plugins.action.normal import ActionModule as Normal

from . import bundle, wire

IMPORTS_NOTHING = "aws_ha.overlay_ip.overlay_report"
"""Asked how it would be started, Ansible looks for the interpreter, and has nothing to pack."""


class Slim(Normal):
    """The action plugin of a module that runs on nodes."""

    _bundle: ClassVar[bundle.Bundle | None] = None
    _too_old = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package, _dot, name = cls.__module__.rpartition(".")
        if package.endswith(".action"):  # Ansible loads it before it forks: packed once for all tasks
            cls._bundle = bundle.of(name)

    def _execute_module(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        result: dict[str, Any] = super()._execute_module(*args, **kwargs)
        if bundle.TOO_OLD in result:
            self._too_old = True
            result = super()._execute_module(*args, **kwargs)
        return result

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> Any:
        script = self._script(module_name, module_args, task_vars)
        if script is None or self._bundle is None:
            return super()._configure_module(module_name=module_name, module_args=module_args, task_vars=task_vars)
        bare = super()._configure_module(module_name=IMPORTS_NOTHING, module_args={}, task_vars=task_vars)
        if wire.MODERN:
            return dataclasses.replace(bare[0], module_style="new", b_module_data=script), self._bundle.path
        return "new", bare[1], script, self._bundle.path

    def _script(self, name: str, arguments: Mapping[str, Any], known: Mapping[str, Any]) -> bytes | None:
        """What the node's Python is given; None where the module is to go Ansible's own way."""
        ours = self._bundle
        if (
            ours is None
            or self._too_old
            or self._task.async_val
            or name.rpartition(".")[2] != ours.name  # the wrapper of an async task
            or not wire.wanted(self._templar, known)
            or constants.config.get_config_value("PYTHON_MODULE_RLIMIT_NOFILE", variables=known)
        ):
            return None
        try:
            asked = asked_for(ours.spec, ours.rules, json.loads(wire.written(arguments)))
        except (AttributeError, KeyError):  # an ansible-core that keeps elsewhere what is read there
            return None
        return None if asked is None else ours.script(asked)


def asked_for(spec: Mapping[str, Any], rules: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the module is asked for, see `_module/stand_in.py`; None where Ansible is to answer.

    Args:
        spec, rules: by which the module's arguments are judged.
        arguments: as they would be sent, with Ansible's own among them.
    """
    own = {key[len("_ansible_") :]: value for key, value in arguments.items() if key.startswith("_ansible_")}
    given = {key: value for key, value in arguments.items() if not key.startswith("_ansible_")}
    found = ArgumentSpecValidator(spec, **rules).validate(given)
    params = found.validated_parameters
    if (
        found.error_messages
        or found._warnings
        or found._deprecations
        or own.get("tracebacks_for")
        or own.get("keep_remote_files")
        or any(sign in str(place) for place in _places(spec, given) for sign in "~$")
    ):
        return None
    log = None
    if not own["no_log"]:
        told = dict(_told(spec, found))
        if not all(_can_be_logged(value) for value in params.values() if isinstance(value, str)):
            return None
        log = {"facility": own["syslog_facility"], "about": own.get("target_log_info") or "", "told": told}
    return {
        "name": own["module_name"],
        "params": params,
        "check_mode": own["check_mode"],
        "diff": own["diff"],
        "hidden": sorted(found._no_log_values),
        "traces": "tracebacks_for" not in own and bool(own["debug"] or own["verbosity"] >= 3),
        "invocation": own.get("inject_invocation", True),
        "log": log,
    }


def _places(spec: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Any]:
    """The paths among the arguments. A home directory or a variable in one is another on each node."""
    for key, option in spec.items():
        if option.get("type") == "path":
            yield option.get("default")
            yield from (given.get(name) for name in (key, *option.get("aliases", ())))


def _told(spec: Mapping[str, Any], found: ValidationResult) -> Iterator[tuple[str, str]]:
    """Of the arguments those that the node's log does not show as they are."""
    for key, value in found.validated_parameters.items():
        text = value if isinstance(value, str) else str(value)
        if spec.get(key, {}).get("no_log"):
            yield key, "NOT_LOGGING_PARAMETER"
        elif "@" in text or found._no_log_values:
            yield key, heuristic_log_sanitize(text, found._no_log_values)


def _can_be_logged(text: str) -> bool:
    """Whether syslog(3) takes it; what becomes of the module where not is Ansible's to say."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
