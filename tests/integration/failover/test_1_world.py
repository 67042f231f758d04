# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world moves under a pair that keepalived watches: a few rows of the matrix of `make world`, those that are quick.

Of what else the matrix has, the tests beside this one have a route that was moved by hand, a keepalived that is stopped
or masked, and one that was edited.
"""

from __future__ import annotations

import pytest

from drill.bed import Bed
from world.changes import CHANGES, FAILOVER, REST, Change, WorldBed
from world.rows import play

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ROWS = (
    ("a table's route is deleted", REST),
    ("a table's route is pointed at another instance", REST),
    ("a table refuses the nodes' writes (permission)", FAILOVER),
)


@pytest.mark.parametrize(("name", "then"), ROWS, ids=[f"{name}, {then}" for name, then in ROWS])
def test_it_is_told_and_the_holder_serves_on(pair: Bed, name: str, then: str) -> None:
    row = play(WorldBed(pair.directory, pair.lab, pair.engine), _change(name), then)
    assert row.verdict == "", row


def _change(name: str) -> Change:
    return next(change for change in CHANGES if change.name == name)
