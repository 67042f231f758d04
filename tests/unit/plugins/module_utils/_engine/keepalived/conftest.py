# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of keepalived share."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.keepalived_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "run")
