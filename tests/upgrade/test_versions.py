# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make upgrade`: every earlier version with every engine."""

from __future__ import annotations

import pytest

from upgrade.pack import ENGINES
from upgrade.promises import fails_over_half_way, rolls
from upgrade.replay import versions

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", versions())
def test_setup_upgrades_without_a_lost_packet(version: str, engine: str) -> None:
    rolls(version, engine)


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "none"])
@pytest.mark.parametrize("version", versions())
def test_one_new_and_one_old_node_take_over_from_each_other(version: str, engine: str) -> None:
    fails_over_half_way(version, engine)
