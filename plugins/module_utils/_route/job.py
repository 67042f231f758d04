# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for overlay routes from start to end: read, check, plan, apply, verify, and tell.

Shared by the module ``overlay_route`` and by the program on the nodes.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable, TypeVar

from .._aws.errors import AwsError
from .._aws.pace import Clock, Deadline, Turns
from .._base.finding import ERROR, Finding, as_dicts
from . import findings as route_findings
from . import move, plan
from .ec2 import Ec2
from .facts import Instance, Interface, Subnet
from .lists import around, looked_at
from .plan import Action, PlanError, Table, Want
from .progress import Progress
from .told import partly
from .write import Writer

FRESH = 5.0  # seconds for which what was read before the first write counts as true

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """The options of ``overlay_route``, checked and canonical; ``check``: change nothing, only foretell.

    On a node: ``missing_ok``, a named table that is gone does not keep the others from being moved; ``fixed``,
    wait_timeout is never put off; ``fleet``: so many routes of others may move at the same time, 0 where nobody knows.
    """

    destinations: tuple[str, ...]
    route_table_ids: tuple[str, ...] = ()
    vpc_id: str | None = None
    network_interface_id: str | None = None
    instance_id: str | None = None
    device_index: int = 0
    state: str = "present"
    takeover: str = "always"
    expected_holder: str | None = None
    wait_timeout: float = 60.0
    verify_permissions: bool = False
    preflight: bool = False
    check: bool = False
    foreign: str = plan.REFUSE
    addresses: tuple[str, ...] = ()
    missing_ok: bool = False
    fixed: bool = False
    fleet: int = 0


class JobError(Exception):
    """A request that was refused, or not carried out wholly; ``result`` says what state things are in."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class _Target:
    """Where the route shall point. Interface and instance are None where they were not read."""

    network_interface_id: str | None = None
    interface: Interface | None = None
    instance: Instance | None = None

    @property
    def vpc_id(self) -> str | None:
        return self.interface.vpc_id if self.interface else None

    @property
    def holder(self) -> str | None:
        """The instance that it belongs to."""
        return self.interface.instance_id if self.interface else None


@dataclass(frozen=True)
class _Seen:
    """What was read before the first write: the target, ``every`` table known, and those that the request is about."""

    target: _Target
    every: list[Table]
    tables: list[Table]


def run(ec2: Ec2, request: Request, clock: Clock = time, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Do it. Returns what ``overlay_route`` returns; raises JobError, AwsError (nothing was changed) or PlanError.

    ``tell`` hears how far it is, where it takes long.
    """
    turns, began = Turns(request.fleet, clock), clock.monotonic()
    writer = Writer(ec2, clock, turns=turns)
    progress = writer.progress = Progress(tell, clock) if tell else None
    seen = _insist(lambda: _look(ec2, request), request, clock, turns.wait)
    want = Want(
        request.destinations,
        seen.target.network_interface_id,
        request.state,
        request.takeover,
        request.expected_holder,
        request.foreign,
        request.addresses,
    )
    started = clock.monotonic()
    tables, actions = seen.tables, plan.plan(seen.tables, want)
    if progress:
        progress.expect(sum(a.writes for a in actions), len(tables))
    findings = _preflight(ec2, request, seen, actions, clock)
    if request.verify_permissions:
        _prove(ec2, request, seen, actions, findings, writer)
    if request.check:
        outcome = move.Outcome(actions, plan.predicted(actions, tables, seen.target.holder))
        return _result(ec2, outcome, seen, findings, any(a.writes for a in actions))

    def reread() -> list[Table]:
        return ec2.tables([t.route_table_id for t in tables], missing_ok=True)

    writer.gather(actions)
    if clock.monotonic() - started > FRESH:  # many DryRuns and the wait for their tokens: somebody may have moved it
        read = [t.route_table_id for t in seen.tables]
        tables = _insist(lambda: ec2.tables(read, missing_ok=request.missing_ok), request, clock, turns.soon)
        actions = plan.plan(tables, want)
    left = request.wait_timeout
    if request.fixed:  # one clock for everything: what was read before has used some of it
        left = max(0.0, left - (clock.monotonic() - began))
    before = clock.monotonic()
    outcome = move.carry_out(ec2, actions, tables, want, reread, left, writer, fixed=request.fixed)
    result = _result(ec2, outcome, seen, findings, outcome.changed)
    ended, written = clock.monotonic(), before if outcome.written is None else outcome.written
    result["requests"] = _requests(ec2)
    result["seconds"] = {"read": before - began, "write": written - before, "verify": ended - written}
    if outcome.errors:
        raise JobError(_summary(outcome, want), result)
    return result


def _insist(read: Callable[[], T], request: Request, clock: Clock, later: Callable[[], float] | None = None) -> T:
    """What a read answers; asked again while AWS throttles it or fails, until wait_timeout.

    No answer at all is final: nothing was changed yet, and the SDK has tried more than once.
    """
    deadline, pause = Deadline(request.wait_timeout, clock), move.FIRST_PAUSE
    busy: list[AwsError] = []
    while True:
        try:
            return read()
        except AwsError as err:
            if busy and deadline.over and not err.busy:  # it had no time left to be answered
                raise busy[-1] from None
            if not err.busy or deadline.over:
                raise
            busy.append(err)
        turn = later() if later and busy[-1].throttled else pause
        clock.sleep(min(turn, deadline.left))
        pause = min(move.LONGEST_PAUSE, pause * 2)


def _look(ec2: Ec2, request: Request) -> _Seen:
    target = _target(ec2, request)
    every, tables = _tables(ec2, request, target)
    return _Seen(target, every, tables)


def _target(ec2: Ec2, request: Request) -> _Target:
    """Resolve an instance to one interface, since that is what a route holds.

    An interface is taken as it is: a node that may only move routes cannot describe it, and EC2 judges it at the first
    write. Check mode writes nothing and so asks, where that is permitted.
    """
    if request.instance_id:
        (instance,) = ec2.instances([request.instance_id])
        interface = instance.interface(request.device_index)
        return _Target(interface.network_interface_id, interface, instance)
    target = _Target(request.network_interface_id)
    if not request.network_interface_id or request.state == "absent":
        return target
    if request.preflight:
        (interface,) = ec2.interfaces([request.network_interface_id])
        holder = ec2.instances([interface.instance_id])[0] if interface.instance_id else None
        return replace(target, interface=interface, instance=holder)
    if request.check:
        try:
            return replace(target, interface=ec2.interfaces([request.network_interface_id])[0])
        except AwsError as err:
            if not err.denied:
                raise
    return target


def _tables(ec2: Ec2, request: Request, target: _Target) -> tuple[list[Table], list[Table]]:
    """All tables that were read, and those that the request is about. One DescribeRouteTables."""
    vpc_id = request.vpc_id or target.vpc_id
    if request.vpc_id and target.vpc_id and request.vpc_id != target.vpc_id:
        raise PlanError(
            f"The target is in {target.vpc_id}, but vpc_id is {request.vpc_id}: correct one of them. "
            "Nothing was changed."
        )
    if not request.route_table_ids:
        every = ec2.tables(vpc_id=vpc_id)
        return every, plan.serving(every)
    if vpc_id and (request.preflight or request.vpc_id):
        every = ec2.tables(vpc_id=vpc_id)
        by_id = {t.route_table_id: t for t in every}
        _refuse_foreign([r for r in request.route_table_ids if r not in by_id], vpc_id)
        return every, [by_id[r] for r in dict.fromkeys(request.route_table_ids)]
    tables = ec2.tables(request.route_table_ids, missing_ok=request.missing_ok)
    if vpc_id:
        _refuse_foreign([t.route_table_id for t in tables if t.vpc_id != vpc_id], vpc_id)
    return tables, tables


def _refuse_foreign(foreign: Sequence[str], vpc_id: str) -> None:
    if foreign:
        raise PlanError(
            f"Route table {', '.join(foreign)} does not exist in {vpc_id}, the VPC of the target: "
            "correct route_table_ids. Nothing was changed."
        )


def _preflight(
    ec2: Ec2, request: Request, seen: _Seen, actions: Sequence[Action], clock: Clock
) -> list[Finding] | None:
    """Look around before the first write; errors stop, warnings are returned."""
    if not request.preflight:
        return None
    tables, target = seen.tables, seen.target
    subnets, found = _subnets(ec2, request, tables, clock)
    lists, untold = looked_at(ec2.aws, around(tables, request.destinations))
    found += untold
    chosen = {t.route_table_id for t in tables}
    others = tuple(t for t in seen.every if t.route_table_id not in chosen)
    for destination in request.destinations:
        view = route_findings.View(
            destination, tuple(tables), others, tuple(subnets), target.interface, target.instance, lists
        )
        found += [f for f in route_findings.findings(view, moving=True) if f not in found]
    # Where nothing is to be written, the target's troubles are told but stop nobody.
    errors = [f for f in found if f.severity == ERROR] if any(a.writes for a in actions) else []
    if errors:
        text = " ".join(f"{f.message} {f.remedy}" for f in errors)
        outcome = move.Outcome(list(actions), list(tables))
        raise JobError(f"{text} Nothing was changed.", _result(ec2, outcome, seen, found, False))
    return found


def _subnets(ec2: Ec2, request: Request, tables: Sequence[Table], clock: Clock) -> tuple[list[Subnet], list[Finding]]:
    """The VPC's subnets, for warnings alone: without them the move goes on and says so."""
    try:
        return _insist(lambda: ec2.subnets(tables[0].vpc_id), request, clock) if tables else [], []
    except AwsError as err:
        return [], [route_findings.unseen("subnets", err)]


def _prove(
    ec2: Ec2,
    request: Request,
    seen: _Seen,
    actions: Sequence[Action],
    findings: Sequence[Finding] | None,
    writer: Writer,
) -> None:
    refused = move.permitted(ec2, actions, request.wait_timeout, writer)
    if refused:
        by_table = {table: err for (table, _destination), err in refused.items()}
        errors = {a.key: by_table[a.route_table_id] for a in actions if a.route_table_id in by_table}
        outcome = move.Outcome(list(actions), list(seen.tables), errors)
        text = " ".join(dict.fromkeys(err.sentence for err in refused.values()))
        raise JobError(f"{text} Nothing was changed.", _result(ec2, outcome, seen, findings, False))


def _result(
    ec2: Ec2, outcome: move.Outcome, seen: _Seen, findings: Sequence[Finding] | None, changed: bool
) -> dict[str, Any]:
    routes = move.routes(outcome, outcome.actions)
    destinations = dict.fromkeys(a.destination for a in outcome.actions)
    result = {
        "changed": changed,
        "network_interface_id": seen.target.network_interface_id,
        "routes": routes,
        "consistent": all(plan.consistent(outcome.tables, d) for d in destinations),
        "api_calls": dict(ec2.aws.calls),
        "diff": {"before": diff(routes, "before"), "after": diff(routes, "after")},
    }
    return result if findings is None else {**result, "findings": as_dicts(findings)}


def _requests(ec2: Ec2) -> dict[str, list[str]]:
    """The ids of the requests that wrote, or were to, by operation."""
    ids: dict[str, list[str]] = {}
    for name, request_id in ec2.aws.requests:
        if not name.startswith("Describe"):
            ids.setdefault(name, []).append(request_id)
    return ids


def diff(routes: Sequence[dict[str, Any]], side: str) -> dict[str, dict[str, str]]:
    """One side of the difference, by table and destination."""
    answer: dict[str, dict[str, str]] = {}
    for route in routes:
        shown = route[side]
        text = "absent"
        if shown:
            holder = shown["network_interface_id"] or shown["target"]
            of = f" ({shown['instance_id']})" if shown["instance_id"] else ""
            text = f"{holder}{of} {shown['state']}"
        answer.setdefault(route["route_table_id"], {})[route["destination"]] = text
    return answer


def _summary(outcome: move.Outcome, want: Want) -> str:
    """What did not work, where, what state things are in now, and what to do."""
    kept = "No route was deleted by this; run" if want.state == "present" else "Run"
    return f"{partly(outcome.errors, (a.route_table_id for a in outcome.actions))} {kept} again to finish."
