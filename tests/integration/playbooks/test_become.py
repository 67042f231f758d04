# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller whose user is not root and has no sudo: what it does itself works, however become is asked for.

Ansible becomes nobody who it is already, so root on a controller would test nothing.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.fixtures import control, endpoint, world
from lab.handle import LabHandle
from lab.world import World

__all__ = ["control", "endpoint", "world"]
ROOT = Path(__file__).parents[3]
NOBODY = pwd.getpwnam("nobody")
WAYS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "without": ((), {}),
    "-b": (("-b",), {}),
    "all.vars": ((), {"ansible_become": True}),
    "both": (("-b",), {"ansible_become": True}),
}
#: The steps that AWS is asked for by the controller, as setup and teardown take them.
STEPS = """\
- name: Steps of the controller
  hosts: overlay_nodes
  gather_facts: false
  any_errors_fatal: true
  roles:
    - role: aws_ha.overlay_ip.overlay_ip
    - role: aws_ha.overlay_ip.overlay_iam_policy
    - role: aws_ha.overlay_ip.source_dest_check
    - role: aws_ha.overlay_ip.overlay_route
"""
BECOMES = """\
- name: A task that becomes root where it should not
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Become
      ansible.builtin.command: /usr/bin/id -u
      changed_when: false
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A place of the user's own; pytest's are root's."""
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    place = Path(tempfile.mkdtemp(prefix="overlay-become-"))
    os.chown(place, NOBODY.pw_uid, NOBODY.pw_gid)
    yield place
    shutil.rmtree(place)


def run(home: Path, world: World, text: str, way: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook as nobody, with sudo at a place where none is."""
    arguments, variables = WAYS[way]
    keys = world.operator
    aws = {
        "endpoint_url": world.endpoint_url,
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        **({"session_token": keys.token} if keys.token else {}),
    }
    inventory = {
        "all": {
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables},
            "children": {
                "overlay_nodes": {
                    "hosts": {n.name: {"overlay_ip_instance_id": n.instance_id} for n in world.nodes},
                    "vars": {
                        "overlay_ip_region": world.region,
                        "overlay_ips": [
                            {
                                "address": "192.168.10.15",
                                "home": "node1",
                                "route_table_ids": list(world.route_table_ids),
                            }
                        ],
                        "overlay_ip_aws": aws,
                    },
                }
            },
        }
    }
    (home / "inventory.json").write_text(json.dumps(inventory))
    (home / "playbook.yml").write_text(text)
    return as_nobody(home, ["-i", str(home / "inventory.json"), str(home / "playbook.yml"), *arguments])


def as_nobody(home: Path, arguments: list[str], *capabilities: str) -> subprocess.CompletedProcess[str]:
    """ansible-playbook as nobody."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "USER": "nobody",
        "LOGNAME": "nobody",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCAL_TEMP": str(home / "local"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_BECOME_EXE": str(home / "no-such-sudo"),
    }
    ids = (f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = ["setpriv", *ids, *capabilities, program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("way", [pytest.param(way, marks=[] if way == "both" else pytest.mark.long) for way in WAYS])
def test_the_controllers_steps_need_no_sudo(
    way: str, home: Path, world: World, endpoint: Endpoint, control: Control
) -> None:
    done = run(home, world, STEPS, way)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(control.calls(action="CreateRoute")) == len(world.route_table_ids)
    assert control.calls(action="PutRolePolicy")
    assert control.calls(action="ModifyNetworkInterfaceAttribute")


@pytest.mark.parametrize(
    "way", ["-b", pytest.param("all.vars", marks=pytest.mark.long), pytest.param("both", marks=pytest.mark.long)]
)
def test_a_task_that_becomes_would_be_noticed(way: str, home: Path, world: World) -> None:
    """The test of the test: here no sudo is found, whatever the machine has."""
    done = run(home, world, BECOMES, way)
    assert done.returncode != 0, done.stdout
    assert "no-such-sudo" in done.stdout, done.stdout


@pytest.fixture
def control_node(home: Path, ready: LabHandle) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a playbook as nobody, who has his own copy of the key to the nodes, and may enter the lab's network."""
    places = ready.directory
    shutil.copy(places.key, home / "key")
    shutil.copy(places.known_hosts, home / "known_hosts")
    (home / "cp").mkdir()
    inventory = places.inventory.read_text()
    for old, new in ((places.key, "key"), (places.known_hosts, "known_hosts"), (places.masters, "cp")):
        assert str(old) in inventory
        inventory = inventory.replace(str(old), str(home / new))
    (home / "inventory.yml").write_text(inventory)
    for path in home.iterdir():
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    (home / "key").chmod(0o600)

    def play(way: str, playbook: str, **extra: Any) -> subprocess.CompletedProcess[str]:
        arguments, variables = WAYS[way]
        (home / "variables.json").write_text(json.dumps({"overlay_nodes": {"vars": variables}}))
        both = ["-i", str(home / "inventory.yml"), "-i", str(home / "variables.json"), "-e", json.dumps(extra)]
        return as_nobody(home, [*both, playbook, *arguments], "--inh-caps=+sys_admin", "--ambient-caps=+sys_admin")

    return play


@pytest.mark.lab
@pytest.mark.parametrize("way", ["-b", pytest.param("all.vars", marks=pytest.mark.long)])
def test_whole_playbooks_need_no_sudo_on_the_controller(
    way: str, control_node: Callable[..., subprocess.CompletedProcess[str]], ready: LabHandle
) -> None:
    for playbook, extra in (
        ("setup.yml", {}),
        ("switchover.yml", {"target": "node2"}),
        ("status.yml", {"overlay_ip_status_strict": True}),
        ("switchover.yml", {"target": "node1"}),
    ):
        done = control_node(way, playbook, **extra)
        assert done.returncode == 0, f"{playbook}: {done.stdout}{done.stderr}"
    assert "node1" in done.stdout
