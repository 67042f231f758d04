# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node among many that AWS throttles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from unit.clock import VirtualClock
from unit.node_script import Address, Told, play, read
from unit.script import Script


@pytest.mark.parametrize(("refusals", "left", "waits"), [(1, 60.0, 1), (2, 60.0, 2), (3, 60.0, 2), (1, 0.05, 0)])
def test_a_look_that_is_throttled_is_repeated_a_few_times_within_the_deadline(
    refusals: int, left: float, waits: int
) -> None:
    clock = VirtualClock()
    address: Any = Address([])
    script = [read(error="RequestLimitExceeded")] * min(refusals, waits + 1)
    answered = refusals <= waits
    with Script(*script, *([read("eni-me", "eni-me")] if answered else [])) as aws:
        here = Node(address, ec2=lambda opts: Ec2(aws), left=lambda: left, clock=clock)
        if answered:
            assert here.tables()[0].held_by("eni-me")
        else:
            with pytest.raises(AwsError, match="RequestLimitExceeded"):
                here.tables()
    assert 0.1 * waits <= clock.now <= 2.0 * waits


def test_a_look_that_fails_otherwise_is_not_repeated() -> None:
    with pytest.raises(AwsError, match="InternalError"):
        play(lambda here: here.show(), read(error="InternalError"))


def test_a_node_says_what_it_was_told_of_the_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[job.Request] = []

    def run(_ec2: Ec2, request: job.Request, _clock: Any) -> dict[str, Any]:
        requests.append(request)
        raise AwsError("Denied", "no")

    monkeypatch.setattr(job, "run", run)
    address: Any = Address([])
    address.config = replace(address.config, fleet=600)
    with Told([]) as aws, pytest.raises(job.JobError):
        Node(address, ec2=lambda opts: Ec2(aws)).take(Deadline(1.0))
    assert [request.fleet for request in requests] == [600]
