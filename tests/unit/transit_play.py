# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: transit_gateway_route against an endpoint with EC2's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import transit_gateway_route
from unit import transit_lab
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module
from unit.transit_lab import Transit


@pytest.fixture
def transit(aws: AwsLab) -> Iterator[Transit]:
    built = transit_lab.build(aws)
    yield built
    transit_lab.remove(built)


@pytest.fixture
def play(transit: Transit, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module for the overlay IP in both tables, as the administrator."""

    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "destinations": [OVERLAY],
            "transit_gateway_route_table_ids": transit.tables,
            "wait_timeout": 3,
            **transit.aws.options(transit.aws.world.owner_admin),
            **params,
        }
        if not chosen.keys() & {"transit_gateway_attachment_id", "instance_id"}:
            chosen.setdefault("vpc_id", transit.aws.world.vpc_id)
        return run_module(transit_gateway_route, capsys, check=check, **chosen)

    return run
