# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role migration shows where nothing is to be done, and in check mode; the module is a stand-in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unit.test_engines import _STUB

ROOT = Path(__file__).parents[2]
#: What the module says of each resource: check mode asks it for the commands.
_MODULE = """#!/usr/bin/python
# WANT_JSON
import json
import sys

asked = json.load(open(sys.argv[1]))
name, check = asked["resource"], asked["_ansible_check_mode"]
said = {"changed": True, "resource": name, "holder": "node1", "before": "<primitive/>", "after": ""}
if check:
    said["commands"] = {"pcs": ["pcs " + name], "crm": ["crm " + name]}
print(json.dumps(said))
"""
TODO = [{"address": f"192.0.2.{n}", "destination": f"192.0.2.{n}/32", "resource": f"ip{n}"} for n in (1, 2)]
MODEL = {"nodes": {"node1": {}, "node2": {}}, "program": "aws-overlay-ip", "deployment": "overlay-ip", "overlays": TODO}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection; whatever a node or AWS would be asked is answered as if all were well."""
    top = tmp_path_factory.mktemp("collections")
    copy = top / "ansible_collections/aws_ha/overlay_ip"
    for name in ("plugins", "roles", "meta", "galaxy.yml"):
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    (copy / "plugins/modules/overlay_cluster_resource.py").write_text(_MODULE)
    for name in ("overlay_lease", "overlay_node_program"):
        (copy / "plugins/modules" / f"{name}.py").write_text(_STUB % json.dumps({"changed": False}))
    return top


def play(house: Path, tmp_path: Path, way: str, *arguments: str, commands: bool) -> str:
    """One way of the role for both overlay IPs, on two nodes that are this machine."""
    role = house / "ansible_collections/aws_ha/overlay_ip/roles/migration"
    include: dict[str, Any] = {
        "ansible.builtin.include_tasks": f"{role}/tasks/{way}.yml",
        "loop": TODO,
        "loop_control": {"loop_var": "migration_one"},
    }
    shown = {"ansible.builtin.debug": {"msg": "{{ migration_typed }}"}, "run_once": True}
    files = [f"{role}/defaults/main.yml", f"{role}/vars/main.yml"]
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "vars_files": files, "tasks": [include, shown]}])
    )
    for resource in ("ip1", "ip2"):
        (tmp_path / f"before-{resource}.xml").write_text("<primitive/>")
    variables = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "overlay_ip_model": {**MODEL, "cluster_commands": commands},
        "migration_kept": str(tmp_path),
        "migration_todo": TODO,
    }
    program = str(Path(sys.executable).parent / "ansible-playbook")
    done = subprocess.run(
        [program, "-i", "node1,node2,", str(tmp_path / "play.yml"), "-e", json.dumps(variables), *arguments],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(house), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def said(printed: str) -> Any:
    found = re.findall(r'"msg": (\{\n.*?\n    \})', printed, re.DOTALL)
    return json.loads(found[-1])


CHECK = "aws-overlay-ip check  # on every node, which needs /usr/lib/ocf/resource.d/aws_ha/overlay-ip, too"


@pytest.mark.parametrize("way", ["forward", "back"])
def test_commands_alone_change_nothing(house: Path, tmp_path: Path, way: str) -> None:
    printed = play(house, tmp_path, way, commands=True)
    first = [CHECK] if way == "forward" else []
    assert said(printed) == {
        "pcs": [*first, "pcs ip1", *first, "pcs ip2"],
        "crm": [*first, "crm ip1", *first, "crm ip2"],
    }
    assert re.findall(r"changed=(\d+)", printed) == ["0", "0"]
    assert (tmp_path / "before-ip1.xml").read_text() == "<primitive/>"


@pytest.mark.parametrize("way", ["forward", "back"])
def test_check_mode_shows_the_same_beside_what_would_change(house: Path, tmp_path: Path, way: str) -> None:
    alone = said(play(house, tmp_path, way, commands=True))
    printed = play(house, tmp_path, way, "--check", commands=False)
    assert said(printed) == alone
    assert "changed=0" not in printed


def test_a_run_types_nothing(house: Path, tmp_path: Path) -> None:
    """What it would say is not there, and what was there is kept, or forgotten."""
    with pytest.raises(AssertionError, match="migration_typed' is undefined"):
        play(house, tmp_path, "back", commands=False)
    assert not (tmp_path / "before-ip1.xml").exists()
