# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""history.yml on the lab: what moved when and why, of both nodes in order, with what their clocks are worth."""

from __future__ import annotations

from lab.handle import LabHandle

DENIED = {"code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized."}
FILE = "/var/lib/aws-overlay-ip/moves.jsonl"


def test_switchovers_are_on_record_at_their_targets(ready: LabHandle) -> None:
    for node in ("node1", "node2"):
        ready.exec(node, "rm", "-f", FILE)
    there = ready.playbook("switchover.yml", target="node2", awx_job_id=7, awx_user_name="ops")
    assert there.ok, there.output
    assert ready.playbook("switchover.yml", target="node2").ok  # moves nothing, and is no move
    ready.control.clear()
    tables = len(ready.world.route_table_ids)
    ready.control.fault("error", match={"action": "ReplaceRoute"}, skip=tables + 1, times=1, **DENIED)
    refused = ready.playbook("switchover.yml", target="node1")
    assert not refused.ok
    run = ready.playbook("history.yml", since="10m")
    assert run.ok, run.output
    assert set(run.changed.values()) == {0}
    assert {name: node["reachable"] for name, node in run.overlay_ip_result["nodes"].items()} == {
        "node1": True,
        "node2": True,
    }
    moved, failed = run.overlay_ip_result["moves"]
    assert (moved["node"], moved["by"], moved["who"]) == ("node2", "switchover", "awx-job/7 awx-user/ops")
    assert (moved["from"], moved["to"], moved["done"]) == (["node1"], "node2", True)
    assert {(t["action"], t["from"], t["to"], t["error"]) for t in moved["tables"]} == {
        ("replace", "node1", "node2", None)
    }
    assert len(moved["requests"]["ReplaceRoute"]) == 2 * tables  # the DryRuns and the writes
    assert set(moved["seconds"]) == {"address", "route", "all"}
    assert (failed["node"], failed["to"], failed["done"]) == ("node1", "node1", False)
    assert failed["reason"] == "UnauthorizedOperation"
    assert "What was moved was sent back to where it was." in failed["error"]
    assert "2 moves on record since 20" in run.output
    assert "node1: its clock agrees with the controller's" in run.output
    assert ready.exec("node2", "stat", "--format=%a %U", FILE).stdout.split() == ["600", "root"]
    shown = ready.playbook("status.yml")
    assert [move["to"] for move in shown.overlay_ip_result["moves"]] == ["node2", "node1"]
    assert "last moves (all of them: history.yml):" in shown.output


def test_a_disk_that_cannot_be_written_fails_no_switchover(ready: LabHandle) -> None:
    ready.exec("node2", "rm", "-rf", "/var/lib/aws-overlay-ip")
    ready.exec("node2", "sh", "-c", "echo > /var/lib/aws-overlay-ip")  # no folder can be made there
    try:
        run = ready.playbook("switchover.yml", target="node2")
        assert run.ok, run.output
        assert "cannot be written: the record is in the journal alone" in run.output
        assert set(ready.holders().values()) == {"node2"}
    finally:
        ready.exec("node2", "rm", "-f", "/var/lib/aws-overlay-ip")


def test_a_time_that_is_none_is_refused(ready: LabHandle) -> None:
    run = ready.playbook("history.yml", since="yesterday")
    assert not run.ok
    assert "since is 'yesterday': write a time such as 2026-01-31T03:00 or 03:00 (UTC, or with" in run.told
