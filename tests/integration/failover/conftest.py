# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests of failover: keepalived on it first, then the resource agent by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.bed import Bed
from drill.plain import plain


@pytest.fixture(scope="session")
def pair() -> Iterator[Bed]:
    """Two nodes with keepalived, at rest on node1, and three route tables; with neither SDK nor pyroute2 on them."""
    with plain("keepalived", tables=3) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems
