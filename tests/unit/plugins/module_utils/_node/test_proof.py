# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of checks comes back, and what is none is none."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import check, cli, commands, proof

CHECKS: list[dict[str, Any]] = [{"check": "permission", "ok": True}, {"check": "source_dest_check", "ok": None}]


def test_there_and_back() -> None:
    said = [{**check, "message": "..."} for check in CHECKS]
    assert proof.parsed(proof.text(12.5, said)) == (12.5, CHECKS)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "x", "checks": []}', '{"at": 1, "checks": 5}', "[" * 9999])
def test_what_is_none(text: str) -> None:
    assert proof.parsed(text) is None


@pytest.mark.parametrize(("user", "remembered"), [(0, True), (1000, False)])
def test_what_root_has_checked_by_hand_is_remembered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, user: int, remembered: bool
) -> None:
    """For the status playbook and the metrics, which read it; what anybody else has asked counts for nothing."""
    own = {"destination": "192.0.2.1/32", "addresses": ["192.0.2.1/32"], "vpc_id": "vpc-1"}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"name": "n1", "overlays": [own], "peers": {"n2": "eni-2"}}))
    memory = Memory(tmp_path / "run")
    told = [{"check": "permission", "ok": False, "message": "No."}]
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(check, "run", lambda _node, _deadline: told)
    monkeypatch.setattr(commands, "_aws", lambda _config, _arguments, _deadline, run: run(object()))
    monkeypatch.setattr(commands.Memory, "of_node", lambda _deployment, _part="": memory)
    code = cli.main(["--config", str(config), "check"], ())
    assert (code, json.loads(capsys.readouterr().out)["checks"]) == (cli.FAILED, told)
    known = proof.parsed(memory.read(proof.NAME))
    assert (known is not None) is remembered
    assert known is None or (known[1] == [{"check": "permission", "ok": False}] and time.time() - known[0] < 60)
