# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that only call AWS run in a fork of the worker that Ansible has for the task, without another Python.

Packing our sources, starting an interpreter and importing the SDK costs more than the calls. Where the task's place is
the controller, and its interpreter the one that runs Ansible, nothing of it is needed: the module is imported and its
own ``main`` called. What comes before and after is Ansible's own, by the three methods that are replaced here:
arguments are encoded and read, the result is printed and parsed, as if it had been sent. What a module says of its
progress is shown as it comes. The fork serves one task and ends, so nothing is left for the next one; and who is killed
fails as a module that is killed does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from ansible.module_utils import basic
from ansible.plugins.action import ActionBase

from ..module_utils._aws import client
from ..module_utils._module import progress
from . import wire

client.warm("ec2", "iam")  # here, since Ansible loads this file before it forks: once for all tasks
gc.freeze()  # else each fork looks through all of it for garbage, and copies it by that

_built: Any = None
with contextlib.suppress(ImportError):  # ansible-core 2.19 and newer
    from ansible.executor.module_common import _BuiltModule as _built

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
        return (
            wire.wanted(self._templar, known)
            and (_built is not None) is wire.MODERN
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
        return _built(b_module_data=b"", module_style="new", shebang=shebang, serialization_profile=wire.PROFILE), path

    def _low_level_execute_command(self, cmd: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not self._in_process:
            done: dict[str, Any] = super()._low_level_execute_command(cmd, *args, **kwargs)
            return done
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            heard, told_to = os.pipe()
            process = os.fork()
            if process == 0:
                progress.open_to(told_to)
                _child(self._module, self._arguments, environment, out.fileno(), err.fileno())
            os.close(told_to)
            self._show(heard)
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            told, trouble = (_text(file) for file in (out, err))
        return {"rc": code, "stdout": told, "stdout_lines": told.splitlines(), "stderr": trouble}

    def _show(self, pipe: int) -> None:
        """Show what the module says until it ends: on stderr, since stdout may be a callback's JSON."""
        with open(pipe, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not self._task.no_log:
                    self._display.display(f"  {line.rstrip()}", stderr=True)

    @property
    def _module(self) -> str:
        return MODULES + str(self._task.action).rpartition(".")[2]


def _child(name: str, arguments: Mapping[str, Any], environment: Mapping[str, Any], out: int, err: int) -> NoReturn:
    """Be the module's process: its arguments are where AnsibleModule looks for them, and its output goes to files."""
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = open(1, "w", encoding="utf-8"), open(2, "w", encoding="utf-8")  # noqa: SIM115
        os.environ.update({key: str(value) for key, value in environment.items()})
        module: Any = basic
        module._ANSIBLE_ARGS = wire.written({"ANSIBLE_MODULE_ARGS": arguments}).encode("utf-8")
        module._ANSIBLE_PROFILE = wire.PROFILE
        importlib.import_module(name).main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # as if it had been sent: what nobody caught is on its stderr
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")
