# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module and the node's lease: a run's last task there ends it, whatever came of that."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.live import NodeError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import PersistError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.lease import Lease
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_interface
from unit.aws_lab import run_module

RUN = {"run": "1/100", "machine": "boot/1", "what": "Switch over"}
OTHER = {**RUN, "run": "2/100", "what": "Set up"}


@pytest.fixture
def lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lease:
    """The node's, in a place of this test's."""
    made = Lease(str(tmp_path / "run"))
    monkeypatch.setattr(overlay_interface, "Lease", lambda _directory: made)
    monkeypatch.setattr(overlay_interface.tools, "opened", lambda _release: nullcontext())
    return made


def held(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """What holding the address comes to."""

    def run(*_arguments: Any, **_more: Any) -> dict[str, Any]:
        if error:
            raise error
        return {"changed": True, "warnings": [], "diff": {}}

    monkeypatch.setattr(overlay_interface.hold, "run", run)


@pytest.mark.parametrize(
    "error", [None, NodeError("It is ill."), PersistError("It is full."), ValueError("It is none.")], ids=repr
)
@pytest.mark.parametrize("ends", [True, False])
def test_the_last_task_ends_it_also_where_it_fails(
    lease: Lease,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception | None,
    ends: bool,
) -> None:
    held(monkeypatch, error)
    result = run_module(overlay_interface, capsys, addresses=["192.0.2.1"], state="absent", lease={**RUN, "ends": ends})
    assert result.get("failed", False) is (error is not None)
    assert result.get("msg", "") == (str(error) if error else "")
    assert (lease.held() is None) is ends


def test_who_has_it_keeps_it(lease: Lease, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def call(of: dict[str, Any]) -> dict[str, Any]:
        return run_module(overlay_interface, capsys, addresses=["192.0.2.1"], lease=of)

    held(monkeypatch, None)
    assert call(OTHER)["changed"] is True
    refused = call({**RUN, "ends": True})
    assert (refused["failed"], refused["at_work"]) == (True, True)
    assert "is at work for somebody else: 'Set up'" in refused["msg"]
    mine = lease.held()
    assert mine is not None
    assert mine.what == "Set up"
