# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 answers 503 for a while, in real time: outlasted where wait_timeout allows it, by reads as by writes.

A minute of it in `make ill`, some seconds in `make test`.
"""

from __future__ import annotations

import os
import threading
import time

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import Request
from unit.aws_lab import OVERLAY, AwsLab

SECONDS = 60.0 if os.environ.get("ILL") else 8.0
LATE = 30.0  # a loaded machine's


def unavailable(aws: AwsLab, action: str) -> None:
    aws.control.fault("error", code="Unavailable", status=503, match={"action": action})


@pytest.mark.parametrize("action", ["DescribeRouteTables", "ReplaceRoute"])
def test_it_is_outlasted(aws: AwsLab, action: str) -> None:
    aws.point(1)
    unavailable(aws, action)
    ends = threading.Timer(SECONDS, aws.control.clear, ["faults"])
    began = time.monotonic()
    ends.start()
    try:
        seconds = 2 * SECONDS + LATE
        wanted = Request((OVERLAY,), tuple(aws.tables), network_interface_id=aws.eni(2), wait_timeout=seconds)
        assert job.run(aws.ec2(), wanted)["consistent"]
        assert time.monotonic() - began >= SECONDS
    finally:
        ends.cancel()
        ends.join()
        aws.control.clear("faults")


@pytest.mark.parametrize("action", ["DescribeRouteTables", "ReplaceRoute"])
def test_it_is_told_where_wait_timeout_ends_before_it(aws: AwsLab, action: str) -> None:
    aws.point(1)
    unavailable(aws, action)
    try:
        wanted = Request((OVERLAY,), tuple(aws.tables), network_interface_id=aws.eni(2), wait_timeout=SECONDS / 4)
        with pytest.raises((AwsError, job.JobError), match=r"Unavailable"):
            job.run(aws.ec2(), wanted)
    finally:
        aws.control.clear("faults")
