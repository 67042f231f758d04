# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's command line: who may run what, and letting go without a configuration."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import cli, limit

ADDRESS = "192.0.2.1/32"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, addresses: tuple[str, ...] = ()) -> tuple[int, Any]:
    code = cli.main(arguments, addresses)
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were taken down by their names."""
    gone: list[str] = []

    def let_go(addresses: Sequence[str]) -> bool:
        gone.extend(addresses)
        return True

    monkeypatch.setattr(cli, "let_go", let_go)
    return gone


@pytest.mark.parametrize("command", [["take"], ["give-up", "--to", "n2"], ["notify", "MASTER"], ["watch"]])
def test_an_ordinary_user_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str], down: list[str]
) -> None:
    """The role's keys are anybody's on the node (docs/iam.md); the program says no before it asks AWS."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, answer = run(capsys, "--config", "/nowhere", *command)
    assert (code, answer["error"]) == (cli.USAGE, f"{command[0]} needs root: run it as root.")
    assert down == []


@pytest.mark.parametrize("command", [["give-up"], *(["notify", state] for state in cli.LETTING_GO)])
def test_without_a_configuration_the_address_goes_down_all_the_same(
    capsys: pytest.CaptureFixture[str], command: list[str], down: list[str], tmp_path: Path
) -> None:
    config = str(tmp_path / "config.json")
    code, answer = run(capsys, "--config", config, *command, addresses=(ADDRESS,))
    assert (code, answer["changed"]) == (cli.USAGE, True)
    assert "run the setup playbook" in answer["error"]
    assert down == [ADDRESS]


@pytest.mark.parametrize("command", [["take"], ["notify", "MASTER"], ["show"]])
def test_without_a_configuration_nothing_is_taken(
    capsys: pytest.CaptureFixture[str], command: list[str], down: list[str], tmp_path: Path
) -> None:
    code, _answer = run(capsys, "--config", str(tmp_path / "none"), *command, addresses=(ADDRESS,))
    assert (code, down) == (cli.USAGE, [])


@pytest.mark.parametrize("seconds", ["nan", "-5", "0", "inf", "x"])
def test_a_deadline_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([f"--timeout={seconds}", "show"])
    assert ended.value.code == cli.USAGE
    capsys.readouterr()


def sleep_and_swallow() -> None:
    """As retries do: whatever it was, go on."""
    try:
        time.sleep(5)
    except Exception:
        time.sleep(5)


def test_the_last_resort_is_swallowed_by_no_except(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that catches every Exception meets the deadline too; a second later the process ends for it."""
    ended: list[int] = []
    monkeypatch.setattr(limit, "GRACE", 0.05)
    monkeypatch.setattr(os, "_exit", ended.append)
    done: list[str] = []
    limit.limit(0.05, lambda: done.append("let go"))
    try:
        with pytest.raises(limit.Expired):
            sleep_and_swallow()
        deadline = time.monotonic() + 5
        while not ended and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        limit.release()
    assert done[:1] == ["let go"]
    assert ended[:1] == [1]
