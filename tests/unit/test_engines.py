# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A further failover engine is one role, one file and its line in the registry: a fake one goes through every door."""

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

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry

ROOT = Path(__file__).parents[2]
DOORS = ("ready", "main", "detach", "forget", "hand_over", "before_move", "move", "after_move", "absent", "commands")
#: The doors that each playbook opens, in order; status asks the registry.
OPENED: list[tuple[str, dict[str, str], list[str]]] = [
    ("setup", {}, ["ready", "main"]),
    ("setup", {"overlay_ip_orphans": "remove"}, ["ready", "main", "forget"]),
    ("setup", {"overlay_ip_failover": "none"}, ["detach"]),
    ("switchover", {"target": "node2"}, ["before_move", "move", "after_move"]),
    ("status", {}, []),
    ("teardown", {}, ["absent"]),
    ("setup", {"overlay_ip_cluster_commands": "yes"}, ["ready", "commands"]),
    ("setup", {"overlay_ip_failover": "none", "overlay_ip_cluster_commands": "yes"}, ["commands"]),
    ("switchover", {"target": "node2", "overlay_ip_cluster_commands": "yes"}, ["before_move", "commands"]),
    ("teardown", {"overlay_ip_cluster_commands": "yes"}, ["commands"]),
]

_FILE = '''"""A fake engine. Pure."""

from __future__ import annotations

import os

from .view import Trouble, view

NAME = "fake"
FOLLOWS = False


def unit(deployment):
    return "fake.service"


def running(host, deployment):
    return True


def configured(host, deployment):
    return True


def movers(host, deployment):
    return []


def given(host, deployment):
    return [{"slug": "192.0.2.9", "command": "fake forget"}]


def seen(host, deployment):
    slow = Trouble("fake_slow", "warning", "The fake engine is slow.", "wait.")
    members = {"ha-two": "i-22222222"} if os.environ.get("OVERLAY_IP_TEST_NAMES") else {}
    return view(NAME, "fine", holder="node1", troubles=[slow], members=members)


def busy(host, deployment):
    return ""
'''
#: In the place of each module that asks AWS or changes a node: what it would say where all is as it should be.
_STUB = """#!/usr/bin/python
# WANT_JSON
import json

print(json.dumps(json.loads(%r)))
"""
#: And of the module that asks a node: the address is up on the first one, and the engines are asked.
_NODE = """#!/usr/bin/python
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry


class Host:
    def active(self, unit):
        return False

    def enabled(self, unit):
        return False

    def read(self, path):
        return None


if __name__ == "__main__":
    names = ("addresses", "wanted", "interface", "persistent", "metadata", "deployment", "lease")
    spec = {name: {"type": "raw"} for name in names}
    module = AnsibleModule(spec, supports_check_mode=True)
    live = module._remote_tmp.endswith("node1")
    asks = bool(module.params["lease"])
    busy = os.path.exists(os.path.join(os.path.dirname(module._remote_tmp), "busy"))
    refused = "Somebody else." if busy and asks else ""
    module.exit_json(
        addresses=[{"address": "192.0.2.1/32", "live": live, "persisted": True}],
        failover=registry.seen(Host(), Deployment()),
        findings=[],
        at_work={"held": "somebody", "refused": refused, "mine": asks and not refused},
        tool={"name": "ip"},
        agents=[],
        steady=[call["addresses"] for call in module.params["wanted"] or [] if live],
        metrics_units=[],
    )
"""
ENI = "eni-11111111"
_ROUTE = {
    "destination": "192.0.2.1/32",
    "route_table_id": "rtb-11111111",
    "action": "none",
    "error": None,
    "before": {"network_interface_id": ENI, "instance_id": "i-11111111", "state": "active"},
    "after": {"network_interface_id": ENI, "instance_id": "i-11111111", "state": "active"},
}
_SEEN = {"network_interface_id": ENI, "instance_id": "i-11111111", "state": "active", "route_table_id": "rtb-11111111"}
STUBS: dict[str, dict[str, Any]] = {
    "overlay_route": {"changed": False, "routes": [_ROUTE], "network_interface_id": ENI},
    "overlay_route_info": {
        "changed": False,
        "overlays": [
            {
                "destination": "192.0.2.1/32",
                "consistent": True,
                "holder": _SEEN,
                "routes": [_SEEN],
                "uncovered_subnets": [],
                "findings": [],
            }
        ],
    },
    "overlay_iam_policy": {"changed": False},
    "source_dest_check": {"changed": False},
    "overlay_interface": {"changed": False},
    "overlay_node_program": {"changed": False},
    "overlay_lease": {"changed": False, "held": ""},
    "overlay_history": {"changed": False, "moves": []},
    "overlay_load_balancer": {"changed": True},
    "overlay_turn": {"changed": False},
}
NODES = {
    f"node{n}": {
        "overlay_ip_instance_id": f"i-{8 * str(n)}",
        "overlay_ip_network_interface_id": f"eni-{8 * str(n)}",
        "ansible_remote_tmp": f"{{{{ inventory_dir }}}}/node{n}",
    }
    for n in (1, 2)
}
INVENTORY = {
    "overlay_nodes": {
        "hosts": NODES,
        "vars": {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "overlay_ips": ["192.0.2.1"],
            "overlay_ip_region": "eu-central-1",
            "overlay_ip_failover": "fake",
            "overlay_ip_in_process": False,
        },
    }
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection with a third engine: its role, its file, its lines."""
    top = tmp_path_factory.mktemp("collections")
    copy = top / "ansible_collections/aws_ha/overlay_ip"
    for name in ("plugins", "roles", "playbooks", "meta", "galaxy.yml"):
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
    for line, longer in (
        ("from .keepalived import", "from . import fake\nfrom .keepalived import"),
        ("= (keepalived, pacemaker)", "= (keepalived, pacemaker, fake)"),
    ):
        assert line in text
        text = text.replace(line, longer)
    lines.write_text(text)
    for name, answer in STUBS.items():
        (copy / "plugins/modules" / f"{name}.py").write_text(_STUB % json.dumps(answer))
    (copy / "plugins/modules/overlay_node_info.py").write_text(_NODE)
    return top


def ansible(house: Path, tmp_path: Path, playbook: str, *arguments: str, fails: bool = False) -> str:
    """Run a playbook of the copy."""
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(INVENTORY))
    program = str(Path(sys.executable).parent / "ansible-playbook")
    done = subprocess.run(
        [program, "-i", str(inventory), playbook if "/" in playbook else f"aws_ha.overlay_ip.{playbook}", *arguments],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(house)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("playbook", "extra", "doors"), OPENED)
def test_a_third_engine_goes_through_every_door(
    house: Path, tmp_path: Path, playbook: str, extra: dict[str, str], doors: list[str]
) -> None:
    printed = ansible(house, tmp_path, playbook, "-e", json.dumps(extra))
    opened = list(dict.fromkeys(re.findall(r"fake went through (\w+)", printed)))
    assert opened == doors
    assert "The fake engine is slow" in printed  # as it says of itself on the nodes


@pytest.mark.parametrize("failover", ["fake", "none"])
def test_who_is_refused_has_run_no_task_of_the_user(house: Path, tmp_path: Path, failover: str) -> None:
    (tmp_path / "before.yml").write_text('[{"ansible.builtin.debug": {"msg": "fake went through pre_tasks"}}]')
    extra = {"target": "node2", "overlay_ip_pre_tasks": str(tmp_path / "before.yml"), "overlay_ip_failover": failover}
    printed = ansible(house, tmp_path, "switchover", "-e", json.dumps(extra))
    doors = ["before_move", "pre_tasks", "move", "after_move"] if failover == "fake" else ["pre_tasks"]
    assert list(dict.fromkeys(re.findall(r"fake went through (\w+)", printed))) == doors
    (tmp_path / "busy").touch()
    printed = ansible(house, tmp_path, "switchover", "-e", json.dumps(extra), fails=True)
    assert "Somebody else. Nothing was changed." in printed
    assert "fake went through" not in printed


def let_go(printed: str) -> list[str]:
    """The nodes at which others were let again."""
    blocks = re.findall(r"^TASK \[.*Let others at the nodes again\].*\n((?:.+\n)*)", printed, re.MULTILINE)
    return sorted(re.findall(r"^ok: \[(\w+)\]", "".join(blocks), re.MULTILINE))


@pytest.mark.parametrize(
    ("playbook", "works"), [("setup", True), ("switchover", True), ("teardown", True), ("migrate", False)]
)
def test_who_changes_something_takes_the_lease_and_lets_go(
    house: Path, tmp_path: Path, playbook: str, works: bool
) -> None:
    """The fake engine is no cluster, so that a migration fails after it has taken it."""
    request = ("-e", "target=node2")
    printed = ansible(house, tmp_path, playbook, *request, fails=not works)
    assert sorted(let_go(printed)) == ["node1", "node2"]
    (tmp_path / "busy").touch()
    printed = ansible(house, tmp_path, playbook, *request, fails=True)
    assert "Somebody else. Nothing was changed." in printed
    assert let_go(printed) == []  # it has none
    assert "changed=0" in printed


#: In the place of overlay_interface: the address stays where it is.
_STUCK = """#!/usr/bin/python
# WANT_JSON
import json
import sys

gone = json.load(open(sys.argv[1])).get("state") == "absent"
print(json.dumps({"failed": gone, "changed": False, "msg": "It stays." if gone else ""}))
"""


@pytest.mark.parametrize("failover", ["fake", "none"])
@pytest.mark.parametrize("stuck", [True, False])
def test_a_move_that_succeeded_leaves_no_lease(house: Path, tmp_path: Path, stuck: bool, failover: str) -> None:
    """The record ends it at the target, and where the address goes down the last task there; else there is one more."""
    second = {"network_interface_id": "eni-22222222", "instance_id": "i-22222222", "state": "active"}
    moved = {**STUBS["overlay_route"], "changed": True, "routes": [{**_ROUTE, "action": "replaced", "after": second}]}
    modules = house / "ansible_collections/aws_ha/overlay_ip/plugins/modules"
    others = {
        "overlay_route": _STUB % json.dumps(moved),
        **({"overlay_interface": _STUCK} if stuck else {}),
    }
    before = {name: (modules / f"{name}.py").read_text() for name in others}
    extra = {"target": "node2", "overlay_ip_failover": failover, "overlay_ip_exclusive": True}
    try:
        for name, text in others.items():
            (modules / f"{name}.py").write_text(text)
        printed = ansible(house, tmp_path, "switchover", "-e", json.dumps(extra))
    finally:
        for name, text in before.items():
            (modules / f"{name}.py").write_text(text)
    assert "Record the move" in printed
    assert "node1 still may have the address up: It stays." in re.sub(r"\s+", " ", printed) or not stuck
    where = "where the address could not be taken down" if failover == "none" else "at the nodes again"
    done = re.search(rf"^TASK \[.*Let others .*{where}\].*\n(?:.+\n)*?ok: \[node1", printed, re.MULTILINE)
    assert (done is not None) is stuck, printed


def test_a_teardown_that_waits_keeps_the_lease(house: Path, tmp_path: Path) -> None:
    """A load balancer may take ten of the lease's fifteen minutes to go: it is kept before each, and after the last."""
    reach = [
        {
            "via": "load_balancer",
            "name": name,
            "subnets": ["subnet-0123abcd"],
            "security_groups": ["sg-0123abcd"],
            "listeners": [{"port": 80}],
        }
        for name in ("first", "second")
    ]
    extra = {"overlay_ip_reach": reach, "overlay_ips": ["192.168.10.15"]}
    printed = ansible(house, tmp_path, "teardown", "-e", json.dumps(extra))
    tasks = re.findall(r"^TASK \[(?:.* : )?(.*)\] \*+\n((?:.+\n)*)", printed, re.MULTILINE)
    seen = [
        (name, sorted(re.findall(r"^(?:ok|changed): \[(\w+)", said, re.MULTILINE)))
        for name, said in tasks
        if (name == "Stay alone at the nodes" and "included" not in said)
        or name.startswith("Remove the load balancer ")
    ]
    both = ("Stay alone at the nodes", ["node1", "node2"])
    removed = [(f"Remove the load balancer {name}", ["node1"]) for name in ("first", "second")]
    assert seen == [both, removed[0], both, removed[1], both]


@pytest.mark.parametrize("playbook", ["switchover", "drill"])
@pytest.mark.parametrize(("target", "fails"), [("ha-two", False), ("ha-three", True)])
def test_a_request_may_name_a_node_as_its_cluster_does(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playbook: str, target: str, fails: bool
) -> None:
    monkeypatch.setenv("OVERLAY_IP_TEST_NAMES", "1")
    extra = {"target": target, "drill": "switchover", "overlay_ip_failover": "none"}
    if playbook == "switchover":
        del extra["drill"]
    printed = ansible(house, tmp_path, playbook, "-e", json.dumps(extra), fails=fails)
    assert f"target is '{target}', which is no node" in printed or not fails
    assert "Move the route in every table" in printed or fails


def test_a_playbook_of_ones_own_that_leaves_a_node_out_is_refused(house: Path, tmp_path: Path) -> None:
    roles = ["aws_ha.overlay_ip.overlay_ip"]
    (tmp_path / "own.yml").write_text(json.dumps([{"hosts": "overlay_nodes", "gather_facts": False, "roles": roles}]))
    printed = ansible(house, tmp_path, str(tmp_path / "own.yml"), "--limit", "node1", fails=True)
    assert "--limit leaves out node2: the overlay IPs are moved between all nodes of overlay_nodes" in printed
    assert "Nothing was changed." in printed


def test_who_never_asked_has_no_lease(house: Path, tmp_path: Path) -> None:
    """A playbook of somebody's own composes setup's roles, while another run is at work."""
    role = "aws_ha.overlay_ip."
    play = {
        "hosts": "overlay_nodes",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.import_role": {"name": f"{role}node_ready"}},
            {"ansible.builtin.include_role": {"name": f"{role}overlay_ip", "tasks_from": "let_go.yml"}},
        ],
    }
    (tmp_path / "own.yml").write_text(json.dumps([play]))
    printed = ansible(house, tmp_path, str(tmp_path / "own.yml"))
    assert "Let others at the nodes again" in printed
    assert let_go(printed) == []


@pytest.mark.parametrize("engine", [name for name in registry.NAMES if name != registry.NONE])
def test_every_engine_has_every_door(engine: str) -> None:
    tasks = ROOT / "roles" / engine / "tasks"
    assert {door for door in DOORS if not (tasks / f"{door}.yml").is_file()} == set()
    place = ROOT / "plugins/module_utils/_engine" / engine
    assert place.is_dir() or place.with_suffix(".py").is_file()
    for name in ("NAME", "unit", "running", "configured", "given", "seen"):
        assert hasattr(next(e for e in registry.ENGINES if engine == e.NAME), name)


def test_nobody_else_asks_which_engine_it_is() -> None:
    """A decision by an engine's name outside of its role and file would be one more place to change."""
    name = r"[\"'](keepalived|pacemaker)[\"']"
    question = re.compile(rf"failover\b.*?(?:[!=]=|\bin\b).*?{name}|{name}.*?(?:[!=]=|\bin\b).*?\bfailover\b")
    paths = [path for top in ("roles", "playbooks", "plugins") for path in (ROOT / top).rglob("*.*")]
    files = [path for path in paths if path.suffix in (".py", ".yml", ".j2")]
    assert [str(path) for path in files if question.search(path.read_text())] == []
