# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that reads and writes a node's records, where the file cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import history, moves
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_history
from unit.aws_lab import run_module
from unit.move_records import record


class Place:
    """Stands for the deployment: its state lies in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.state = str(folder)
        self.memory = (str(folder / "run"),)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(overlay_history, "Deployment", lambda _name: Place(tmp_path))
    return tmp_path


def test_a_file_that_is_a_link_to_itself(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Root could not read it either."""
    file = place / history.NAME
    file.symlink_to(file)
    failed = run_module(overlay_history, capsys)
    assert failed["msg"] == f"{file} cannot be read (Too many levels of symbolic links): ask the journal."


def test_a_file_that_is_roots(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_directory: Path) -> list[moves.Record]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(history, "read", refused)
    failed = run_module(overlay_history, capsys)
    assert failed["msg"] == f"{place / history.NAME} cannot be read (Permission denied): run it as root."


def test_what_cannot_be_kept_in_a_file_is_in_the_journal(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(history, "tell", told.append)
    file = place / history.NAME
    file.symlink_to(file)
    failed = run_module(overlay_history, capsys, record=record(), node="n1")
    assert failed["msg"] == f"{place} cannot be written: the record is in the journal alone."
    assert [one["to"] for one in told] == ["n1"]
