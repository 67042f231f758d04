# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is sent to a node without Ansible's sources does and says what it does and says with them.

Each play runs in namespaces of its own, on a node that is this machine: /run, /var/lib and the network are empty.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lab.playbook.run import CHECKOUT, PROGRAMS, Run, run_playbook
from unit.move_records import record
from unit.pythons import SUPPORTED, TOO_OLD, installed

pytestmark = pytest.mark.lab

NEWEST = CHECKOUT / ".venv/newest"
ALONE = """#!/bin/sh
exec unshare --mount --net sh -ec '
for place in /run /var/lib; do mount -t tmpfs tmpfs "$place"; done
ip link set lo up
ip link add eth0 type veth peer name other
ip link set other up
ip address add 10.0.1.10/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.1.1
exec "$@"' sh {program} "$@"
"""
#: The node's log, as a file: Python executes this before anything else.
SYSLOG = """
import atexit, sys, types
def way():
    if basic := sys.modules.get("ansible.module_utils.basic"):
        with open({file!r} + ".way", "a") as out:
            out.write("slim " if basic.__file__ == "ansible/module_utils/basic.py" else "whole ")
atexit.register(way)
log = sys.modules["syslog"] = types.ModuleType("syslog")
log.LOG_USER, log.LOG_LOCAL0, log.LOG_INFO = 8, 128, 6
def openlog(name, options, facility):
    log.head = f"{{name}} {{facility}}"
def syslog(priority, text):
    with open({file!r}, "a") as out:
        out.write(f"{{log.head}} {{priority}} {{text}}\\n")
log.openlog, log.syslog = openlog, syslog
"""
#: What no module of ours expects.
BROKEN = """
import fcntl
def flock(*given):
    raise ZeroDivisionError("nobody expects this")
fcntl.flock = flock
"""
HOSTILE = "'\"; echo {{ 7 * 7 }} $(id) `id` \\ \\n %s {0} é\u2028\U0001f600 </script> -->"
SECRET = "sesame-open"
#: What Ansible itself is to answer.
REFUSED = (
    *("Half of a lease", "No addresses", "A bad choice", "A bad timeout", "A bad suboption", "An unknown option"),
    *("No node", "A number of seconds", "Nobody answers", "Both", "No configuration"),
)
UNCAUGHT = "An end that nobody saw"
RUN = {"run": "1/2", "machine": "m", "what": HOSTILE, "seconds": "900"}
ADDRESS = {"addresses": ["192.168.10.15"], "persistent": False}


def task(module: str, name: str, /, **arguments: Any) -> dict[str, Any]:
    """One task; what begins with an underscore is a keyword of the task's."""
    keywords = {key[1:]: value for key, value in arguments.items() if key.startswith("_")}
    options = {key: value for key, value in arguments.items() if not key.startswith("_")}
    return {"name": name, f"aws_ha.overlay_ip.overlay_{module}": options, "ignore_errors": True, **keywords}


def steps(folder: Path) -> list[dict[str, Any]]:
    """From nothing to nothing, by every module that is sent so: what works, what is refused, what is wrong."""
    (folder / "broken").mkdir()
    (folder / "broken/sitecustomize.py").write_text(BROKEN)
    made = {"record": {**record(why=HOSTILE), "command": "x" * 1_000_000}, "node": "n1"}
    config = {"overlays": [], "aws": {"endpoint_url": f"https://me:{SECRET}@proxy.example"}}
    return [
        task("lease", "Take it", lease=RUN, state="present"),
        task("lease", "Somebody else's turn", lease={**RUN, "run": "3/4"}, state="present"),
        task("lease", "In a loop", deployment="{{ item }}", _loop=["overlay-ip", "second", "../x"]),
        task("lease", "Half of a lease", lease={"what": "x"}),
        task("interface", "Foretold", **ADDRESS, _check_mode=True, _diff=True),
        task("interface", "Up, with a diff", **ADDRESS, _diff=True),
        task("interface", "Nothing to do", **ADDRESS),
        task("interface", "Not without a label", addresses="192.168.10.15, 192.168.10.16", persistent="no", label=""),
        task("interface", "A bad address", addresses=["10.0.0.300"]),
        task("interface", "No addresses"),
        task("interface", "A bad choice", **ADDRESS, state="here"),
        task("node_info", "Look", addresses=["192.168.10.15"], metadata=False, wanted=[ADDRESS]),
        task("node_info", "A bad timeout", metadata_timeout="soon"),
        task("node_info", "A bad suboption", wanted=[{**ADDRESS, "colour": "red"}]),
        task("history", "Nothing there", deployment="second"),
        task("history", "Foretold", **made, _check_mode=True, _diff=True),
        task("history", "Write, with a diff", **made, ends={"run": 1, "machine": "m"}, _diff=True),
        task("history", "Read", _vars={"ansible_syslog_facility": "LOG_LOCAL0"}),
        task("history", "An unknown option", colour="red"),
        task("history", "No node", record={}),
        task("history", "Not to be shown", _no_log=True),
        task("lease", UNCAUGHT, lease=RUN, state="present", _environment={"PYTHONPATH": str(folder / "broken")}),
        task("history", "Remove", state="absent"),
        task("turn", "A turn", destinations=["192.168.10.15/32"], what="evacuate", _diff=True),
        task("turn", "None of the options"),
        task("check", "A script's words", script=f"echo {shlex.quote(HOSTILE)}; pwd; exit 3"),
        task("check", "A number of seconds", script="true", timeout="x"),
        task("keepalived_info", "No keepalived"),
        task("probe", "Nobody answers", address="127.0.0.1", port=9, seconds=0, stop_file="~/nowhere"),
        task("cluster_configuration", "No cluster", xml="<cib/>"),
        task("cluster_resource", "Both", resource="x", agent="y", xml="<primitive/>"),
        task("cluster_resource", "No cluster", resource="x", agent="y", _check_mode=True),
        task("node_program", "No configuration"),
        task("node_program", "Foretold", config=config, _check_mode=True, _diff=True),
        task("interface", "Down again", **ADDRESS, state="absent", lease=RUN),
    ]


def play(
    folder: Path,
    tasks: list[dict[str, Any]],
    *arguments: str,
    slim: bool,
    pythons: dict[str, str] | None = None,
    programs: Path = PROGRAMS,
    **settings: str,
) -> Run:
    """Run them on nodes that are this machine."""
    wrapper = folder / "programs"
    wrapper.mkdir(exist_ok=True)
    program = wrapper / "ansible-playbook"
    program.write_text(ALONE.format(program=programs / "ansible-playbook"))
    program.chmod(0o755)
    hosts = {
        name: {"ansible_connection": "local", "ansible_python_interpreter": python}
        for name, python in (pythons or {"node": "/usr/bin/python3"}).items()
    }
    inventory, book = folder / "inventory.json", folder / "play.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    environment = {"PYTHONPATH": str(folder / "log")}
    book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "environment": environment, "tasks": tasks}]))
    log = folder / "log"
    log.mkdir(exist_ok=True)
    (log / "sitecustomize.py").write_text(SYSLOG.format(file=str(folder / "syslog")))
    for name in ("syslog", "syslog.way"):
        (folder / name).write_text("")
    run = run_playbook(
        str(book),
        inventory,
        extra_vars={"overlay_ip_in_process": slim},
        arguments=arguments,
        programs=wrapper,
        environment=settings,
    )
    assert len(run.results) == len(tasks) * len(hosts), run.output
    return run


def told(run: Run) -> list[tuple[str, str, str, Any]]:
    """What came of each task, without what is another at each run."""
    return [(r.host, r.task, r.status, _lasting(r.result)) for r in run.results]


def _lasting(value: Any) -> Any:
    """Times, and how the two versions of the protocol write a failure's own record of itself."""
    passing = ("_ansible_parsed", "clock", "clock_offset", "exception", "age", "time", "until", "seconds", "attempts")
    if isinstance(value, dict):
        return {key: _lasting(one) for key, one in value.items() if key not in passing}
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    other = r"(....-..-..T)?\d\d:\d\d:\d\d(\.\d+)?Z|after 0\.\d+ s|_payload_\w+"
    return re.sub(other, "", value) if isinstance(value, str) else value


def ways(folder: Path) -> list[str]:
    """How each module came, slim or whole."""
    return (folder / "syslog.way").read_text().split()


def logged(folder: Path) -> list[str]:
    """What the node's log has."""
    return (folder / "syslog").read_text().splitlines()


#: By an ansible-core: what came of it with Ansible's own sources, and what was logged.
Sent = tuple[list[tuple[str, str, str, Any]], list[str]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Sent]:
    """Asked for once."""

    @cache
    def ask(core: Path) -> Sent:
        folder = tmp_path_factory.mktemp("sent")
        run = play(folder, steps(folder), "-vvv", slim=False, programs=core)
        assert "slim" not in ways(folder)
        return told(run), logged(folder)

    return ask


@pytest.mark.parametrize(
    ("core", "pipelining"),
    [(PROGRAMS, "true"), (PROGRAMS, "false"), pytest.param(NEWEST / "bin", "true", marks=pytest.mark.long)],
)
def test_it_is_the_same_either_way(core: Path, pipelining: str, sent: Callable[[Path], Sent], tmp_path: Path) -> None:
    if not core.is_dir():
        pytest.skip("there is no .venv/newest: `make setup` makes it")
    tasks = steps(tmp_path)
    run = play(tmp_path, tasks, "-vvv", slim=True, programs=core, ANSIBLE_PIPELINING=pipelining)
    assert ("PUT " in run.output) is (pipelining == "false"), "sent as a file, or not"
    assert SECRET not in run.output
    ours, log = told(run), logged(tmp_path)
    for one, other in zip(ours, sent(core)[0], strict=True):
        if one[1] == UNCAUGHT:
            assert (one[2], other[2]) == ("ignored", "ignored")
            assert "ZeroDivisionError: nobody expects this" in one[3]["msg"]
        else:
            assert one == other
    assert log == sent(core)[1]
    assert ways(tmp_path).count("whole") == len(REFUSED)
    assert ways(tmp_path).count("slim") == len(tasks) - len(REFUSED) + 2 - 1, (
        "a loop of three, and one that tells nothing"
    )
    assert len(log) > len(tasks) / 2
    assert {status for _host, _name, status, _result in ours} >= {"ok", "changed", "ignored"}


def test_every_python_of_a_node(tmp_path: Path) -> None:
    """One that is too old is told as Ansible tells it, and which one it is that Ansible finds."""
    pythons = {version: path for version in (*SUPPORTED, *TOO_OLD) if (path := installed(version))}
    assert len(pythons) > 1
    tasks = [
        task("node_info", "Look", addresses=["192.168.10.15"], metadata=False),
        task("check", "A script's words", script=f"echo {shlex.quote(HOSTILE)}"),
    ]
    there = {**pythons, "found": "auto"}
    run, sent = (play(tmp_path, tasks, slim=slim, pythons=there, PATH=os.defpath) for slim in (True, False))
    for one, other in zip(sorted(told(run), key=repr), sorted(told(sent), key=repr), strict=True):
        assert one == other
    assert {r.host for r in run.results if r.status == "ok"} - {*TOO_OLD} == there.keys() - {*TOO_OLD}
    found = [r.result["ansible_facts"] for r in run.results if r.host == "found" and "ansible_facts" in r.result]
    assert [list(facts) for facts in found] == [["discovered_interpreter_python"]]
