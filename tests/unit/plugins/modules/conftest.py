# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules ask about routes they ask by the SDK; without it by the nodes' own client, with the same result."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client
from unit.aws_lab import AwsLab, by_either_client

_BOTH = ("test_overlay_route", "test_overlay_route_info", "test_source_dest_check")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By either client, where the sentences are not the SDK's own."""
    if metafunc.module.__name__.rpartition(".")[2] in _BOTH:
        by_either_client(metafunc)


@pytest.fixture(autouse=True)
def _speak(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "aws" in request.fixturenames:
        lab: AwsLab = request.getfixturevalue("aws")
        monkeypatch.setattr(client, "HAS_BOTOCORE", lab.speaks == "sdk")
