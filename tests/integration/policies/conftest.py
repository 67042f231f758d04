# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint and one VPC per test file: every test leaves them as it found them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from integration.policies.stage import Stage

from lab.endpoint import Endpoint
from lab.world import WorldSpec, build


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Two nodes, a client, three route tables, of which the last is not ours."""
    with Endpoint() as endpoint:
        yield Stage(endpoint, build(endpoint, WorldSpec(tables=3)))
        problems = [f"{p.action}: {p.detail}" for p in endpoint.problems]
    assert not problems


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    """The same where another account owns the VPC and its tables."""
    with Endpoint() as endpoint:
        yield Stage(endpoint, build(endpoint, WorldSpec(tables=3, shared_vpc=True)))
        problems = [f"{p.action}: {p.detail}" for p in endpoint.problems]
    assert not problems
