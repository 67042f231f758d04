# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job once more, under the newest Python of this machine and the newest ansible-core that it takes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from lab.handle import LabHandle
from lab.playbook.run import CHECKOUT, Run, run_playbook

NEWEST = CHECKOUT / ".venv/newest"


@pytest.fixture
def programs() -> Path:
    """Where the newest ansible-playbook is."""
    if not NEWEST.is_dir():
        pytest.skip("there is no .venv/newest: `make setup` makes it")
    if NEWEST.samefile(sys.prefix):
        pytest.skip("this is the newest Python here: all tests run on it")
    return NEWEST / "bin"


def test_the_life_of_an_overlay_ip(lab: LabHandle, programs: Path) -> None:
    def play(name: str, **variables: Any) -> Run:
        run = run_playbook(name, lab.directory.inventory, extra_vars=variables, programs=programs)
        assert run.ok, run.output
        assert "DEPRECATION WARNING" not in run.output
        return run

    play("setup.yml")
    assert set(lab.holders().values()) == {"node1"}
    with lab.probe() as probe:
        play("switchover.yml", target="node2")
    assert probe.report.lost == 0
    assert probe.report.who == ("node1", "node2")
    play("teardown.yml")
    assert lab.holders() == {}
