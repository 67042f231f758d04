# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role migration shows where nothing is to be done, and in check mode; and in which order it does things, so
that what fails leaves a record and a guard. The module, and what other roles do, are stand-ins.
"""

from __future__ import annotations

import base64
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
import os
import sys

asked = json.load(open(sys.argv[1]))
name, check = asked["resource"], asked["_ansible_check_mode"]
if name in os.environ.get("BROKEN_ON_PAPER" if check else "BROKEN", "").split():
    print(json.dumps({"failed": True, "msg": name + " cannot be exchanged."}))
    sys.exit()
if not check and "LOG" in os.environ:
    kept = sorted(os.listdir(os.environ["KEPT"]))
    print("exchanged", name, *kept, file=open(os.environ["LOG"], "a"))
said = {"changed": True, "resource": name, "holder": "node1", "before": "<primitive/>", "after": ""}
if check:
    said["commands"] = {"pcs": ["pcs " + name], "crm": ["crm " + name]}
print(json.dumps(said))
"""
#: What other roles are to do, as a line in a file.
_TASK = """---
- name: Note that it was done
  ansible.builtin.lineinfile:
    path: "{{ done_log }}"
    line: "{{ inventory_hostname }} %s"
    create: true
    mode: "0600"
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
    for role, tasks in (
        ("failover", "hindered"),
        ("overlay_ip", "look"),
        ("overlay_ip", "let_go"),
        ("node_program", "guard"),
        ("node_program", "unguard"),
        ("migration", "prepare"),
        ("migration", "verify"),
    ):
        (copy / f"roles/{role}/tasks/{tasks}.yml").write_text(_TASK % tasks)
    for role in ("failover", "overlay_ip", "node_program"):
        (copy / f"roles/{role}/meta/main.yml").write_text("dependencies: []\n")
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
        (tmp_path / f"before-{resource}.xml").write_text(RECORD)
    variables = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "overlay_ip_model": {**MODEL, "cluster_commands": commands},
        "migration_kept": str(tmp_path),
        "migration_todo": TODO,
        "migration_mine": TODO,
        **({"migration_records": {one["resource"]: RECORD_READ for one in TODO}} if way == "back" else {}),
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


RECORD = '<primitive id="ip" class="ocf" provider="suse" type="aws-vpc-move-ip"/>'
RECORD_READ = base64.b64encode(RECORD.encode()).decode()
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
    assert (tmp_path / "before-ip1.xml").read_text() == RECORD


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


class Run:
    """The whole role for two overlay IPs on two nodes. `records`: of which resources something is kept, and by whom."""

    def __init__(
        self,
        house: Path,
        tmp_path: Path,
        *,
        back: bool = False,
        records: tuple[str, ...] = (),
        mine: tuple[str, ...] | None = None,
        broken: str = "",
        on_paper: str = "",
        record: str = RECORD,
    ) -> None:
        self._kept = tmp_path / "kept"
        log = tmp_path / "log"
        provider = tmp_path / "ocf/suse"
        provider.mkdir(parents=True)
        (provider / "aws-vpc-move-ip").touch()
        for name in records:
            self._kept.mkdir(exist_ok=True)
            (self._kept / f"before-{name}.xml").write_text(record)
        ours = [one["resource"] for one in TODO] if back else list(mine or ())
        by = {"agent": "ocf:suse:aws-vpc-move-ip", "moves": "route"}
        overlays = [
            {**one, "called": [one["address"]], "moved_by": None if one["resource"] in ours else by} for one in TODO
        ]
        movers = [{"name": name, "ours": True, "agent": "ocf:aws_ha:overlay-ip"} for name in ours]
        told = [{"engine": "pacemaker", "running": True, "movers": movers}]
        model = {**MODEL, "overlays": overlays, "cluster_commands": False, "failover": "pacemaker"}
        variables = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "overlay_ip_model": model,
            "overlay_ip_told": {"node1": told, "node2": told},
            "migration_kept": str(self._kept),
            "migration_resources": str(tmp_path / "ocf"),
            "done_log": str(log),
            "back": back,
        }
        role = house / "ansible_collections/aws_ha/overlay_ip/roles/migration"
        files = [f"{role}/defaults/main.yml", f"{role}/vars/main.yml"]
        include = {"ansible.builtin.include_tasks": f"{role}/tasks/main.yml"}
        begin = {"hosts": "all", "gather_facts": False, "any_errors_fatal": True, "vars_files": files}
        (tmp_path / "play.yml").write_text(json.dumps([{**begin, "tasks": [include]}]))
        program = str(Path(sys.executable).parent / "ansible-playbook")
        done = subprocess.run(
            [program, "-i", "node1,node2,", str(tmp_path / "play.yml"), "-e", json.dumps(variables)],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(house),
                "LOG": str(log),
                "KEPT": str(self._kept),
                "BROKEN": broken,
                "BROKEN_ON_PAPER": on_paper,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        self.ok, self.output = done.returncode == 0, " ".join((done.stdout + done.stderr).split())
        self.done = log.read_text().splitlines() if log.exists() else []

    def changes(self) -> list[str]:
        """What was done to the cluster, and on both nodes, in order."""
        looks = ("hindered", "look", "let_go", "verify")
        done = [re.sub(r"^node\d ", "", one) for one in self.done if one.split()[-1] not in looks]
        assert all(done.count(one) == 2 for one in done if not one.startswith("exchanged")), self.done
        return list(dict.fromkeys(done))

    @property
    def kept(self) -> list[str]:
        return sorted(path.name for path in self._kept.iterdir()) if self._kept.exists() else []


def test_the_record_is_there_before_the_exchange(house: Path, tmp_path: Path) -> None:
    run = Run(house, tmp_path)
    assert run.ok, run.output
    assert run.changes() == [
        "prepare",
        "exchanged ip1 before-ip1.xml",
        "exchanged ip2 before-ip1.xml before-ip2.xml",
        "guard",
    ]
    assert run.kept == ["before-ip1.xml", "before-ip2.xml"]


def test_what_one_of_them_would_be_refused_for_is_told_before_anything_is_changed(house: Path, tmp_path: Path) -> None:
    run = Run(house, tmp_path, on_paper="ip2")
    assert not run.ok
    assert "ip2 cannot be exchanged." in run.output
    assert (run.changes(), run.kept) == ([], [])


def test_once_more_finishes_what_is_missing(house: Path, tmp_path: Path) -> None:
    run = Run(house, tmp_path, mine=("ip1", "ip2"), records=("ip1",))
    assert run.ok, run.output
    assert "nothing is to be done" in run.output
    assert run.changes() == ["guard"]


def test_back_in_order(house: Path, tmp_path: Path) -> None:
    run = Run(house, tmp_path, back=True, records=("ip1", "ip2"))
    assert run.ok, run.output
    assert run.changes() == [
        "unguard",
        "exchanged ip1 before-ip1.xml before-ip2.xml",
        "exchanged ip2 before-ip2.xml",
    ]
    assert run.kept == []


@pytest.mark.parametrize(
    ("records", "on_paper", "said"),
    [
        (("ip1",), "", "before-ip2.xml, which a migration keeps: ip2 was not migrated."),
        (("ip1", "ip2"), "ip2", "ip2 cannot be exchanged."),
    ],
)
def test_who_cannot_go_back_is_told_before_the_guard_goes(
    house: Path, tmp_path: Path, records: tuple[str, ...], on_paper: str, said: str
) -> None:
    run = Run(house, tmp_path, back=True, records=records, on_paper=on_paper)
    assert not run.ok
    assert said in run.output
    assert (run.changes(), run.kept) == ([], [f"before-{name}.xml" for name in records])


def test_what_did_not_go_back_has_its_guard_again(house: Path, tmp_path: Path) -> None:
    run = Run(house, tmp_path, back=True, records=("ip1", "ip2"), broken="ip2")
    assert not run.ok
    assert run.changes() == [
        "unguard",
        "exchanged ip1 before-ip1.xml before-ip2.xml",
        "guard",
    ]
    assert (
        "ip2 cannot be exchanged. 192.0.2.1 went back; 192.0.2.2 is moved by ocf:aws_ha:overlay-ip as before, and its"
        " guard runs." in run.output
    )
    assert run.kept == ["before-ip2.xml"]


def test_the_agent_that_each_had_must_be_there(house: Path, tmp_path: Path) -> None:
    """SUSE has one of its own."""
    run = Run(house, tmp_path, back=True, records=("ip1", "ip2"), record=RECORD.replace("suse", "gone"))
    assert "/ocf/gone/aws-vpc-move-ip: install the package of the resource agents." in run.output
    assert run.changes() == []
