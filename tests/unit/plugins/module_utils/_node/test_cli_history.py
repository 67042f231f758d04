# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`aws-overlay-ip history`, and that what a command moved is kept once it has said how it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import cli, commands, history, moves
from unit.move_records import NOON, record


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    read = history.read
    monkeypatch.setattr(history, "read", lambda _directory: read(tmp_path))
    history.add([record(), record(NOON + 60)], tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = cli.main(["--config", "/nowhere", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_the_moves_on_record(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken configuration, of all times, must not hide them; and a look is nothing for the journal."""
    monkeypatch.setattr(cli, "say", lambda *_a, **_k: pytest.fail("said"))
    code, answer = run(capsys, "history")
    assert (code, answer["moves"]) == (cli.OK, [record(), record(NOON + 60)])
    assert answer["lines"] == [moves.line(record()), moves.line(record(NOON + 60))]


def test_since(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(run(capsys, "history", "--since", "2026-01-31T12:00:30Z")[1]["moves"]) == 1
    code, answer = run(capsys, "history", "--since", "x")
    assert (code, answer["error"].partition(":")[0]) == (cli.USAGE, "--since is 'x'")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (PermissionError(13, "Permission denied"), cli.USAGE, "history is root's alone to read: run it as root."),
        (OSError(5, "Input/output error"), cli.FAILED, "/var/lib/aws-overlay-ip cannot be read (Input/output error)"),
    ],
)
def test_what_cannot_be_read(
    error: OSError, code: int, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_directory: Path) -> Any:
        raise error

    monkeypatch.setattr(history, "read", fail)
    found, answer = run(capsys, "history")
    assert found == code
    assert answer["error"].startswith(told)


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_moved_is_kept_once_it_is_said(
    fails: bool, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[Any] = []

    def keep(records: list[Any], _directory: Path) -> None:
        order.append(json.loads(capsys.readouterr().out)["exit"])
        order.extend(records)
        if fails:
            raise MemoryError

    def take(_config: object, arguments: Any, _deadline: object) -> cli.Answer:
        arguments.records.append("a record")
        return cli.OK, {}

    config = place / "config.json"
    config.write_text(
        json.dumps({"name": "n1", "overlays": [{"destination": "192.0.2.1/32", "addresses": [], "vpc_id": "v"}]})
    )
    monkeypatch.setattr(history, "keep", keep)
    monkeypatch.setattr(commands, "take", take)
    monkeypatch.setattr(cli, "say", lambda *_a, **_k: None)
    assert cli.main(["--config", str(config), "take"]) == cli.OK
    assert order == [cli.OK, "a record"]
