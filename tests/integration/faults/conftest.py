# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the fault tests: each runs with the SDK, as modules do, and with our own client, as nodes do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.aws_lab import CLIENTS, AwsLab, _aws_lab, clean

__all__ = ["_aws_lab", "aws"]


@pytest.fixture(params=CLIENTS)
def aws(request: pytest.FixtureRequest, _aws_lab: AwsLab) -> Iterator[AwsLab]:
    """The endpoint, clean, asked by either client; a test that made the lab itself fail has failed."""
    _aws_lab.speaks = request.param
    with clean(_aws_lab):
        yield _aws_lab
    _aws_lab.speaks = "sdk"
