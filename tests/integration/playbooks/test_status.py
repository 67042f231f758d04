# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""status.yml on the lab: who holds what, what is wrong, how to mend it; and it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.handle import LabHandle


def findings(report: dict[str, Any]) -> set[str]:
    """The ids of all findings."""
    places = [*report["overlays"], *report["nodes"].values()]
    return {f["id"] for place in places for f in place["findings"]}


def test_a_healthy_overlay(ready: LabHandle, tmp_path: Path) -> None:
    ready.control.clear()
    run = ready.playbook("status.yml", overlay_ip_metrics_file=str(tmp_path / "overlay_ip.prom"))
    assert run.ok, run.output
    assert run.overlay_ip_result["healthy"]
    assert findings(run.overlay_ip_result) == set()
    assert run.overlay_ip_result["overlays"][0]["holder"] == "node1"
    assert set(run.changed.values()) == {0}
    told = (tmp_path / "overlay_ip.prom").read_text()
    whose, labels = 'deployment="overlay-ip"', f'vpc_id="{ready.world.vpc_id}",destination="{ready.lab.overlay}/32"'
    assert f'overlay_ip_holder{{{whose},node="node1",{labels}}} 1\n' in told
    assert f'overlay_ip_holder{{{whose},node="node2",{labels}}} 0\n' in told
    assert f'overlay_ip_findings{{{whose},{labels},severity="error"}} 0\n' in told
    assert set(ready.control.actions()) == {"DescribeInstances", "DescribeRouteTables", "DescribeSubnets"}


def test_what_is_known_is_written_where_aws_cannot_be_asked(ready: LabHandle, tmp_path: Path) -> None:
    """Nothing else in this picture is old, and the job fails all the same."""
    page, metrics = tmp_path / "status.html", tmp_path / "overlay_ip.prom"
    ready.control.fault("error", code="UnauthorizedOperation", status=403, match={"action": "DescribeRouteTables"})
    run = ready.playbook("status.yml", overlay_ip_page=str(page), overlay_ip_metrics_file=str(metrics))
    assert not run.ok
    assert "DescribeRouteTables is not permitted" in run.told
    assert "Traceback" not in run.output
    (overlay,) = run.overlay_ip_result["overlays"]
    assert (overlay["holder"], [f["id"] for f in overlay["findings"]]) == (None, ["not_read"])
    assert f"<h1>{ready.lab.overlay}/32: AWS could not be asked</h1>" in page.read_text()
    assert f'Overlay IPs up</dt><dd class="mono">{ready.lab.overlay}/32' in page.read_text()
    told = metrics.read_text()
    assert 'overlay_ip_tables_readable{deployment="overlay-ip",node="node1"} 0\n' in told
    assert "overlay_ip_holder" not in told
    assert 'overlay_ip_node_reachable{deployment="overlay-ip",node="node1"} 1\n' in told
    clock = float(told.partition('offset_seconds{deployment="overlay-ip",node="node1"} ')[2].split()[0])
    assert abs(clock) < 1


def test_a_split_a_missing_address_and_a_check_that_is_on(ready: LabHandle, tmp_path: Path) -> None:
    ready.move("node2", tables=ready.world.route_table_ids[:1])
    ready.set_source_dest_check("node2", True)
    ready.exec("node1", "ip", "addr", "del", f"{ready.lab.overlay}/32", "dev", "eth0")
    page = tmp_path / "status.html"
    run = ready.playbook("status.yml", overlay_ip_page=str(page))
    assert run.ok, run.output
    assert not run.overlay_ip_result["healthy"]
    assert {"split", "standby_source_dest_check_on", "address_missing"} <= findings(run.overlay_ip_result)
    assert "SPLIT between node1, node2" in run.output
    text = page.read_text()
    assert f"<h1>{ready.lab.overlay}/32 is split between node1, node2</h1>" in text
    assert "aws_ha.overlay_ip.switchover -e target=node1" in text, "node2's check is on"
    assert "eu-central-1b" in text
    assert not ready.playbook("status.yml", overlay_ip_status_strict=True).ok


def test_a_stopped_holder(ready: LabHandle) -> None:
    ready.stop("node1")
    run = ready.playbook("status.yml")
    assert run.ok, run.output
    assert {"blackhole", "node_unreachable"} <= findings(run.overlay_ip_result)
    assert not run.overlay_ip_result["nodes"]["node1"]["reachable"]
