# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a takeover is under way is asked of what is there: who asks makes neither the memory nor its spare."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import place
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_turn


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The memory and its spare, neither of which is there."""
    both = (tmp_path / "run", tmp_path / "shm")
    monkeypatch.setattr(Deployment, "memory", property(lambda self: tuple(map(str, both))))
    monkeypatch.setattr(overlay_turn, "PATIENCE", 0.0)
    return both


@pytest.mark.parametrize("there", [(), (0,), (1,), (0, 1)])
def test_who_asks_makes_nothing(places: tuple[Path, Path], there: tuple[int, ...]) -> None:
    for number in there:
        places[number].mkdir()
    assert not overlay_turn.moving(Deployment())
    assert [at.exists() for at in places] == [number in there for number in (0, 1)]


@pytest.mark.parametrize("at", [0, 1])
def test_a_takeover_is_seen_in_either(places: tuple[Path, Path], at: int) -> None:
    places[at].mkdir(mode=0o700)
    (places[at] / place.TAKING).touch()
    assert overlay_turn.moving(Deployment())
