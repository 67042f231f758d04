# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks evacuate and fleet as they are, against an endpoint with EC2's rules; only the nodes are stand-ins."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.fixtures import trusted
from lab.playbook.run import Run, run_playbook
from unit.many_pairs import HOME, PAIRS, Fleet, destination
from unit.test_engines import _FILE, _STUB

ROOT = Path(__file__).parents[2]
#: Of a node, by where Ansible puts its files: who has an engine, who is busy, whose address cannot be brought up.
_NODE = """#!/usr/bin/python
# WANT_JSON
import json
import os
import sys

asked = json.load(open(sys.argv[1]))
place = os.path.dirname(os.path.dirname(sys.argv[1]))
name = os.path.basename(place)
with open(os.path.join(place + ".log"), "a") as log:
    log.write(os.path.basename(__file__).replace("AnsiballZ_", "").split(".")[0] + "\\n")
%s
"""
_INFO = """
marks = os.path.dirname(place)
engine = [{"engine": "fake", "state": "fine", "holder": "", "running": True, "configured": True, "findings": []}]
refused = "bob is at work there." if os.path.exists(os.path.join(marks, "busy-" + name)) else ""
print(json.dumps({
    "changed": False,
    "addresses": [],
    "findings": [],
    "failover": engine if name.startswith("e") else [],
    "at_work": {"held": refused, "refused": refused, "mine": bool(asked.get("lease")) and not refused},
}))
"""
_INTERFACE = """
stuck = os.path.exists(os.path.join(os.path.dirname(place), "stuck-" + name))
said = "It does not come up." if stuck else ""
print(json.dumps({"changed": not stuck, "failed": stuck, "msg": said, "addresses": []}))
"""
DOORS = ("evacuate_move", "evacuate_follow")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with trusted() as endpoint:
        yield Fleet(endpoint)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection with stand-ins for what is sent to nodes, and a third engine."""
    top = tmp_path_factory.mktemp("collections")
    copy = top / "ansible_collections/aws_ha/overlay_ip"
    for name in ("plugins", "roles", "playbooks", "meta", "galaxy.yml"):
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    for door in DOORS:
        task = {
            "name": f"Door {door}",
            "ansible.builtin.debug": {"msg": f"{{{{ inventory_hostname }}}} went by {door}"},
        }
        at = copy / "roles/fake/tasks" / f"{door}.yml"
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(json.dumps([task]))
    utils = copy / "plugins/module_utils"
    (utils / "_engine/fake.py").write_text(_FILE)
    registry = utils / "_engine/registry.py"
    text = registry.read_text().replace("from .keepalived import", "from . import fake\nfrom .keepalived import")
    registry.write_text(text.replace("= (keepalived, pacemaker)", "= (keepalived, pacemaker, fake)"))
    modules = copy / "plugins/modules"
    (modules / "overlay_node_info.py").write_text(_NODE % _INFO)
    (modules / "overlay_interface.py").write_text(_NODE % _INTERFACE)
    for name in ("overlay_history", "overlay_lease"):
        (modules / f"{name}.py").write_text(_STUB % json.dumps({"changed": False, "moves": [], "held": ""}))
    return top


def inventory(fleet: Fleet, folder: Path, count: int, **of_pairs: Any) -> Path:
    """So many pairs; the last one, E, has an engine; and one whose variables are wrong."""

    def node(name: str, instance: str) -> dict[str, str]:
        return {"overlay_ip_instance_id": instance, "ansible_remote_tmp": str(folder / name)}

    pairs: dict[str, Any] = {}
    for number in range(count):
        letter = "e" if number == count - 1 else "n"
        first, second = fleet.nodes[number]
        pairs[f"pair{number}"] = {
            "hosts": {f"{letter}{number}a": node(f"{letter}{number}a", first)}
            | {f"{letter}{number}b": node(f"{letter}{number}b", second)},
            "vars": {
                "overlay_ips": [{"address": destination(number)[:-3], "route_table_ids": fleet.lab.tables}],
                **({"overlay_ip_failover": "fake"} if letter == "e" else {}),
            },
        }
    wrong = {"hosts": {"w1": node("w1", "i-0123456789abcdef0")}, "vars": {"overlay_ips": ["10.0.0.300"]}}
    options = {name: value for name, value in fleet.lab.options().items() if name != "region"}
    common = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "overlay_ip_region": fleet.lab.world.region,
        "overlay_ip_aws": options,
        **of_pairs,
    }
    below = {"first": {"children": pairs}, "wrong": wrong}
    path = folder / "inventory.json"
    path.write_text(json.dumps({"overlay_pairs": {"children": below, "vars": common}}))
    return path


def play(house: Path, path: Path, playbook: str, *, check: bool = False, **extra: Any) -> Run:
    return run_playbook(
        f"aws_ha.overlay_ip.{playbook}",
        path,
        extra_vars=extra,
        check=check,
        environment={"ANSIBLE_COLLECTIONS_PATH": str(house)},
        arguments=("-f", "8"),
        cwd=path.parent,
        timeout=900,
    )


def sent(folder: Path, name: str) -> list[str]:
    """What a node was sent, in order."""
    log = folder / f"{name}.log"
    return log.read_text().split() if log.exists() else []


def test_waves_of_many_pairs(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    count = 26
    fleet.rest()
    path = inventory(fleet, tmp_path, count, overlay_ip_exclusive=True)
    foretold = play(house, path, "evacuate", zone=HOME, check=True)
    assert not foretold.ok, "a pair could not be looked at"
    assert f"{HOME}: 26 of 27 pairs hold something there" in foretold.output
    assert "26 pairs can be moved: 52 routes in 2 waves" in foretold.output
    assert "wave 2: pair24: 192.168.100.25/32 n24a -> n24b, 2 routes" in foretold.output
    assert re.search(r"wrong: overlay_ips\[0\].*10\.0\.0\.300", foretold.output)
    assert set(fleet.lab.calls()) == {"DescribeInstances", "DescribeRouteTables", "DescribeSubnets"}
    assert not any("overlay_interface" in sent(tmp_path, f"n{n}b") for n in range(count))

    fleet.lab.control.clear()
    run = play(house, path, "evacuate", zone=HOME)
    assert not run.ok, "the wrong one is still named"
    assert Counter(fleet.lab.calls()) == {
        "DescribeInstances": 1,
        "DescribeSubnets": 1,
        "DescribeRouteTables": 1 + 2 * 2,
        "ReplaceRoute": 2 * count,
    }
    result = run.overlay_ip_result
    assert set(result["moved"]) == {f"pair{n}" for n in range(count)}
    assert set(result["left"]) == {"wrong"}
    for number in range(count):
        assert set(fleet.lab.truth(destination(number)).values()) == {fleet.interfaces[number][1]}
    doors = re.findall(r"(\w+) went by (\w+)", run.output)
    assert doors[0] == ("e25b", "evacuate_move"), "before its routes, on the target alone"
    assert sorted(doors[1:]) == [("e25a", "evacuate_follow"), ("e25b", "evacuate_follow")]
    assert sent(tmp_path, "n0b") == ["overlay_node_info", "overlay_node_info", "overlay_interface"]
    assert sent(tmp_path, "n0a") == ["overlay_interface"], "asked of nothing until all is moved"
    assert sent(tmp_path, "e25a") == ["overlay_node_info", "overlay_node_info"]


def test_who_is_busy_or_stuck_is_named_and_hinders_no_other(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    fleet.rest()
    path = inventory(fleet, tmp_path, 4)
    (tmp_path / "busy-n0b").touch()
    (tmp_path / "stuck-n1b").touch()
    run = play(house, path, "evacuate", zone=HOME)
    assert not run.ok
    result = run.overlay_ip_result
    assert set(result["moved"]) == {"pair2", "pair3"}
    assert result["left"]["pair0"] == "n0b cannot take it: bob is at work there."
    assert result["left"]["pair1"] == "It does not come up."
    assert set(fleet.lab.truth(destination(1)).values()) == {fleet.interfaces[1][0]}, "its route was not touched"

    again = play(house, path, "evacuate", zone=HOME, check=True)
    assert f"{HOME}: 2 of 5 pairs hold something there" in again.output, "what is left"

    shown = play(house, path, "fleet")
    assert shown.ok, shown.output
    assert re.search(r"pair2 +192\.168\.100\.3/32 +\w+ +n2b +euc1-az2 ", shown.output)
    assert shown.overlay_ip_result["healthy"] is False
    assert set(shown.overlay_ip_result["wrong"]) == {"wrong"}
    strict = play(house, path, "fleet", overlay_ip_status_strict=True, overlay_ip_group=["pair2", "first"])
    assert set(strict.overlay_ip_result["pairs"]) == {"pair0", "pair1", "pair2", "pair3"}


def test_who_wants_commands_alone_is_refused(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    fleet.rest()
    path = inventory(fleet, tmp_path, 2)
    fleet.lab.control.clear()
    run = play(house, path, "evacuate", zone=HOME, overlay_ip_cluster_commands=True)
    assert not run.ok
    assert "evacuate shows no commands" in run.output
    assert "ReplaceRoute" not in fleet.lab.calls()
    assert not any(sent(tmp_path, name) for name in ("n0b", "e1b"))
    assert play(house, path, "fleet", overlay_ip_cluster_commands=True).ok


@pytest.mark.long
def test_200_pairs_by_the_real_playbook(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    fleet.rest()
    path = inventory(fleet, tmp_path, PAIRS)
    run = play(house, path, "evacuate", zone=HOME)
    assert set(run.overlay_ip_result["moved"]) == {f"pair{n}" for n in range(PAIRS)}
    assert Counter(fleet.lab.calls()) == {
        "DescribeInstances": 2,  # a filter takes 200 values
        "DescribeSubnets": 1,
        "DescribeRouteTables": 1 + 2 * 9,
        "ReplaceRoute": 2 * PAIRS,
    }
    assert {i for n in range(PAIRS) for i in fleet.lab.truth(destination(n)).values()} == {
        other for _one, other in fleet.interfaces
    }


def test_what_aws_does_not_tell_is_on_the_page_and_in_the_metrics(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    """Of all pairs; the job fails as it does for one."""
    page, told = tmp_path / "page.html", tmp_path / "overlay_ip.prom"
    nobody = {**fleet.lab.options(), "secret_key": "wrong", "access_key": "AKIAIOSFODNN7EXAMPLE"}
    path = inventory(fleet, tmp_path, 2, overlay_ip_aws={k: v for k, v in nobody.items() if k != "region"})
    run = play(house, path, "fleet", overlay_ip_page=str(page), overlay_ip_metrics_file=str(told))
    assert not run.ok
    assert "AWS could not be asked" in run.told, run.output
    assert "2 overlay IPs: 2 not known, and 1 pair could not be looked at</h1>" in page.read_text()
    assert "wrong could not be looked at: overlay_ips[0].address: &#39;10.0.0.300&#39; is not an" in page.read_text()
    lines = [line for line in told.read_text().splitlines() if not line.startswith("#")]
    unread = [line for line in lines if line.startswith("overlay_ip_tables_readable")]
    assert [line.rpartition(" ")[2] for line in unread] == ["0"] * 4
    assert not [line for line in lines if "overlay_ip_holder" in line or "reachable" in line]
