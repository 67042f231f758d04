# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the fault tests: each runs with the SDK, as modules do, and with our own client, as nodes do."""

from __future__ import annotations

import pytest

from unit.aws_lab import _aws_lab, aws, by_either_client

__all__ = ["_aws_lab", "aws"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By either client."""
    by_either_client(metafunc)
