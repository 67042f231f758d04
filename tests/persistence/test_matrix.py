# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every method on every stack that can be run here, against every event. Half a minute to a minute for each row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persistence.matrix import ROWS, Row, as_dict, cell, events, expected_loss, install, staged
from persistence.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_survives(row: Row, tmp_path: Path, results: list[dict[str, Any]]) -> None:
    with staged(row, tmp_path) as stage:
        files = install(row, stage)["persistence"]["files"]
        cells = [cell(row, stage, event) for event in events(row)]
        give_up(stage)
    lost = {c.event: "4" * (not c.kept4) + "6" * (not c.kept6) for c in cells}
    assert lost == {event.name: expected_loss(row, event) for event in events(row)}
    assert [c.event for c in cells if c.kept4 and row.labelled and c.label != "eth0:1"] == []
    results.append(as_dict(row, files, cells))


def give_up(stage: Stage) -> None:
    """Addresses and files go, at once and over a reboot, and nobody is disturbed."""
    before = stage.dhcp_messages()
    result = stage.hold(state="absent")
    assert result["persistence"]["files"] == []
    sight = stage.settle()
    assert (sight.overlay4, sight.overlay6) == (False, False), sight
    assert stage.dhcp_messages() == before
    stage.node.reboot()
    sight = stage.settle()
    assert sight.settled, sight
    assert (sight.overlay4, sight.overlay6) == (False, False), sight
