# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules ask about routes they ask by the SDK; without it by the nodes' own client, with the same result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_route
from unit.aws_lab import OVERLAY, AwsLab, Run, by_either_client, run_module

_BOTH = (
    *("test_overlay_route", "test_overlay_route_preflight", "test_overlay_route_info", "test_source_dest_check"),
    *("test_overlay_fleet", "test_overlay_prefix_list"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By either client, where the sentences are not the SDK's own."""
    if metafunc.module.__name__.rpartition(".")[2] in _BOTH:
        by_either_client(metafunc)


@pytest.fixture(autouse=True)
def _speak(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "aws" in request.fixturenames:
        lab: AwsLab = request.getfixturevalue("aws")
        monkeypatch.setattr(client, "HAS_BOTOCORE", lab.speaks == "sdk")


@pytest.fixture
def run(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run overlay_route for the overlay IP in all tables, as the operator."""

    def play(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "destinations": [OVERLAY],
            "route_table_ids": aws.tables,
            "wait_timeout": 5,
            **aws.options(),
            **params,
        }
        return run_module(overlay_route, capsys, check=check, **{k: v for k, v in chosen.items() if v is not None})

    return play
