# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A further failover engine is one role, one file and its line in the registry: a fake one goes through every door."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry

ROOT = Path(__file__).parents[2]
DOORS = ("ready", "main", "detach", "forget", "before_move", "move", "after_move", "absent")
#: Where setup, switchover and teardown go through the dispatcher; status asks the registry.
CALLS = {
    "roles/node_ready/tasks/main.yml": ["ready"],
    "roles/orphans/tasks/main.yml": ["detach"],
    "playbooks/setup.yml": ["main"],
    "roles/orphans/tasks/remove.yml": ["forget"],
    "roles/switchover/tasks/main.yml": ["before_move", "move", "after_move"],
    "roles/teardown/tasks/main.yml": ["absent"],
}

_FILE = '''"""A fake engine. Pure."""

from __future__ import annotations

from .view import view

NAME = "fake"


def running(host):
    return host.active("fake.service")


def configured(host):
    return False


def given(host):
    return []


def seen(host):
    return view(NAME, "fine", holder="self")
'''
_PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    overlay_ip_model: {failover: fake, target: localhost, nodes: {localhost: {instance_id: null,
                       network_interface_id: null}}, overlays: [], region: r,
                       persistent: false, exclusive: true}
    orphans_found: {orphans: {engines: [fake]}}
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    ansible_become: false
  tasks:
    - ansible.builtin.include_role:
        name: aws_ha.overlay_ip.failover
        tasks_from: "{{ door }}.yml"
      loop: %s
      loop_control:
        loop_var: door
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection with a third engine: its role, its file, its lines."""
    top = tmp_path_factory.mktemp("collections")
    copy = top / "ansible_collections/aws_ha/overlay_ip"
    for name in ("plugins", "roles", "meta", "galaxy.yml"):
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    for door in DOORS:
        task = {"name": f"Door {door}", "ansible.builtin.debug": {"msg": f"fake went through {door}"}}
        at = copy / "roles/fake/tasks" / f"{door}.yml"
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(json.dumps([task]))
    utils = copy / "plugins/module_utils"
    (utils / "_engine/fake.py").write_text(_FILE)
    lines = utils / "_engine/registry.py"
    text = lines.read_text()
    assert "from . import keepalived_view, pacemaker\n" in text
    text = text.replace(
        "from . import keepalived_view, pacemaker\n", "from . import fake, keepalived_view, pacemaker\n"
    )
    lines.write_text(text.replace("= (keepalived_view, pacemaker)", "= (keepalived_view, pacemaker, fake)"))
    return top


def ansible(house: Path, tmp_path: Path, play: str) -> str:
    """Run a play against the copy; the removal of the program is foretold only."""
    at = tmp_path / "play.yml"
    at.write_text(play)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "--check", "-i", "localhost,", "-c", "local", str(at)],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(house)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_third_engine_goes_through_every_door(house: Path, tmp_path: Path) -> None:
    printed = ansible(house, tmp_path, _PLAY % json.dumps([door for door in DOORS if door != "absent"]))
    assert re.findall(r"fake went through (\w+)", printed) == [door for door in DOORS if door != "absent"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the last door removes the program, which needs root")
def test_the_last_door_removes_the_program_too(house: Path, tmp_path: Path) -> None:
    assert "fake went through absent" in ansible(house, tmp_path, _PLAY % '["absent"]')


def test_a_third_engine_is_known_and_seen(house: Path) -> None:
    code = (
        "import json; from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry\n"
        "class Host:\n    def active(self, unit): return unit == 'fake.service'\n"
        "    def read(self, path): return None\n"
        "print(json.dumps([registry.NAMES, registry.seen(Host())]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(house)}, capture_output=True, text=True, check=True
    )
    names, seen = json.loads(done.stdout)
    assert names == ["none", "keepalived", "pacemaker", "fake"]
    assert [(view["engine"], view["state"], view["holder"]) for view in seen] == [("fake", "fine", "self")]


def calls(path: str) -> list[dict[str, Any]]:
    """Where a playbook or a list of tasks goes to the dispatcher: as a role, or by include_role."""

    def within(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, list):
            for item in node:
                yield from within(item)
        elif isinstance(node, dict):
            name = node.get("role") or (node.get("ansible.builtin.include_role") or {}).get("name")
            if name == "aws_ha.overlay_ip.failover":
                yield node
            for value in node.values():
                yield from within(value)

    return list(within(yaml.safe_load((ROOT / path).read_text())))


def doors(call: dict[str, Any]) -> list[str]:
    """The doors that a call opens, in order."""
    door = call.get("ansible.builtin.include_role", {}).get("tasks_from", "main.yml").removesuffix(".yml")
    if "{{" not in door:
        return [door]
    variable = call["loop_control"]["loop_var"]
    assert door == f"{{{{ {variable} }}}}"
    found = re.fullmatch(r"\{\{ (\[.*?\]) if overlay_ip_model\.failover != 'none' else \[\] \}\}", call["loop"])
    assert found
    return list(ast.literal_eval(found[1]))


@pytest.mark.parametrize("path", list(CALLS))
def test_the_playbooks_go_by_the_dispatcher(path: str) -> None:
    found = calls(path)
    assert [door for call in found for door in doors(call)] == CALLS[path]
    for call in found:
        when = str(call.get("when", ""))
        assert re.fullmatch(r"(overlay_ip_model\.failover != 'none')?( and not ansible_check_mode)?", when)


@pytest.mark.parametrize("engine", [name for name in registry.NAMES if name != registry.NONE])
def test_every_engine_has_every_door(engine: str) -> None:
    tasks = ROOT / "roles" / engine / "tasks"
    assert {door for door in DOORS if not (tasks / f"{door}.yml").is_file()} == set()
    assert (ROOT / "plugins/module_utils/_engine" / f"{engine}.py").is_file()
    for name in ("NAME", "running", "configured", "given", "seen"):
        assert hasattr(next(e for e in registry.ENGINES if engine == e.NAME), name)


def test_nobody_else_asks_which_engine_it_is() -> None:
    """A decision by an engine's name outside of its role and file would be one more place to change."""
    name = r"[\"'](keepalived|pacemaker)[\"']"
    question = re.compile(rf"failover\b.*?(?:[!=]=|\bin\b).*?{name}|{name}.*?(?:[!=]=|\bin\b).*?\bfailover\b")
    paths = [path for top in ("roles", "playbooks", "plugins") for path in (ROOT / top).rglob("*.*")]
    files = [path for path in paths if path.suffix in (".py", ".yml", ".j2")]
    assert [str(path) for path in files if question.search(path.read_text())] == []
