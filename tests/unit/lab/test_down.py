# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab down` removes what a person made, and what nobody runs any more; a running test's lab stays."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from lab import cli
from lab.daemon import process, state
from lab.daemon.state import Directory

KEPT, RUNNING, CRASHED, STARTING = "aaaaaa", "bbbbbb", "cccccc", "dddddd"


@pytest.fixture
def removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labs that were removed, of one of each kind."""
    gone: list[str] = []
    monkeypatch.setenv(state.ROOT_VARIABLE, str(tmp_path))
    monkeypatch.setattr(cli, "check", lambda _kind: None)
    monkeypatch.setattr(state, "marked", lambda lab_id: {1} if lab_id in (KEPT, RUNNING) else set())
    now = time.time()
    monkeypatch.setattr(state.time, "time", lambda: now + 60)

    def down(directory: Directory) -> None:
        gone.append(directory.lab_id)
        (directory.path / "manifest.json").unlink()

    monkeypatch.setattr(process, "down", down)
    for lab_id in (KEPT, RUNNING, CRASHED):
        (tmp_path / lab_id).mkdir()
        (tmp_path / lab_id / "manifest.json").touch()
    Directory(tmp_path / KEPT).kept.touch()
    return gone


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lab", *arguments])
    return cli.main()


def test_what_was_made_to_play_with_goes_and_a_running_tests_lab_stays(
    removed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "down", "--kept") == 0
    assert sorted(removed) == [KEPT, CRASHED]
    assert f"Left alone, since something else runs in them: {RUNNING}." in capsys.readouterr().out


def test_a_lab_that_is_about_to_start_stays(
    removed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / STARTING).mkdir()
    (tmp_path / STARTING / "manifest.json").touch()
    monkeypatch.setattr(state.time, "time", lambda: os.stat(tmp_path / STARTING).st_ctime + 1)
    assert run(monkeypatch, "down", "--kept") == 0
    assert removed == [KEPT]


@pytest.mark.parametrize("arguments", [("--lab", RUNNING, "down"), ("down", RUNNING)])
def test_a_named_one_goes_whatever_runs_in_it(
    removed: list[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    assert run(monkeypatch, *arguments) == 0
    assert removed == [RUNNING]


def test_all_means_all(removed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "down", "--all") == 0
    assert sorted(removed) == [KEPT, RUNNING, CRASHED]


def test_one_of_several_must_be_named(
    removed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "down") == 1
    assert removed == []
    assert "say which one, or --kept" in capsys.readouterr().err
