# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More tables than EC2's bucket holds, in real time, with the endpoint's buckets on."""

from __future__ import annotations

import time

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import Request
from unit.aws_lab import OVERLAY, AwsLab

TABLES = 60


def test_our_own_burst_is_never_throttled(aws: AwsLab) -> None:
    """48 at once, 12 at the rate; then others empty the bucket, and every table still moves."""
    create = aws.client.create_route_table
    tables = [create(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"] for dummy in range(TABLES)]
    try:
        aws.point(1, *tables)
        aws.control.advance(60)
        aws.endpoint.configure(throttle=True)
        ec2 = aws.ec2(aws.world.owner_admin)
        began = time.monotonic()
        assert job.run(ec2, Request((OVERLAY,), tuple(tables), network_interface_id=aws.eni(2)))["consistent"]
        assert time.monotonic() - began > 2, "the bucket was kept to"
        assert {call["code"] for call in aws.control.calls(action="ReplaceRoute")} == {""}
        # The bucket is empty now: these calls are throttled, as if others had made them, and come through in the end.
        few = Request((OVERLAY,), tuple(tables[:20]), network_interface_id=aws.eni(1), wait_timeout=30)
        assert job.run(aws.ec2(aws.world.owner_admin), few)["consistent"]
        assert "RequestLimitExceeded" in {call["code"] for call in aws.control.calls(action="ReplaceRoute")}
    finally:
        aws.endpoint.configure(throttle=False)
        for table in tables:
            aws.client.delete_route_table(RouteTableId=table)
