# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""switchover.yml on the lab: packets that keep coming, refusals that change nothing, failures that go back."""

from __future__ import annotations

from pathlib import Path

from lab.handle import LabHandle


def test_there_and_back_loses_no_packet(ready: LabHandle) -> None:
    with ready.probe() as probe:
        there = ready.playbook("switchover.yml", target="node2")
        back = ready.playbook("switchover.yml", target="node1", expected_active="node2")
    assert there.ok, there.output
    assert back.ok, back.output
    report = probe.report
    assert report.lost == 0
    assert report.who == ("node1", "node2", "node1")
    (overlay,) = there.overlay_ip_result["overlays"]
    assert (overlay["before"], overlay["after"]) == (["node1"], ["node2"])
    assert {t["action"] for t in overlay["tables"]} == {"replace"}
    assert set(there.overlay_ip_result["seconds"]) == {"address", "route"}


def test_the_exact_calls_of_a_switchover_and_who_asked_for_it(ready: LabHandle) -> None:
    """Preflight and proof of permission in as few calls as possible, then one write a table and one read."""
    run = ready.playbook("switchover.yml", target="node2", awx_job_id=4711, awx_user_name="ops@example.com")
    assert run.ok, run.output
    assert run.overlay_ip_result["caller"] == "awx-job/4711 awx-user/ops@example.com"
    assert "asked for by awx-job/4711" in run.output
    assert {"awx-job/4711 awx-user/ops@example.com" in c["user_agent"] for c in ready.control.calls()} == {True}
    tables = len(ready.world.route_table_ids)
    calls = [("dry " if c["params"].get("DryRun") == "true" else "") + c["action"] for c in ready.control.calls()]
    assert calls == [
        "DescribeInstances",
        "DescribeRouteTables",
        "DescribeSubnets",
        *["dry ReplaceRoute"] * tables,
        *["ReplaceRoute"] * tables,
        "DescribeRouteTables",
    ]


def test_check_mode_only_reads_and_proves_the_permission(ready: LabHandle) -> None:
    run = ready.playbook("switchover.yml", target="node2", check=True)
    assert run.ok, run.output
    assert run.overlay_ip_result is None
    assert [r.action.rpartition(".")[2] for r in run.changed_tasks] == ["overlay_route"]
    writes = [c for c in ready.control.calls() if not c["action"].startswith("Describe")]
    assert {c["params"].get("DryRun") for c in writes} == {"true"}
    assert set(ready.holders().values()) == {"node1"}


def test_a_stale_request_is_refused(ready: LabHandle) -> None:
    """As a queued job is: somebody else has switched meanwhile."""
    ready.move("node2")
    run = ready.playbook("switchover.yml", target="node1", expected_active="node1")
    assert not run.ok
    assert "not at the expected holder" in run.told
    assert set(ready.holders().values()) == {"node2"}
    done_already = ready.playbook("switchover.yml", target="node2", expected_active="node1")
    assert done_already.ok, done_already.output
    assert set(done_already.changed.values()) == {0}


def test_a_target_that_cannot_be_reached_is_refused(ready: LabHandle) -> None:
    ready.crash("node2")
    run = ready.playbook("switchover.yml", target="node2")
    assert not run.ok
    assert "target is node2, which cannot be reached" in run.told
    assert set(ready.holders().values()) == {"node1"}


def test_an_old_holder_that_cannot_be_reached_stops_nobody(ready: LabHandle) -> None:
    ready.crash("node1")
    run = ready.playbook("switchover.yml", target="node2")
    assert run.ok, run.output
    assert ready.who() == "node2"


def test_a_target_whose_check_is_on_is_refused(ready: LabHandle) -> None:
    ready.set_source_dest_check("node2", True)
    run = ready.playbook("switchover.yml", target="node2")
    assert not run.ok
    assert "source/destination check" in run.told
    assert ready.who() == "node1"


def test_a_failed_probe_sends_everything_back(ready: LabHandle) -> None:
    probe = {"host": "client1", "port": 9}
    run = ready.playbook("switchover.yml", target="node2", overlay_ip_probe=probe, overlay_ip_probe_timeout=2)
    assert not run.ok
    assert "What was moved was sent back" in run.told
    assert ready.who() == "node1"


def test_without_rollback_it_says_what_stays(ready: LabHandle) -> None:
    run = ready.playbook(
        "switchover.yml",
        target="node2",
        overlay_ip_probe={"host": "client1", "port": 9},
        overlay_ip_probe_timeout=2,
        overlay_ip_rollback=False,
    )
    assert not run.ok
    assert "what was moved stays moved" in run.told
    assert set(ready.holders().values()) == {"node2"}


def test_task_files_before_and_after(ready: LabHandle, tmp_path: Path) -> None:
    before, after = tmp_path / "before.yml", tmp_path / "after.yml"
    before.write_text("- name: Refuse\n  ansible.builtin.fail:\n    msg: not now\n")
    after.write_text("- name: Note\n  ansible.builtin.debug:\n    msg: done on {{ overlay_ip_model.target }}\n")
    run = ready.playbook("switchover.yml", target="node2", overlay_ip_pre_tasks=str(before))
    assert not run.ok
    assert ready.control.calls() == []
    assert set(ready.holders().values()) == {"node1"}
    run = ready.playbook("switchover.yml", target="node2", overlay_ip_post_tasks=str(after))
    assert run.ok, run.output
    assert "done on node2" in run.output


def test_only_the_overlay_that_was_asked_for(ready: LabHandle) -> None:
    overlays = [{"address": ready.lab.overlay}, {"address": "192.168.77.0/24"}]
    ready.move("node1", "192.168.77.0/24")
    run = ready.playbook("switchover.yml", target="node2", overlay="192.168.77.0/24", overlay_ips=overlays)
    assert run.ok, run.output
    assert set(ready.holders().values()) == {"node1"}
    assert set(ready.holders("192.168.77.0/24").values()) == {"node2"}
