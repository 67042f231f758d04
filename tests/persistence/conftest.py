# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what every row found, and writes the documentation from it when all tests are through."""

from __future__ import annotations

from typing import Any

import pytest

from persistence import report

RESULTS = pytest.StashKey[list[dict[str, Any]]]()
ENGINES = pytest.StashKey[list[dict[str, Any]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = []
    config.stash[ENGINES] = []


@pytest.fixture
def results(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """The rows that have passed so far."""
    return request.config.stash[RESULTS]


@pytest.fixture
def engine_results(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """The same, of pairs with an engine."""
    return request.config.stash[ENGINES]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Rows that failed keep their old results: the page shows only what was seen to hold."""
    found, engines = session.config.stash[RESULTS], session.config.stash[ENGINES]
    if found or engines:
        report.write(found, engines)
