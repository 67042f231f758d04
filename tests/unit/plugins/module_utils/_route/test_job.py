# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request from start to end on the model: request rates, deadlines, and what was read too long ago."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job, write
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError, Request
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import PlanError
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_route
from unit.clock import VirtualClock
from unit.ec2_model import OVERLAY, Cloud, ModelEc2, faults_in_turn

A, B, C = "eni-a", "eni-b", "eni-c"
EC2_BURST, EC2_RATE = 50, 5.0


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time knows one caller."""
    monkeypatch.setattr(job, "Writer", partial(write.Writer, workers=1))


class Throttle:
    """EC2's own bucket of one API action; it answers a call without a token by RequestLimitExceeded."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._tokens, self._at, self.refused = clock, float(EC2_BURST), 0.0, 0

    def __call__(self, operation: str, _table: str) -> str:
        if operation != "ReplaceRoute":
            return ""
        now = self._clock.now
        self._tokens, self._at = min(EC2_BURST, self._tokens + (now - self._at) * EC2_RATE), now
        if self._tokens < 1:
            self.refused += 1
            return "throttle"
        self._tokens -= 1
        return ""


def scene(tables: int, **model: Any) -> tuple[Cloud, VirtualClock, Any]:
    clock = VirtualClock()
    cloud = Cloud.of({f"rtb-{n:03}": A for n in range(tables)})
    return cloud, clock, ModelEc2(cloud, clock, **model)


def request(cloud: Cloud, **more: Any) -> Request:
    return Request((OVERLAY,), tuple(cloud.history), network_interface_id=B, **more)


@pytest.mark.parametrize(
    ("tables", "verify", "seconds"),
    [(48, False, 0.0), (200, False, 31.1), (24, True, 0.0), (48, True, 9.8), (200, True, 71.9)],
)
def test_our_own_burst_is_never_throttled(tables: int, verify: bool, seconds: float) -> None:
    cloud, clock, ec2 = scene(tables, latency=lambda: 0.0)
    ec2.fault = throttle = Throttle(clock)
    result = job.run(ec2, request(cloud, verify_permissions=verify), clock)
    assert throttle.refused == 0
    assert result["consistent"] is True
    assert set(cloud.truth.values()) == {B}
    assert clock.now == pytest.approx(seconds, abs=0.2), "no longer than the rate asks for"


def test_many_dry_runs_do_not_spread_the_writes() -> None:
    """The tables differ for as long as the writes take: better to wait for the tokens and then send all at once."""
    cloud, clock, ec2 = scene(48, latency=lambda: 0.0)
    job.run(ec2, request(cloud, verify_permissions=True), clock)
    times = [past[-1][0] for past in cloud.history.values()]
    assert max(times) - min(times) < 0.1
    assert min(times) > 5


def test_a_bucket_that_others_emptied_is_waited_for() -> None:
    cloud, clock, ec2 = scene(60, latency=lambda: 0.0)
    ec2.fault = throttle = Throttle(clock)
    throttle._tokens = 0.0
    assert job.run(ec2, request(cloud), clock)["consistent"] is True
    assert throttle.refused > 0
    assert clock.now < 30


def test_what_was_read_long_ago_is_read_again() -> None:
    """Somebody moved it while the DryRuns waited for their tokens: the stale request is refused all the same."""
    cloud, clock, ec2 = scene(60, latency=lambda: 0.0)

    def move_it(operation: str, table: str) -> str:
        if operation == "ReplaceRoute" and table == "rtb-059":
            for name in cloud.history:
                cloud.put(name, C, clock.now)
        return ""

    ec2.fault = move_it
    with pytest.raises(PlanError, match="points at eni-c, not at the expected holder eni-a"):
        job.run(ec2, request(cloud, verify_permissions=True, expected_holder=A), clock)
    assert cloud.writes == []
    assert set(cloud.truth.values()) == {C}


def test_a_table_that_is_deleted_half_way_does_not_keep_the_others_from_being_read() -> None:
    cloud, clock, ec2 = scene(3)

    def gone(operation: str, table: str) -> str:
        if (operation, table) == ("ReplaceRoute", "rtb-001"):
            cloud.deleted.add("rtb-000")
        return ""

    ec2.fault = gone
    with pytest.raises(
        JobError, match=r"^Not done in rtb-000: rtb-000 was deleted meanwhile\. Done in rtb-001, rtb-002\."
    ):
        job.run(ec2, request(cloud), clock)


def test_a_request_is_by_default_what_the_module_asks_for_by_default() -> None:
    """The node's program makes requests without the module."""
    given = {field.name: field.default for field in dataclasses.fields(Request)}
    for name, option in overlay_route.SPEC.items():
        if "default" in option and name in given:
            assert given[name] == option["default"], name


@pytest.mark.parametrize("fault", ["throttle", "error"])
def test_the_first_read_is_asked_again(fault: str) -> None:
    cloud, clock, ec2 = scene(2, fault=faults_in_turn([fault] * 5))
    assert job.run(ec2, request(cloud), clock)["changed"] is True


def test_the_first_read_is_not_asked_for_ever() -> None:
    cloud, clock, ec2 = scene(2, fault=lambda *_: "throttle")
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        job.run(ec2, request(cloud, wait_timeout=10), clock)
    assert 10 <= clock.now < 12
    assert 4 <= ec2.aws.calls["DescribeRouteTables"] <= 60  # at random, less and less often


def test_a_read_that_fails_is_asked_again_twice_as_long_afterwards() -> None:
    cloud, clock, ec2 = scene(2, fault=lambda *_: "error")
    with pytest.raises(AwsError, match="InternalError"):
        job.run(ec2, request(cloud, wait_timeout=10), clock)
    assert ec2.aws.calls == {"DescribeRouteTables": 10}  # two seconds at most


def test_an_endpoint_that_never_answers_costs_one_call() -> None:
    cloud, clock, ec2 = scene(2, fault=lambda *_: "hang")
    with pytest.raises(AwsError, match="Unreachable"):
        job.run(ec2, request(cloud), clock)
    assert ec2.aws.calls == {"DescribeRouteTables": 1}


def test_a_dry_run_refusal_names_every_destination_of_the_table() -> None:
    cloud, clock, ec2 = scene(2, fault=lambda _name, table: "denied" if table == "rtb-001" else "")
    two = Request((OVERLAY, "192.168.10.16/32"), tuple(cloud.history), network_interface_id=B, verify_permissions=True)
    with pytest.raises(
        JobError, match=r"ReplaceRoute: refused \(UnauthorizedOperation\).* Nothing was changed\.$"
    ) as err:
        job.run(ec2, two, clock)
    told = {(r["route_table_id"], r["destination"]): r["error"] for r in err.value.result["routes"]}
    assert sum(error is not None for error in told.values()) == 2
    assert all(error is None or table == "rtb-001" for (table, _d), error in told.items())
    assert err.value.result["changed"] is False
    assert cloud.writes == []


def test_the_summary_of_a_partial_failure() -> None:
    cloud, clock, ec2 = scene(3, fault=lambda _name, table: "denied" if table == "rtb-001" else "")
    with pytest.raises(JobError) as failed:
        job.run(ec2, request(cloud), clock)
    assert str(failed.value) == (
        "Not done in rtb-001: ReplaceRoute: refused (UnauthorizedOperation). Done in rtb-000, rtb-002. "
        "No route was deleted by this; run again to finish."
    )
    assert failed.value.result["diff"]["after"]["rtb-001"] == {OVERLAY: f"{A} active"}


def test_a_fixed_deadline_is_never_put_off_and_leaves_time_to_read_back() -> None:
    """160 writes need 23 s of tokens; a node that is killed at 20 s must have ended before, and know what it moved."""
    cloud, clock, ec2 = scene(160)
    with pytest.raises(JobError) as told:
        job.run(ec2, request(cloud, wait_timeout=20.0, fixed=True), clock)
    assert clock.now <= 20.0 + 0.1
    routes = told.value.result["routes"]
    here = [r for r in routes if r["after"]["network_interface_id"] == B]
    assert len(here) == list(cloud.truth.values()).count(B)
    assert 100 < len(here) < 160
    assert {r["error"] is None for r in here} == {True}


def test_a_fixed_deadline_leaves_time_for_slow_reads() -> None:
    """One clock for everything: what the first read took is no longer there, and no write comes after the last read."""
    cloud, clock, ec2 = scene(160, latency=lambda: 0.0)
    read = ec2.tables

    def slowly(*arguments: Any, **more: Any) -> Any:
        clock.sleep(1.5)
        return read(*arguments, **more)

    ec2.tables = slowly
    with pytest.raises(JobError) as told:
        job.run(ec2, request(cloud, wait_timeout=20.0, fixed=True), clock)
    assert clock.now <= 20.0
    codes = {r["error"]["code"] for r in told.value.result["routes"] if r["error"]}
    assert codes == {"Timeout"}, "all was read back"
    assert "and its turn never came" in str(told.value)
    assert len(str(told.value)) < 3000


def test_what_aws_said_before_the_deadline_is_the_reason() -> None:
    """The last attempt has no time left to be answered; "check the network" would be a lie."""
    cloud, clock, ec2 = scene(1)
    errors = ["RequestLimitExceeded"] * 3 + ["Unreachable"]

    def refused(*_arguments: Any, **_more: Any) -> Any:
        code = errors.pop(0)
        clock.sleep(1.0)
        raise AwsError(code, f"{code}.")

    ec2.tables = refused
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        job.run(ec2, request(cloud, wait_timeout=3.5, fixed=True), clock)


def test_a_named_table_that_is_gone_keeps_no_other_from_being_moved() -> None:
    cloud, clock, ec2 = scene(3)
    cloud.deleted.add("rtb-001")
    result = job.run(ec2, request(cloud, missing_ok=True), clock)
    assert cloud.truth == {"rtb-000": B, "rtb-002": B}
    assert [r["route_table_id"] for r in result["routes"]] == ["rtb-000", "rtb-002"]


@pytest.mark.parametrize(
    ("wanted", "again"),
    [
        ({"network_interface_id": B}, "No route was deleted by this; run again to finish."),
        ({"state": "absent"}, "Run again to finish."),
    ],
)
def test_the_summary_where_nothing_was_done(wanted: dict[str, str], again: str) -> None:
    cloud, clock, ec2 = scene(1, fault=lambda name, _table: "denied" if name != "DescribeRouteTables" else "")
    with pytest.raises(JobError) as failed:
        job.run(ec2, Request((OVERLAY,), tuple(cloud.history), **wanted), clock)  # type: ignore[arg-type]
    assert str(failed.value).endswith(f"refused (UnauthorizedOperation). No other table was concerned. {again}")
