# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of the lab at every position of a move's calls, through the SDK and the wire.

After each run: what the result says of a table is the table's true state, nothing is called moved that is not, what
was moved can be sent back, and one more run finishes. Delays are scaled: the SDK gives up on a call after 0.3 s and
asks once, so that each fault meets one of our calls and not the SDK's own retries; those have tests of their own.
"""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import pytest
from integration.faults.children import child

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import move as move_report
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job, move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError, Request
from lab.world import wait_for
from unit.aws_lab import OVERLAY, QUICK, AwsLab

TABLES = 3
#: The calls of a move by interface: one read, a write per table, one read.
POSITIONS = range(TABLES + 2)
FAULTS: dict[str, dict[str, Any]] = {
    "throttle": {},
    "error": {"code": "InternalError", "status": 500},
    "unavailable": {"do": "error", "code": "Unavailable", "status": 503},
    "drop": {},
    "hang": {"seconds": 1},
    "lose_response": {},
    "delay": {"seconds": 0.4},
    "delay_response": {"seconds": 0.4},
    "stale": {"seconds": 3},
    "denied": {"do": "error", "code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized."},
}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the real times; the stale reads above are older than none of them."""
    monkeypatch.setattr(move, "SETTLE", 0.1)
    monkeypatch.setattr(move, "YIELD", 0.5)
    monkeypatch.setattr(move, "FIRST_PAUSE", 0.02)


def request(aws: AwsLab, node: int, **more: Any) -> Request:
    return Request((OVERLAY,), tuple(aws.tables), network_interface_id=aws.eni(node), wait_timeout=4, **more)


def attempt(ec2: Ec2, wanted: Request) -> dict[str, Any]:
    """The result, whether it failed or not; a refusal before the first write has no routes."""
    try:
        return {"failed": False, **job.run(ec2, wanted)}
    except JobError as err:
        return {"failed": True, "msg": str(err), **err.result}
    except AwsError as err:
        return {"failed": True, "msg": str(err), "changed": False, "routes": []}


def fault(aws: AwsLab, name: str, position: int, times: int = 1) -> None:
    """One fault, for the call at this position of the run that follows."""
    options = dict(FAULTS[name])
    aws.control.fault(options.pop("do", name), skip=position, times=times, match={"service": "ec2"}, **options)


def check_told(aws: AwsLab, result: dict[str, Any], before: dict[str, str | None], target: str) -> None:
    """The result against the truth."""
    truth = aws.truth()
    assert all(truth[table] in (before[table], target) for table in aws.tables), "a third target"
    if not result["routes"]:
        assert truth == before
        assert result["failed"]
    for route in result["routes"]:
        table, error = route["route_table_id"], route["error"]
        if error is None:
            assert truth[table] == target, "called moved, but is not"
        elif error["code"] != "Unread":
            assert truth[table] == (route["after"] or {}).get("network_interface_id"), "not its true state"
        assert (route["before"] or {}).get("network_interface_id") == before[table]
    assert result["failed"] == any(route["error"] for route in result["routes"]) or not result["routes"]
    unread = any(route["error"] and route["error"]["code"] == "Unread" for route in result["routes"])
    assert result["changed"] == (truth != before) or unread


def check_mends(aws: AwsLab, ec2: Ec2, result: dict[str, Any], before: dict[str, str | None]) -> None:
    """Rollback restores what there was to restore; one more run finishes."""
    aws.control.clear("faults")
    if result["failed"] and all(before.values()):
        for call in move_report.rollback_calls([result]):
            back: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in call.items()}
            job.run(ec2, Request(**back))
        assert aws.truth() == before
    assert not attempt(ec2, request(aws, 2))["failed"]
    assert aws.truth() == dict.fromkeys(aws.tables, aws.eni(2))


CASES = [
    (start, name, position)
    for start in (1, None)
    for name in FAULTS
    for position in POSITIONS
    if (start or name in ("throttle", "lose_response", "stale")) and (name, position) != ("stale", 0)
]


@pytest.mark.parametrize(("start", "name", "position"), CASES)
def test_a_fault_at_one_position(aws: AwsLab, start: int | None, name: str, position: int) -> None:
    """From node 1, or (None) from nowhere, to node 2."""
    aws.point(start)
    aws.control.advance(10)  # a stale read shows this, not what an earlier test left
    before = aws.truth()
    fault(aws, name, position)
    ec2 = aws.ec2(**QUICK)
    result = attempt(ec2, request(aws, 2))
    wait_until_ended(aws)
    check_told(aws, result, before, aws.eni(2))
    if name != "denied" and position > 0:
        assert not result["failed"], "a fault that passes is mended by the same run"
    check_mends(aws, ec2, result, before)


@pytest.mark.parametrize("position", POSITIONS[1:])
@pytest.mark.parametrize("name", ["throttle", "lose_response", "stale"])
def test_creating_where_a_repeated_create_is_no_error(aws: AwsLab, name: str, position: int) -> None:
    """The sources disagree on CreateRoute with the target that is there already: every other test has it refused."""
    aws.control.settings(refuse_same_target=False)
    try:
        aws.point(None)
        aws.control.advance(10)
        fault(aws, name, position)
        result = attempt(aws.ec2(**QUICK), request(aws, 2))
        wait_until_ended(aws)
    finally:
        aws.control.settings(refuse_same_target=True)
    assert not result["failed"]
    assert aws.truth() == dict.fromkeys(aws.tables, aws.eni(2))


def test_a_first_read_that_is_stale(aws: AwsLab) -> None:
    """What seems to be there already is not written, and nothing is called changed; the next run sees the truth."""
    aws.point(2)
    aws.control.advance(10)
    aws.point(1)
    before = aws.truth()
    aws.control.fault("stale", seconds=5, times=1, match={"service": "ec2"})
    ec2 = aws.ec2(**QUICK)
    result = attempt(ec2, request(aws, 2))
    assert (result["failed"], result["changed"]) == (False, False)
    assert {route["action"] for route in result["routes"]} == {"none"}
    assert aws.truth() == before
    check_mends(aws, ec2, result, before)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", ["drop", "lose_response", "denied", "error"])
def test_a_fault_from_one_position_on(aws: AwsLab, monkeypatch: pytest.MonkeyPatch, name: str, position: int) -> None:
    """What begins there and does not end."""
    monkeypatch.setattr(move, "SILENCE", 0.3)
    monkeypatch.setattr(move, "GRACE", 0.5)
    aws.point(1)
    before = aws.truth()
    fault(aws, name, position, times=10_000)
    ec2 = aws.ec2(**QUICK)
    result = attempt(ec2, replace(request(aws, 2), wait_timeout=0.5))
    check_told(aws, result, before, aws.eni(2))
    assert result["failed"]
    check_mends(aws, ec2, result, before)


@pytest.mark.parametrize("position", range(TABLES))
def test_a_table_deleted_half_way(aws: AwsLab, position: int) -> None:
    """Deleted by somebody else as the write to it is on its way."""
    extra = aws.client.create_route_table(VpcId=aws.world.vpc_id)["RouteTable"]["RouteTableId"]
    tables = sorted([*aws.tables[:2], extra])
    aws.point(1, *tables)
    ec2 = aws.ec2(aws.world.owner_admin)
    write = ec2.write
    gone: list[Any] = []

    def racing(action: Any, *, dry_run: bool = False) -> None:
        if action.route_table_id == tables[position] and not gone:
            gone.append(aws.client.delete_route_table(RouteTableId=extra))
        write(action, dry_run=dry_run)

    ec2.write = racing  # type: ignore[method-assign]
    with pytest.raises(JobError) as failed:
        job.run(ec2, Request((OVERLAY,), tuple(tables), network_interface_id=aws.eni(2), wait_timeout=4))
    routes = {route["route_table_id"]: route for route in failed.value.result["routes"]}
    assert routes[extra]["error"]["code"] == "InvalidRouteTableID.NotFound"
    assert routes[extra]["after"] is None
    rest = [table for table in tables if table != extra]
    assert [routes[table]["error"] for table in rest] == [None, None]
    assert [aws.truth()[table] for table in rest] == [aws.eni(2)] * 2


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("applied", [False, True], ids=["before the call", "after it was carried out"])
def test_sigkill(aws: AwsLab, position: int, applied: bool) -> None:
    """The process dies at its n-th call, which the lab holds for it."""
    aws.point(1)
    before = aws.truth()
    held = "delay_response" if applied else "hang"
    aws.control.fault(held, seconds=20, skip=position, times=1, match={"service": "ec2"})
    with child() as process:
        process.start(aws, 2)
        wait_until_held(aws, position)
        assert process.kill() == -signal.SIGKILL
    aws.control.clear("faults")
    truth = aws.truth()
    assert all(truth[table] in (before[table], aws.eni(2)) for table in aws.tables)
    assert not attempt(aws.ec2(**QUICK), request(aws, 2))["failed"]
    assert aws.truth() == dict.fromkeys(aws.tables, aws.eni(2))


def wait_until_ended(aws: AwsLab) -> None:
    """Until the call that met the fault has ended: a delayed one is carried out after its client gave up on it."""
    wait_for(lambda: any(call["faults"] for call in aws.control.calls()), "the faulty call to end", 20)


def wait_until_held(aws: AwsLab, position: int) -> None:
    """Until the one fault has met its call, and the calls before it and the writes beside it have ended."""
    ended = position if position in (0, TABLES + 1) else TABLES
    wait_for(lambda: not aws.endpoint.faults.listing() and len(aws.calls()) >= ended, "the child to come so far", 10)
