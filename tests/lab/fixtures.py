# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest fixtures: an endpoint in this process, a world on it, and its control. Import them in a conftest.py.

A test that made the lab itself fail (an HTTP 500 of moto's, or a bug of the lab's) fails, whatever it asserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.world import World, build


@contextmanager
def trusted(**arguments: Any) -> Iterator[Endpoint]:
    """A started endpoint (``arguments`` are Endpoint's); AssertionError at the end if the lab itself failed."""
    problems = []
    with Endpoint(**arguments) as started:
        try:
            yield started
        finally:
            problems += started.problems
    assert not problems, "\n".join(f"{p.action}: {p.detail}" for p in problems)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A fresh endpoint on 127.0.0.1, with accounts of its own."""
    with trusted() as started:
        yield started


@pytest.fixture
def world(endpoint: Endpoint) -> World:
    """Two nodes, a client and two route tables on that endpoint."""
    return build(endpoint)


@pytest.fixture
def control(endpoint: Endpoint) -> Control:
    """Faults, calls and settings of that endpoint."""
    return Control(endpoint.url)
