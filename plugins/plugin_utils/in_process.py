# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that only call AWS run in the worker that Ansible has forked for the task, without another Python.

Packing our sources, starting an interpreter and importing the SDK costs more than the calls. Where the task's place is
the controller, and its interpreter the one that runs Ansible, nothing of it is needed: the module is imported and its
own ``main`` called. What comes before and after is Ansible's own, by the three methods that are replaced here:
arguments are encoded and read, the result is printed and parsed, as if it had been sent. A worker serves one task and
ends, so nothing is left for the next one.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

# Here, since Ansible loads this file before it forks: once for all tasks.
from ..module_utils._aws import client as _client  # noqa: F401  pylint: disable=unused-import

_built: Any = None
_encoding: dict[str, Any] = {}
try:  # ansible-core 2.19 and newer
    from ansible.executor.module_common import _BuiltModule as _built
    from ansible.module_utils.common.json import Direction, get_module_encoder

    _encoding["cls"] = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
except ImportError:
    with contextlib.suppress(ImportError):
        from ansible.module_utils.common.json import AnsibleJSONEncoder

        _encoding.update(cls=AnsibleJSONEncoder, vault_to_text=True)
"""Empty for an ansible-core that keeps these elsewhere: there everything is sent."""

PROFILE = "legacy"
"""How arguments and result are written: what Ansible takes for modules that do not say."""
MODULES = "ansible_collections.aws_ha.overlay_ip.plugins.modules."


class InProcess(ActionBase):
    """The action plugin of a module that only calls AWS."""

    _in_process = False
    _arguments: dict[str, Any]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module here, or where it belongs."""
        self._supports_async = True
        result: dict[str, Any] = super().run(tmp, task_vars)
        known = task_vars or {}
        self._in_process = self._is_here(known)
        result.update(self._execute_module(task_vars=known, wrap_async=self._task.async_val))
        return result

    def _is_here(self, known: Mapping[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user, by this interpreter, and is waited for."""
        there = known.get("ansible_delegated_vars", {}).get(self._task.delegate_to, known)
        python = self._templar.template(there.get("ansible_python_interpreter"))
        wanted = self._templar.template(known.get("overlay_ip_in_process"))
        return (
            bool(_encoding)
            and (wanted in (None, "") or boolean(wanted, strict=False))
            and self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and python == sys.executable
        )

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        return self._in_process or bool(super()._is_pipelining_enabled(module_style, wrap_async))

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: Mapping[str, Any]) -> Any:
        if not self._in_process:
            return super()._configure_module(module_name=module_name, module_args=module_args, task_vars=task_vars)
        self._arguments = module_args
        shebang, path = f"#!{sys.executable}", importlib.import_module(self._module).__file__
        if _built is None:
            return "new", shebang, b"", path
        return _built(b_module_data=b"", module_style="new", shebang=shebang, serialization_profile=PROFILE), path

    def _low_level_execute_command(self, cmd: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not self._in_process:
            done: dict[str, Any] = super()._low_level_execute_command(cmd, *args, **kwargs)
            return done
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        told, trouble, code = io.StringIO(), "", 0
        with _given(self._arguments, environment), contextlib.redirect_stdout(told):
            try:
                importlib.import_module(self._module).main()
            except SystemExit as end:
                code = int(end.code or 0)
            except Exception:  # as if it had been sent: what nobody caught is on its stderr
                trouble, code = traceback.format_exc(), 1
        lines = told.getvalue()
        return {"rc": code, "stdout": lines, "stdout_lines": lines.splitlines(), "stderr": trouble}

    @property
    def _module(self) -> str:
        return MODULES + str(self._task.action).rpartition(".")[2]


@contextlib.contextmanager
def _given(arguments: Mapping[str, Any], environment: Mapping[str, Any]) -> Iterator[None]:
    """What the module is started with: its arguments, where AnsibleModule looks for them, and the environment."""
    before = dict(os.environ)
    module: Any = basic
    module._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, **_encoding).encode("utf-8")
    module._ANSIBLE_PROFILE = PROFILE
    os.environ.update({name: str(value) for name, value in environment.items()})
    try:
        yield
    finally:
        module._ANSIBLE_ARGS = None
        os.environ.clear()
        os.environ.update(before)
