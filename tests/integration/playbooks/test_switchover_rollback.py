# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switchover that fails half-way: what was moved goes back, what could not is named, and one more run finishes."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.handle import LabHandle

DENIED = {"code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized."}
WRITE, READ = {"action": "ReplaceRoute"}, {"action": "DescribeRouteTables"}


def fault(lab: LabHandle, match: dict[str, str], *, skip: int, times: int | None = 1) -> None:
    lab.control.fault("error", match=match, skip=skip, times=times, **DENIED)


def finishes(lab: LabHandle) -> None:
    lab.control.clear()
    run = lab.playbook("switchover.yml", target="node2")
    assert run.ok, run.output
    assert set(lab.holders().values()) == {"node2"}


def test_permission_lost_half_way_goes_back(ready: LabHandle) -> None:
    tables = len(ready.world.route_table_ids)
    fault(ready, WRITE, skip=tables + 1)  # after the DryRuns and the first write
    run = ready.playbook("switchover.yml", target="node2")
    assert not run.ok
    assert "What was moved was sent back to where it was." in run.told
    assert "Not done in rtb-" in run.told
    assert set(ready.holders().values()) == {"node1"}
    assert ready.who() == "node1"
    finishes(ready)


def test_moved_but_not_read_back_goes_back(ready: LabHandle) -> None:
    fault(ready, READ, skip=1)
    run = ready.playbook("switchover.yml", target="node2")
    assert not run.ok
    assert "could not be read back" in run.told
    assert "What was moved was sent back to where it was." in run.told
    assert set(ready.holders().values()) == {"node1"}


def test_a_module_that_is_killed_is_not_taken_for_one_that_moved_nothing(ready: LabHandle) -> None:
    tables = len(ready.world.route_table_ids)
    ready.control.fault("hang", match=WRITE, skip=tables + 1, times=1, seconds=60)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ready.playbook, "switchover.yml", target="node2")
        wait_for_writes(ready, 2 * tables - 1)
        os.kill(module_process(), signal.SIGKILL)
        run = running.result(60)
    assert not run.ok
    assert "What points, or may point, at node2: an unknown number of route tables." in run.told
    assert "No route was moved" not in run.told
    assert set(ready.holders().values()) == {"node1", "node2"}
    finishes(ready)


def wait_for_writes(lab: LabHandle, count: int) -> None:
    """Until all writes but the one that hangs are done."""
    end = time.monotonic() + 30
    while len(lab.control.calls(action="ReplaceRoute")) < count:
        assert time.monotonic() < end, "the playbook never came so far"
        time.sleep(0.05)


def module_process() -> int:
    """The process that runs a module for us: the fork of a worker, which is a fork of ansible-playbook."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_text()
            parents = ancestors(int(directory.name))
        except OSError:  # it has ended
            continue
        if os.getpid() in parents and "ansible-playbook" in command:
            found[int(directory.name)] = parents
    (process,) = (name for name, parents in found.items() if len(found.keys() & set(parents)) == 2)
    return process


def ancestors(process: int) -> list[int]:
    """The parents of a process, up to the first one."""
    parents = []
    while process > 1:
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        parents.append(process)
    return parents
