# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook respond as it is, where the controller cannot ask AWS. Only the nodes are stand-ins."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from unit.many_pairs import Fleet, destination
from unit.test_engines import _STUB
from unit.test_evacuate import fleet, house, inventory, play

__all__ = ["fleet", "house"]

TURN = {"changed": False, "turns": [], "moving": False, "busy": [], "taken": False}
UTILS = "ansible_collections/aws_ha/overlay_ip/plugins/modules"


@pytest.mark.parametrize("action", ["setup", "status"])
def test_aws_does_not_answer(fleet: Fleet, house: Path, tmp_path: Path, action: str) -> None:
    """A sentence for the alert, the page, and a job that failed: nothing is started by such a one."""
    (house / UTILS / "overlay_turn.py").write_text(_STUB % json.dumps(TURN))
    wrong = {**fleet.lab.options(), "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "wrong"}
    wrong.pop("region")
    labels = {"alertname": "OverlayIpTableDead", "severity": "critical", "overlay_ip_action": action}
    labels["destination"] = destination(0)
    page, metrics = tmp_path / "page.html", tmp_path / "overlay_ip.prom"
    run = play(
        house,
        inventory(fleet, tmp_path, 2, overlay_ip_aws=wrong),
        "respond",
        overlay_ip_group="pair0",
        overlay_ip_alerts=quote(json.dumps([{"status": "firing", "labels": labels}])),
        overlay_ip_response_dry_run=False,
        overlay_ip_page=str(page),
        overlay_ip_metrics_file=str(metrics),
    )
    assert not run.ok
    assert "Traceback" not in run.output
    assert f"OverlayIpTableDead {destination(0)}: nothing is started: AWS could not be asked: " in run.told
    assert "overlay_ip_response" not in run.custom.get("_run", {})
    assert "AWS could not be asked</h1>" in page.read_text()
    assert "overlay_ip_tables_readable{" in metrics.read_text()
