# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs on nodes are found whatever PATH the user has who became root, and none is started in another way."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import programs

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "plugins/module_utils/_base/programs.py"
HARMLESS = {"TimeoutExpired", "CompletedProcess", "DEVNULL", "PIPE", "STDOUT", "SubprocessError"}
STARTS = {"run_command", "get_bin_path", "which", "system", "popen", "posix_spawn", "posix_spawnp", "startfile"}
#: What names a program of the node: a module of Ansible, and a file's ``validate``.
COMMANDS = ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.raw", "ansible.builtin.script")


def starts(text: str) -> list[str]:
    """What in a Python file starts or looks for a program by itself."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            module = node.value.id if isinstance(node.value, ast.Name) else ""
            bad = module == "subprocess" and node.attr not in HARMLESS
            spawns = module == "os" and node.attr.startswith(("exec", "spawn"))
            if bad or spawns or node.attr in STARTS:
                found.append(f"line {node.lineno}: {module}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module in ("subprocess", "shutil"):
            bad_names = [
                a.name for a in node.names if a.name not in HARMLESS and (node.module, a.name) != ("shutil", "rmtree")
            ]
            found += [f"line {node.lineno}: from {node.module} import {name}" for name in bad_names]
    return found


def tasks(value: Any) -> Iterator[dict[str, Any]]:
    """Every task of a parsed file, also those in blocks and plays."""
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield item
            for key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
                yield from tasks(item.get(key))


def called(task: dict[str, Any]) -> list[str]:
    """The programs of the node that a task names itself."""
    found = []
    for name in COMMANDS:
        told = task.get(name)
        if isinstance(told, dict):
            told = told.get("cmd") or told.get("argv")
        if told:
            expression = re.match(r"\{\{ \['([^']+)'", told) if isinstance(told, str) else None
            found.append(expression[1] if expression else str(told[0] if isinstance(told, list) else told.split()[0]))
    for told in task.values():
        if isinstance(told, dict) and "validate" in told:
            found.append(str(told["validate"]).split(maxsplit=1)[0])
    return found


TREES = sorted(
    [*ROOT.glob("roles/*/tasks/**/*.yml"), *ROOT.glob("roles/*/handlers/*.yml"), *ROOT.glob("playbooks/*.yml")]
)
EVERY_TASK = [(path, task) for path in TREES for task in tasks(yaml.safe_load(path.read_text()))]


def test_one_place_starts_programs() -> None:
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in (ROOT / "plugins").rglob("*.py")
        if path != STARTER and (found := starts(path.read_text()))
    }
    assert wrong == {}, "start programs by module_utils/_base/programs.py"


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(['crm_mon'])",
        "subprocess.Popen(['ip'])",
        "from subprocess import check_output",
        "module.run_command(['ip'])",
        "module.get_bin_path('ip')",
        "shutil.which('ip')",
        "from shutil import which",
        "os.execvp('ip', ['ip'])",
        "os.system('ip')",
    ],
)
def test_another_way_is_noticed(text: str) -> None:
    assert starts(text)


def test_tasks_name_programs_by_absolute_path() -> None:
    named = [(path.relative_to(ROOT), program) for path, task in EVERY_TASK for program in called(task)]
    assert len(named) > 20
    assert [(str(path), program) for path, program in named if not program.startswith("/")] == []


def test_an_unreachable_node_that_is_ignored_ends_no_play() -> None:
    """Of a task with `run_once` Ansible takes it for everybody's failure, `ignore_unreachable` or not."""
    ignoring = [(path, task) for path, task in EVERY_TASK if task.get("ignore_unreachable") and task.get("run_once")]
    assert len(ignoring) > 5
    assert [(str(path), task["name"]) for path, task in ignoring if not task.get("ignore_errors")] == []


def test_the_callers_path_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    said = programs.run(["sh", "-c", "echo $PATH $LC_ALL"], capture_output=True, text=True).stdout
    assert said.split() == [programs.PATH, "C"]


def test_a_program_in_sbin_is_found_with_a_users_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sbin" / "crm_mon"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho here\n")
    program.chmod(0o755)
    monkeypatch.setattr(programs, "PATH", programs.PATH.replace("/usr/local/sbin", str(program.parent)))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert programs.run(["crm_mon"], capture_output=True, text=True).stdout == "here\n"
    assert os.environ["PATH"] == "/usr/bin:/bin"
    with pytest.raises(FileNotFoundError):
        programs.run(["no-such-program"], stdout=subprocess.DEVNULL)


#: Delegated there, a task works for the controller, for the client, or by the API: nowhere is root needed.
ROOTLESS = ("{{ overlay_ip_api_host }}", "{{ overlay_ip_model.probe.host }}", "localhost")


def test_what_is_delegated_to_the_controller_does_not_become() -> None:
    delegated = [(path, task) for path, task in EVERY_TASK if task.get("delegate_to") in ROOTLESS]
    assert len(delegated) >= 12
    wrong = [
        f"{path.relative_to(ROOT)}: {task['name']}"
        for path, task in delegated
        if task.get("become") is not False or task.get("vars", {}).get("ansible_become") is not False
    ]
    assert wrong == [], "say become: false and, in vars, ansible_become: false"


def test_a_play_on_the_controller_does_not_become() -> None:
    plays = [play for _path, play in EVERY_TASK if play.get("hosts") == "localhost"]
    assert plays
    assert all(play["become"] is False and play["vars"]["ansible_become"] is False for play in plays)
