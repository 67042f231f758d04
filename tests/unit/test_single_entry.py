# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook is run whole, node by node in step, or ends in one sentence: no task meets what was never worked out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INVENTORY = {
    "overlay_nodes": {
        "hosts": {f"node{n}": {"overlay_ip_instance_id": f"i-0123456789abcdef{n}"} for n in (1, 2)},
        "vars": {"overlay_ip_region": "eu-central-1", "overlay_ips": ["192.168.10.15"]},
    },
    "clients": {"hosts": {"client1": {}}},
}
PLAYBOOKS = ["setup", "switchover", "status", "teardown", "drill", "reach", "path", "history", "migrate", "respond"]
BEGUN_LATER = "--start-at-task leaves out the check of the inventory and tasks that later ones need"


def run(tmp_path: Path, *arguments: str, playbook: str = "setup.yml") -> subprocess.CompletedProcess[str]:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(INVENTORY))
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), playbook, *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tags", "route"), "--tags route leaves out tasks that later ones need: run the playbook whole"),
        (("--skip-tags", "x"), "--skip-tags x leaves out tasks that later ones need: run the playbook whole"),
        (("--limit", "node1"), "--limit leaves out node2: the overlay IPs are moved between all nodes"),
        (("--limit", "client1"), "--limit leaves out node1, node2: the overlay IPs are moved between all nodes"),
        (("-e", "taget=node2"), "The extra variable taget is unknown: did you mean target?"),
        (
            ("-e", "overlay_ip_exlusive=true", "-e", "overlay_ip_vrrp_id=0"),
            "overlay_ip_exlusive is unknown: did you mean overlay_ip_exclusive? "
            "overlay_ip_vrrp_id is 0: write a whole number from 1 to 255. Nothing was changed.",
        ),
    ],
)
def test_a_run_that_cannot_work_ends_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode != 0
    assert sentence in done.stdout, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "is undefined" not in done.stdout + done.stderr


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_no_playbook_is_run_without_nodes(tmp_path: Path, playbook: str) -> None:
    request = ("--limit", "client1", "-e", "target=node2", "-e", "drill=switchover")
    done = run(tmp_path, *request, playbook=f"playbooks/{playbook}.yml")
    assert done.returncode != 0
    assert "--limit leaves out node1, node2" in done.stdout, done.stdout
    assert "Nothing was changed." in done.stdout


def listed(tmp_path: Path, playbook: str) -> list[list[str]]:
    """The tasks of each play, by the names that --start-at-task takes."""
    done = run(tmp_path, "--list-tasks", playbook=f"playbooks/{playbook}.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    plays = done.stdout.split("  play #")[1:]
    return [re.findall(r"^      (.*?)\tTAGS:", play, re.MULTILINE) for play in plays]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_no_playbook_begins_in_the_middle(tmp_path: Path, playbook: str) -> None:
    """At any task of the first play but the check, at the last of the second, at one that a dynamic include hides."""
    first, second = listed(tmp_path, playbook)
    request = ("-e", "target=node2", "-e", "drill=readiness", "-e", "from=10.20.1.5")
    for task in (*first[1:], second[-1], "one that is not in the list"):
        done = run(tmp_path, *request, "--start-at-task", task, playbook=f"playbooks/{playbook}.yml")
        told = done.stdout + done.stderr
        assert done.returncode != 0, (task, told)
        assert BEGUN_LATER in told, (task, told)
        assert "Traceback" not in told, (task, told)
        assert "is undefined" not in told, (task, told)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_may_begin_at_its_beginning(tmp_path: Path, playbook: str) -> None:
    """The check is made, and answers."""
    arguments = (
        "-e",
        "target=node2",
        "-e",
        "overlay_ips=nonsense",
        "--start-at-task",
        listed(tmp_path, playbook)[0][0],
    )
    done = run(tmp_path, *arguments, playbook=f"playbooks/{playbook}.yml")
    assert done.returncode != 0
    assert BEGUN_LATER not in done.stdout + done.stderr
    assert "overlay_ips is a string, it must be a list" in done.stdout, done.stdout


def test_every_play_keeps_the_nodes_in_step() -> None:
    """With `strategy: free` from an ansible.cfg each node would make the whole move."""
    plays = [
        (path.name, play) for path in (ROOT / "playbooks").glob("*.yml") for play in yaml.safe_load(path.read_text())
    ]
    assert len(plays) > 8
    assert [name for name, play in plays if play.get("strategy") != "linear"] == []
