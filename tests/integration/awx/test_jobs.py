# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook as an AWX job, on the lab: answers as AWX sends them, artifacts, and who pressed the button."""

from __future__ import annotations

from pathlib import Path

import pytest

from awx.job import Awx
from lab.handle import LabHandle

pytestmark = pytest.mark.lab

SWITCHOVER = {"target": "node2", "overlay": "all", "expected_active": "any", "overlay_ip_break_lease": "false"}


@pytest.fixture(scope="module")
def awx(session_lab: LabHandle, tmp_path_factory: pytest.TempPathFactory) -> Awx:
    """AWX with this repository as a git project."""
    return Awx(tmp_path_factory.mktemp("awx"), session_lab.directory.inventory, requirements=True)


@pytest.fixture
def ready(lab: LabHandle) -> LabHandle:
    """The VPC as setup leaves it, with node1 as the holder."""
    for node in ("node1", "node2"):
        lab.set_source_dest_check(node, enabled=False)
    lab.move("node1")
    lab.control.clear()
    return lab


def writes(lab: LabHandle) -> list[str]:
    """What was changed over the API."""
    reads = ("Describe", "Get", "List")
    return [
        c["action"]
        for c in lab.control.calls()
        if not c["action"].startswith(reads) and c["params"].get("DryRun") != "true"
    ]


def test_the_day_of_a_cluster(lab: LabHandle, awx: Awx) -> None:
    """setup, dry run, switchover, a second press of it, status, teardown: each leaves an artifact, the dry run none.

    Who pressed the button is in the output, and in each request to AWS, where CloudTrail keeps it.
    """
    setup = awx.launch("setup.yml")
    assert setup.status == "successful", setup.stdout
    assert set(lab.holders().values()) == {"node1"}
    assert "overlay_ip_result" in setup.artifacts

    dry = awx.launch("switchover.yml", SWITCHOVER, job_type="check")
    assert dry.status == "successful", dry.stdout
    assert set(lab.holders().values()) == {"node1"}
    assert dry.artifacts == {}

    lab.control.clear()
    asked = len(lab.world.route_table_ids)  # first it asks by DryRun whether it may
    lab.control.fault("delay", times=1, skip=asked, match={"action": "ReplaceRoute"}, seconds=5.5)
    answers = {"target": "node2", "expected_active": "node1"}
    switchover = awx.launch("switchover.yml", answers, user="night shift")
    assert switchover.status == "successful", switchover.stdout
    assert set(lab.holders().values()) == {"node2"}
    assert switchover.artifacts["overlay_ip_result"]["overlays"][0]["after"] == ["node2"]
    assert "night_shift" in switchover.text
    assert switchover.text.count("is written, ") == 1  # what takes long is told meanwhile
    moved = [c for c in lab.control.calls() if c["action"] == "ReplaceRoute"]
    assert moved
    for call in moved:
        assert "awx-user/night_shift" in call["user_agent"]
        assert "awx-job/" in call["user_agent"]

    # Two people pressed at once: AWX queues the second job, and then runs it.
    lab.control.clear()
    second = awx.launch("switchover.yml", answers)
    assert second.status == "successful", second.stdout
    assert writes(lab) == []

    status = awx.launch("status.yml")
    assert status.status == "successful", status.stdout
    assert "overlay_ip_result" in status.artifacts

    teardown = awx.launch("teardown.yml")
    assert teardown.status == "successful", teardown.stdout
    assert lab.holders() == {}
    assert "overlay_ip_result" in teardown.artifacts


def test_a_manual_project_runs_without_requirements(ready: LabHandle, tmp_path: Path) -> None:
    manual = Awx(tmp_path, ready.directory.inventory, requirements=False)
    job = manual.launch("status.yml")
    assert job.status == "successful", job.stdout


def test_without_a_way_to_its_own_collection_the_project_fails(ready: LabHandle, tmp_path: Path) -> None:
    """The control of all tests here: jobs do use the project's own collection, and nothing of this machine."""
    lost = Awx(tmp_path, ready.directory.inventory, requirements=False, resolvable=False)
    job = lost.launch("status.yml")
    assert job.status == "failed"
    assert "aws_ha.overlay_ip" in job.text


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"overlay": "", "expected_active": None}, id="empty and null"),
        pytest.param({"overlay": None, "expected_active": ""}, id="null and empty"),
    ],
)
def test_optional_answers_left_out(ready: LabHandle, awx: Awx, answers: dict[str, str | None]) -> None:
    job = awx.launch("switchover.yml", {"target": "node2", **answers})
    assert job.status == "successful", job.stdout
    assert set(ready.holders().values()) == {"node2"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param({"target": ""}, "target is not set", id="empty target"),
        pytest.param({"target": "node2", "overlay": "10.1.2.3"}, "which is not in overlay_ips", id="unknown overlay"),
    ],
)
def test_refused_before_anything_is_changed(ready: LabHandle, awx: Awx, answers: dict[str, str], said: str) -> None:
    job = awx.launch("switchover.yml", answers)
    assert job.status == "failed"
    assert said in job.text, job.stdout
    assert writes(ready) == []
    assert set(ready.holders().values()) == {"node1"}


def test_a_template_as_target_is_refused_and_never_run(ready: LabHandle, awx: Awx, tmp_path: Path) -> None:
    trace = tmp_path / "run"
    job = awx.launch("switchover.yml", {"target": "{{ lookup('pipe', 'touch " + str(trace) + "') }}"})
    assert job.status == "failed"
    assert "which is no node" in job.text, job.stdout
    assert not trace.exists()
    assert writes(ready) == []


def test_a_queued_press_is_refused_when_somebody_else_has_the_address(ready: LabHandle, awx: Awx) -> None:
    ready.move("client1")
    ready.control.clear()
    stale = awx.launch("switchover.yml", {"target": "node2", "expected_active": "node1"})
    assert stale.status == "failed"
    assert "somebody moved it meanwhile" in stale.text, stale.stdout
    assert writes(ready) == []
    assert set(ready.holders().values()) == {"client1"}


def test_a_killed_job_leaves_what_the_next_one_finishes(ready: LabHandle, awx: Awx) -> None:
    """AWX kills a job at its timeout or on Cancel, here while EC2 answers no more to the second table's write."""
    proofs = 2 * len(ready.world.route_table_ids)  # before the address goes up on the target, and before the move
    ready.control.fault("hang", skip=proofs + 1, match={"action": "ReplaceRoute"})
    cut = awx.launch("switchover.yml", SWITCHOVER, cancel_when=lambda: writes(ready) != [])
    assert cut.status != "successful", cut.stdout
    assert cut.artifacts == {}
    assert set(ready.holders().values()) == {"node1", "node2"}  # split
    ready.control.clear()
    again = awx.launch("switchover.yml", {"target": "node2"})  # optional answers may be absent, too
    assert again.status == "successful", again.stdout
    assert set(ready.holders().values()) == {"node2"}
