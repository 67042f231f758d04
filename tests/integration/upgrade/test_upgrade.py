# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade from the first version, with the engine whose files changed most. `make upgrade` plays all of them."""

from __future__ import annotations

import pytest

from upgrade.promises import rolls

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def test_a_pair_of_the_first_version_is_upgraded_without_a_lost_packet() -> None:
    rolls("1.0.0", "keepalived")
