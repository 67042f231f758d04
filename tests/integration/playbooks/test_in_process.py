# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that runs by a fork of Ansible's process does and says what it does and says when it is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.fixtures import control, endpoint, world
from lab.playbook.run import Run, run_playbook
from lab.world import World

__all__ = ["control", "endpoint", "world"]

OVERLAY = "192.168.10.15"
HIDDEN = "a-secret-that-nobody-shall-see"


def task(module: str, name: str, /, **arguments: Any) -> dict[str, Any]:
    """One task; what begins with an underscore is a keyword of the task's."""
    keywords = {key[1:]: value for key, value in arguments.items() if key.startswith("_")}
    options = {key: value for key, value in arguments.items() if not key.startswith("_")}
    return {"name": name, f"aws_ha.overlay_ip.{module}": options, "ignore_errors": True, **keywords}


def steps(world: World) -> list[dict[str, Any]]:
    """From nothing to nothing, by every module that only calls AWS: what works, what is refused, what is wrong."""
    here = {"destinations": [OVERLAY], "route_table_ids": list(world.route_table_ids)}
    first, second = ({"network_interface_id": node.network_interface_ids[0]} for node in world.nodes)
    check = {"network_interface_ids": [node.network_interface_ids[0] for node in world.nodes]}
    policy = {"instance_id": world.nodes[0].instance_id, "route_table_ids": list(world.route_table_ids)}
    nobody = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": HIDDEN}
    return [
        task("overlay_route_info", "Nothing there", **here),
        task("overlay_route", "Foretold", **here, **first, _check_mode=True, _diff=True),
        task("overlay_route", "Create", **here, **first, _diff=True),
        task("overlay_route", "Nothing to do", **here, **first),
        task("overlay_route", "With a preflight, and warnings", **here, **second, preflight=True),
        task("overlay_route", "Somebody else's turn", **here, **first, expected_holder=first["network_interface_id"]),
        task("overlay_route", "Move", **here, **second, _diff=True, verify_permissions=True),
        task("overlay_route_info", "All there", **here),
        task("overlay_route", "No target", **here),
        task("overlay_route", "An unknown option", **here, **first, colour="red"),
        task(
            "overlay_route",
            "A bad address",
            route_table_ids=here["route_table_ids"],
            destinations=["10.0.0.300"],
            **first,
        ),
        task(
            "overlay_route", "No such table", destinations=[OVERLAY], route_table_ids=["rtb-0123456789abcdef0"], **first
        ),
        task("overlay_route_info", "Nobody we know", **here, **nobody),
        task("overlay_route_info", "Half of the credentials", **here, secret_key=None),
        task("overlay_route_info", "Not to be shown", **here, _no_log=True),
        task("overlay_route_info", "Elsewhere", **here, _environment={"AWS_REGION": "eu-west-1"}, region=None),
        task(
            "overlay_route_info",
            "In a loop",
            **{**here, "destinations": ["{{ item }}"]},
            _loop=[OVERLAY, "192.168.10.16"],
        ),
        task("source_dest_check", "Off", **check, enabled=False, _diff=True),
        task("source_dest_check", "Still off", **check, enabled=False),
        task("source_dest_check", "On again", **check, enabled=True),
        task("overlay_iam_policy", "Grant", **policy, _diff=True),
        task("overlay_iam_policy", "Granted", **policy),
        task("overlay_iam_policy", "Take back", **policy, state="absent"),
        task("overlay_route", "Remove", **here, **second, state="absent", _diff=True),
    ]


def play(world: World, tmp_path: Path, tasks: list[dict[str, Any]], *arguments: str, here: bool = True) -> Run:
    keys = world.operator
    options = {
        "region": world.region,
        "endpoint_url": world.endpoint_url,
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        **({"session_token": keys.token} if keys.token else {}),
    }
    playbook, inventory = tmp_path / "play.yml", tmp_path / "inventory.json"
    defaults = {"group/aws_ha.overlay_ip.aws": options}
    everything = {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}
    playbook.write_text(json.dumps([everything]))
    inventory.write_text(json.dumps({"all": {}}))
    return run_playbook(str(playbook), inventory, extra_vars={"overlay_ip_in_process": here}, arguments=arguments)


def told(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """What came of each task, without what is another at each run."""
    other = ("_ansible_parsed", "seconds", "requests")
    return [(r.task, r.status, {k: v for k, v in r.result.items() if k not in other}) for r in run.results]


def test_it_is_the_same_either_way(world: World, endpoint: Endpoint, control: Control, tmp_path: Path) -> None:
    tasks = steps(world)
    seen = {}
    for here in (True, False):
        control.clear("calls")
        run = play(world, tmp_path, tasks, "-vvv", here=here)
        assert HIDDEN not in run.output
        assert world.operator.secret_key not in run.output
        assert ("EXEC /bin/sh" in run.output) is not here, "sent, or not"
        calls = sorted(json.dumps([c["action"], c["params"]], sort_keys=True) for c in control.calls())
        seen[here] = told(run), calls
    sent, ours = seen[False], seen[True]
    assert [name for name, _status, _result in ours[0]] == [step["name"] for step in tasks]
    for one, other in zip(ours[0], sent[0], strict=True):
        assert one == other
    assert ours[1] == sent[1], "tables are written side by side: in which order is chance"
    statuses = {status for _name, status, _result in ours[0]}
    assert statuses >= {"ok", "changed", "ignored"}


@pytest.mark.parametrize("here", [True, False])
def test_nothing_is_left_for_the_next_task(world: World, endpoint: Endpoint, tmp_path: Path, here: bool) -> None:
    """Credentials, environment and working directory."""
    look = "{{ lookup('ansible.builtin.pipe', 'pwd') }} {{ lookup('ansible.builtin.env', 'AWS_REGION') }}."
    tell = {"name": "Look", "ansible.builtin.debug": {"msg": look}}
    ids = list(world.route_table_ids)
    other = {
        "destinations": [OVERLAY],
        "route_table_ids": ids,
        "access_key": "AKIAIOSFODNN7EXAMPLE",
        "secret_key": HIDDEN,
    }
    tasks = [
        tell,
        task("overlay_route_info", "Nobody we know", **other, _environment={"AWS_REGION": "eu-west-1"}),
        task("overlay_route_info", "As before", destinations=[OVERLAY], route_table_ids=ids),
        tell,
    ]
    before, refused, fine, after = play(world, tmp_path, tasks, here=here).results
    assert before.message == after.message
    assert (refused.status, fine.status) == ("ignored", "ok")


@pytest.mark.parametrize("why", ["async", "become", "another interpreter"])
def test_what_is_not_the_controller_s_own_is_sent(world: World, endpoint: Endpoint, tmp_path: Path, why: str) -> None:
    keywords: dict[str, dict[str, Any]] = {
        "async": {"_async": 30, "_poll": 1},
        "become": {"_become": True, "_become_user": "root", "_vars": {"ansible_become_exe": "/nowhere/sudo"}},
        "another interpreter": {"_vars": {"ansible_python_interpreter": "/usr/bin/python3"}},
    }
    ask = {"destinations": [OVERLAY], "route_table_ids": list(world.route_table_ids)}
    run = play(world, tmp_path, [task("overlay_route_info", "Look", **ask, **keywords[why])], "-vvv")
    assert "EXEC /bin/sh" in run.output


def test_a_long_move_tells_each_table_and_a_normal_one_none(
    world: World, endpoint: Endpoint, control: Control, tmp_path: Path
) -> None:
    """While it is under way, by Ansible's own callback: three tables, of which AWS answers one late."""
    first, second = (node.network_interface_ids[0] for node in world.nodes)
    here = {"destinations": [OVERLAY], "route_table_ids": list(world.route_table_ids)}
    normal = play(world, tmp_path, [task("overlay_route", "Create", **here, network_interface_id=first)])
    assert "is written" not in normal.output
    move = [task("overlay_route", "Move", **here, network_interface_id=second)]
    control.fault("delay", times=1, match={"action": "ReplaceRoute"}, seconds=5.5)
    number = len(world.route_table_ids)
    (line,) = [line for line in play(world, tmp_path, move).output.splitlines() if "is written" in line]
    assert re.fullmatch(rf"  {OVERLAY}/32 in rtb-\w+ is written, {number} of {number} \([56] s\)", line)
    control.fault("delay", times=1, match={"action": "ReplaceRoute"}, seconds=5.5)
    for sent in ({"_no_log": True}, {"_async": 30, "_poll": 1}):
        again = [task("overlay_route", "Move", **here, network_interface_id=first, **sent)]
        assert "is written" not in play(world, tmp_path, again).output
