# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS tries and cannot do is told with its own reason; what failed before is made anew. On a clock of our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import client_vpn_job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.client_vpn import Want
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.client_vpn_ec2 import ClientVpns
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError

OVERLAY, ENDPOINT, MARK = "192.168.10.15/32", "cvpn-endpoint-1", "aws_ha.overlay_ip"
READS = 3


class Endpoint:
    """An endpoint with one subnet, the API and the clock in one; ``states`` are those of the route, one for a read."""

    def __init__(self, *states: str, error: AwsError | None = None, unread: AwsError | None = None) -> None:
        self.calls: Counter[str] = Counter()
        self.made: list[str] = []
        self._states, self._error, self._unread, self._now = iter(states), error, unread, 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += max(seconds, 0.001)

    def pages(self, _service: str, operation: str, **_more: Any) -> Iterator[dict[str, Any]]:
        self.calls[operation] += 1
        if operation == "DescribeClientVpnTargetNetworks":
            found = [{"TargetNetworkId": "subnet-1", "VpcId": "vpc-1", "Status": {"Code": "associated"}}]
            yield {"ClientVpnTargetNetworks": found}
        elif operation == "DescribeClientVpnRoutes":
            if self._unread and self.calls[operation] > 1:
                raise self._unread
            state = next(self._states, "")
            route = {"DestinationCidr": OVERLAY, "TargetSubnet": "subnet-1", "Description": MARK}
            yield {"Routes": [{**route, "Status": {"Code": state, "Message": "no room"}}] if state else []}
        else:
            rule = {"DestinationCidr": OVERLAY, "AccessAll": True, "Status": {"Code": "active"}}
            yield {"AuthorizationRules": [rule]}

    def call(self, _service: str, operation: str, **_more: Any) -> dict[str, Any]:
        self.made.append(operation)
        if self._error:
            raise self._error
        return {}


def run(endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    request = client_vpn_job.Request(Want(ENDPOINT, (OVERLAY,)), **more)
    return client_vpn_job.run(ClientVpns(endpoint), request, endpoint)  # type: ignore[arg-type]


def test_what_aws_tried_and_could_not_is_told_and_not_tried_again() -> None:
    endpoint = Endpoint("", "creating", *["failed"] * 9)
    with pytest.raises(JobError, match=r"Not done: the route to \S+ by subnet-1 has failed: no room\.") as caught:
        run(endpoint)
    assert endpoint.made == ["CreateClientVpnRoute"]
    assert caught.value.result["changed"] is True
    assert caught.value.result["routes"][0]["error"]["code"] == "Failed"


def test_what_has_failed_before_is_deleted_and_made_anew() -> None:
    endpoint = Endpoint("failed", "deleting", "deleting", "", "creating", "active")
    result = run(endpoint)
    assert endpoint.made == ["DeleteClientVpnRoute", "CreateClientVpnRoute"]
    assert (result["routes"][0]["action"], result["routes"][0]["after"]["state"]) == ("replace", "active")


def test_a_read_that_is_late_is_no_reason_to_write_twice() -> None:
    endpoint = Endpoint("", "", "", "creating", "active")
    run(endpoint)
    assert endpoint.made == ["CreateClientVpnRoute"]


def test_a_refusal_for_good_ends_it_at_once() -> None:
    endpoint = Endpoint(error=AwsError("UnauthorizedOperation", "ec2:CreateClientVpnRoute is not permitted."))
    with pytest.raises(JobError, match="Not done: ec2:CreateClientVpnRoute is not permitted") as caught:
        run(endpoint)
    assert endpoint.made == ["CreateClientVpnRoute"]
    assert caught.value.result["changed"] is False


def test_a_busy_endpoint_is_asked_again_until_time_is_up() -> None:
    endpoint = Endpoint(error=AwsError("ConcurrentMutationLimitExceeded", "CreateClientVpnRoute: later"))
    with pytest.raises(JobError, match="Not done: CreateClientVpnRoute: later"):
        run(endpoint, wait_timeout=60)
    assert 10 < len(endpoint.made) < 25
    assert 60 <= endpoint.monotonic() < 70


def test_what_cannot_be_read_back_is_told_as_such() -> None:
    endpoint = Endpoint("", unread=AwsError("ExpiredToken", "The AWS credentials have expired"))
    with pytest.raises(JobError, match="could not be read back, so that it may be old or new: The AWS cred") as caught:
        run(endpoint)
    assert caught.value.result["changed"] is True
