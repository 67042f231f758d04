# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook status as it is, whatever it finds: page and metrics are written. Only the nodes are stand-ins."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lab.playbook.run import Run
from unit.many_pairs import Fleet
from unit.test_evacuate import fleet, house, inventory, play

__all__ = ["fleet", "house"]


def status(fleet: Fleet, house: Path, folder: Path, **more: Any) -> tuple[Run, str, str]:
    """A run for the first of two pairs, the page's headline, and the metrics."""
    page, metrics = folder / "page.html", folder / "overlay_ip.prom"
    given = {"overlay_ip_page": str(page), "overlay_ip_metrics_file": str(metrics), **more.pop("extra", {})}
    path = inventory(fleet, folder, 2, **more)
    run = play(house, path, "status", overlay_ip_group="pair0", **given)
    assert "Traceback" not in run.output
    head = re.search("<h1>(.*?)</h1>", page.read_text()) if page.exists() else None
    return run, head[1] if head else "", metrics.read_text() if metrics.exists() else ""


def told(metrics: str, name: str) -> list[str]:
    """The values of a metric, by node."""
    return [line.rpartition(" ")[2] for line in metrics.splitlines() if line.startswith(f"overlay_ip_{name}{{")]


def test_what_is_wrong_is_written_before_the_job_fails(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    """Nobody holds it: no route was made, and the stand-ins have no address up."""
    run, head, metrics = status(fleet, house, tmp_path, extra={"overlay_ip_status_strict": True})
    assert not run.ok
    assert "Something is wrong with the overlay IPs, or could not be looked at." in run.told
    assert head.endswith("has no route")
    assert told(metrics, "tables_readable") == ["1", "1"]


def test_no_node_answers(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    run, head, metrics = status(fleet, house, tmp_path, **away)
    assert run.ok, run.output
    assert head.endswith("has no route")
    assert told(metrics, "node_reachable") == told(metrics, "holder") == ["0", "0"]


def test_aws_does_not_answer(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    wrong = {**fleet.lab.options(), "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "wrong"}
    wrong.pop("region")
    run, head, metrics = status(fleet, house, tmp_path, overlay_ip_aws=wrong)
    assert not run.ok
    assert "credentials" in run.told
    assert head.endswith("AWS could not be asked")
    assert told(metrics, "tables_readable") == ["0", "0"]
    assert told(metrics, "node_reachable") == ["1", "1"]
    assert told(metrics, "holder") == []
    (overlay,) = run.overlay_ip_result["overlays"]
    assert [finding["id"] for finding in overlay["findings"]] == ["not_read"]


@pytest.mark.parametrize("missing", ["overlay_ip_page", "overlay_ip_metrics_file"])
def test_one_cannot_be_written_and_the_other_is(fleet: Fleet, house: Path, tmp_path: Path, missing: str) -> None:
    run, head, metrics = status(fleet, house, tmp_path, extra={missing: f"{tmp_path}/none/x"})
    assert f"{missing} is '{tmp_path}/none/x'" in run.told
    assert bool(head) is (missing != "overlay_ip_page")
    assert bool(metrics) is (missing != "overlay_ip_metrics_file")


@pytest.mark.parametrize("missing", ["overlay_ip_page", "overlay_ip_metrics_file"])
def test_of_a_fleet_one_cannot_be_written_and_the_other_is(
    fleet: Fleet, house: Path, tmp_path: Path, missing: str
) -> None:
    files = {"overlay_ip_page": tmp_path / "page.html", "overlay_ip_metrics_file": tmp_path / "overlay_ip.prom"}
    given: dict[str, Any] = {name: str(file) for name, file in files.items()}
    given[missing] = f"{tmp_path}/none/x"
    run = play(house, inventory(fleet, tmp_path, 2), "fleet", **given)
    assert not run.ok
    assert f"{missing} is '{tmp_path}/none/x'" in run.told
    assert f"there is no folder {tmp_path}/none. Name a file in a folder that is there and may be written." in run.told
    assert [name for name, file in files.items() if file.exists()] == [name for name in files if name != missing]
