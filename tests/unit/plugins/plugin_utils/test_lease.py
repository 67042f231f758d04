# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of Ansible says of itself: the same in each of its tasks, and who is alive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import lease

MODEL: dict[str, Any] = {"caller": "", "break_lease": False}


def test_a_run_is_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", os.getpid)
    made = lease.request({"ansible_play_name": "Switch over"}, {**MODEL, "target": "node2", "caller": "awx-job/1"})
    number, start = made["run"].split("/")
    assert (int(number), start.isdigit()) == (os.getpid(), True)
    assert (made["what"], made["who"], made["broken"]) == ("Switch over to node2", "awx-job/1", False)
    assert made["machine"].startswith(Path("/proc/sys/kernel/random/boot_id").read_text().strip())


def test_each_task_of_a_play_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lease.request({"ansible_play_name": "Set up"}, MODEL)
    known = {"ansible_play_name": "Set up", "overlay_ip_inventory": {"lease": first}}
    monkeypatch.setattr(lease, "_alive", lambda: pytest.fail("read again"))
    assert lease.request(known, MODEL) == first


def test_another_play_of_the_run_says_what_it_does() -> None:
    first = lease.request({"ansible_play_name": "Set up"}, MODEL)
    second = lease.request({"ansible_play_name": "Drill", "overlay_ip_inventory": {"lease": first}}, MODEL)
    assert (second["run"], second["what"]) == (first["run"], "Drill")


def test_without_proc_nobody_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lease, "_PROC", tmp_path)
    first = lease.request({"ansible_play_name": "Set up"}, MODEL)
    assert (first["machine"], first["alive"], first["run"][-1]) == ("", [], "/")
    again = lease.request({"ansible_play_name": "Drill", "overlay_ip_inventory": {"lease": first}}, MODEL)
    assert again["run"] == first["run"]
    assert lease.request({"ansible_play_name": "Set up"}, MODEL)["run"] != first["run"]


@pytest.mark.parametrize("hides", ["hidepid=1", "hidepid=2"])
def test_who_may_be_hidden_is_not_taken_for_dead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hides: str) -> None:
    """Where /proc hides others' processes, that of another user's run looks like none."""
    assert 0 < lease.request({}, MODEL)["as_of"] <= time.clock_gettime(time.CLOCK_BOOTTIME)
    first = tmp_path / "1"
    first.mkdir()
    if hides == "hidepid=1":
        (first / "cmdline").mkdir()  # there, and not to be read: also by root
    monkeypatch.setattr(lease, "_PROC", tmp_path)
    assert lease.request({}, MODEL)["as_of"] == 0.0


def test_who_is_alive() -> None:
    script = "import sys; print('up', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", script, "ansible-playbook"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = lease.request({}, MODEL)["alive"]
        child.kill()
    mine = [process for process in alive if process.startswith(f"{child.pid}/")]
    assert len(mine) == 1
    assert mine[0] not in lease.request({}, MODEL)["alive"]
