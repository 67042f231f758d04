# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make world`: what changes under a running pair, with every engine of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.bed import Bed, bed
from world import tables

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    with bed(request.param, tables=2) as made:
        yield made


def test_a_table_that_appears_loses_nothing(pair: Bed) -> None:
    tables.a_table_appears(pair)


def test_a_table_that_is_deleted_ends_no_failover(pair: Bed) -> None:
    tables.a_table_is_deleted(pair)
