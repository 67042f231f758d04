# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's clock beside the controller's, by both modules that tell it."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.aws_ha.overlay_ip.plugins.action import overlay_history, overlay_node_info
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import clocks


def asked(action: Any, monkeypatch: pytest.MonkeyPatch, ahead: float | None, took: float = 2.0) -> dict[str, Any]:
    """What the action returns, where the module takes so long and reads the node's clock in the middle of that."""
    now = [1_769_860_800.0]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def execute(_self: ActionBase, **_given: Any) -> dict[str, Any]:
        now[0] += took / 2
        told = {"failed": True} if ahead is None else {"clock": now[0] + ahead}
        now[0] += took / 2
        return told

    plugin = action.ActionModule(
        MagicMock(async_val=0), MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock()
    )
    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    result: dict[str, Any] = plugin.run(task_vars={})
    return result


@pytest.mark.parametrize("action", [overlay_history, overlay_node_info])
@pytest.mark.parametrize("ahead", [0.0, -312.0, 86400.0])
def test_the_clock_is_known_within_half_of_what_it_took(
    action: Any, ahead: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = clocks.of(asked(action, monkeypatch, ahead))
    assert clock == clocks.Clock(ahead, 1.0)
    assert clock.wrong == ahead
    assert clock.off is bool(ahead)


def test_what_may_agree_is_not_taken_for_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = clocks.of(asked(overlay_node_info, monkeypatch, -3.0, took=8.0))
    assert clock == clocks.Clock(-3.0, 4.0)
    assert (clock.wrong, clock.off) == (0.0, False)


def test_a_module_that_failed_tells_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    result = asked(overlay_node_info, monkeypatch, None)
    assert result == {"failed": True}
    assert clocks.of(result) is None
