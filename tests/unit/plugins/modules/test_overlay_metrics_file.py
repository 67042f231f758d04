# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that writes for node_exporter, and that nothing else of the collection does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_metrics_file
from unit.aws_lab import run_module

ROOT = Path(__file__).parents[4]
ENDED = "# TYPE overlay_ip_ended_timestamp_seconds gauge\n"


def test_it_writes_once_and_not_in_check_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "overlay_ip.prom"
    asked: dict[str, Any] = {"path": str(file), "content": ENDED}
    first = run_module(overlay_metrics_file, capsys, check=True, **asked)
    assert (first["changed"], file.exists()) == (True, False)
    assert run_module(overlay_metrics_file, capsys, **asked)["changed"]
    assert file.read_text() == ENDED
    again = run_module(overlay_metrics_file, capsys, **asked)
    assert (again["changed"], again["path"]) == (False, str(file))


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("where", "why"), [("none/x.prom", "there is no folder {}/none"), (".", "it is a folder")])
def test_what_cannot_be_written_ends_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, why: str, check: bool
) -> None:
    file = tmp_path / where
    failed = run_module(overlay_metrics_file, capsys, check=check, path=str(file), content="")
    remedy = "Name a file in a folder that is there and may be written."
    assert failed["failed"]
    assert failed["msg"] == f"{file} cannot be written: {why.format(tmp_path)}. {remedy}"


@pytest.mark.parametrize("check", [False, True])
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], check: bool) -> None:
    """Who owns the folder above could lead root anywhere by it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    file = tmp_path / "link" / "x.prom"
    failed = run_module(overlay_metrics_file, capsys, check=check, path=str(file), content="")
    assert failed["msg"].startswith(f"{file} cannot be written: its folder is a link; name the folder itself. ")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_no_role_writes_for_the_collector_by_another_module() -> None:
    """Ansible's own copy has a draft there whose name ends with .prom."""
    found = set()
    for path in sorted((ROOT / "roles").glob("*/tasks/*.yml")):
        for task in _tasks(yaml.safe_load(path.read_text()) or []):
            for module, given in task.items():
                at = given.get("dest", given.get("path", "")) if isinstance(given, dict) else ""
                if any(name in str(at) for name in ("overlay_ip_metrics_file", "metrics_former", "metrics_file")):
                    found.add((path.parent.parent.name, path.name, module.rpartition(".")[2]))
    assert {one for one in found if one[2] != "file"} == {
        ("fleet", "main.yml", "overlay_metrics_file"),
        ("metrics", "ended.yml", "overlay_metrics_file"),
        ("metrics", "ended_file.yml", "overlay_metrics_file"),
        ("status", "write.yml", "overlay_metrics_file"),
    }


def _tasks(tasks: list[dict[str, object]]) -> list[dict[str, object]]:
    """Each task, and those of its blocks."""
    found = []
    for task in tasks:
        found.append(task)
        for part in ("block", "rescue", "always"):
            below = task.get(part)
            if isinstance(below, list):
                found += _tasks(below)
    return found
