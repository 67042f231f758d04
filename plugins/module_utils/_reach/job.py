# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for routes from start to end: read, plan, apply, verify, and tell.

Shared by ``transit_gateway_route`` and ``transit_gateway_return_route``, which differ in where the routes are.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .._aws.api import Api
from .._aws.errors import AwsError
from .._aws.pace import Clock, Deadline
from .._route.job import JobError
from .._route.plan import BLACKHOLE, DELETE, NONE, NOT_REACHED, REPLACE, UNREAD
from .._route.told import partly
from .._route.write import Key, Writer
from . import plan
from .plan import TransitAction, TransitRoute, TransitTable, Want

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
SETTLE = 1.0  # seconds in which a read may still show what was before our write
# Raced by a twin, or by our own write whose answer was lost: what is read next says what to do.
_RACED = frozenset({"RouteAlreadyExists", "InvalidRoute.NotFound", "Timeout"})


@dataclass(frozen=True)
class Request:
    """What is asked for, where, and how; ``check``: change nothing, only foretell."""

    want: Want
    route_table_ids: tuple[str, ...]
    wait_timeout: float = 60.0
    verify_permissions: bool = False
    check: bool = False


class Place(Protocol):
    """Where the routes are. ``called`` is what the target is called there."""

    aws: Api
    called: str

    def tables(self, route_table_ids: Sequence[str], destinations: Sequence[str]) -> list[TransitTable]:
        """What the tables do with these destinations."""

    def judge(self, want: Want) -> None:
        """Raise PlanError for what cannot be in the tables that were read."""

    def foretold(self, want: Want) -> TransitRoute:
        """A route to the target as it will read."""

    def operation(self, action: TransitAction) -> str:
        """The API action that carries it out."""

    def write(self, action: TransitAction, *, dry_run: bool = False) -> None:
        """Exactly one call."""


@dataclass
class _Outcome:
    """What was planned, what came of it, and how the tables read at the end."""

    actions: list[TransitAction]
    tables: list[TransitTable]
    errors: dict[Key, AwsError] = field(default_factory=dict)
    written: bool = False


def run(place: Place, request: Request, clock: Clock = time) -> dict[str, Any]:
    """Do it. Returns what the modules return; raises JobError, or AwsError or PlanError: then nothing was changed."""
    want = request.want
    tables = _read(place, request)
    place.judge(want)
    actions = plan.plan(tables, want)
    outcome = _Outcome(actions, tables)
    writer = Writer(place, clock, named=place.operation)
    if request.verify_permissions:
        _prove(place, request, outcome, writer)
    if request.check:
        makes = any(a.writes and a.kind != DELETE for a in actions)
        known = place.foretold(want) if makes else TransitRoute("", want.target)
        outcome.tables = plan.predicted(actions, tables, known)
        outcome.written = any(a.writes for a in actions)
        return _result(place, want, outcome)
    _carry_out(place, request, outcome, writer)
    result = _result(place, want, outcome)
    if outcome.errors:
        told = partly(outcome.errors, (action.route_table_id for action in outcome.actions))
        raise JobError(f"{told} Run again to finish.", result)
    return result


def _read(place: Place, request: Request) -> list[TransitTable]:
    return place.tables(request.route_table_ids, request.want.destinations)


def _prove(place: Place, request: Request, outcome: _Outcome, writer: Writer) -> None:
    """Ask by DryRun, once per table, whether the caller may do what is planned, or would have to do next."""
    asked: dict[str, TransitAction] = {}
    for action in outcome.actions:
        known = asked.get(action.route_table_id)
        if known is None or (action.writes and not known.writes):
            asked[action.route_table_id] = action
    probes = [a if a.writes else replace(a, kind=REPLACE) for a in asked.values()]
    probes = [a for a in probes if a.kind != REPLACE or a.target]
    refused = writer.write(
        probes, Deadline(request.wait_timeout + writer.seconds_for(probes), writer.clock), dry_run=True
    )
    if refused:
        text = " ".join(dict.fromkeys(err.sentence for err in refused.values()))
        outcome.errors = {a.key: refused[p.key] for p in probes for a in outcome.actions
                          if p.key in refused and a.route_table_id == p.route_table_id}  # fmt: skip
        raise JobError(f"{text} Nothing was changed.", _result(place, request.want, outcome))


def _carry_out(place: Place, request: Request, outcome: _Outcome, writer: Writer) -> None:
    """Write, and read until every table shows what is wanted, nothing more can be done, or time is up."""
    want = request.want
    due = [a for a in outcome.actions if a.writes]
    deadline = Deadline(request.wait_timeout + writer.seconds_for(due), writer.clock)
    started = writer.clock.monotonic()
    outcome.written, pause = bool(due), FIRST_PAUSE
    waiting = _open(outcome, want)
    while waiting:
        outcome.errors.update(writer.write(due, deadline))
        for action in due:
            started = writer.clock.monotonic()
            if action.key in outcome.errors and outcome.errors[action.key].code in _RACED:
                del outcome.errors[action.key]
        unread = _reread(place, request, outcome)
        waiting = _open(outcome, want)
        if deadline.over or (unread and not unread.transient) or all(_final(outcome, action) for action in waiting):
            _judge(outcome, waiting, unread)
            return
        settled = writer.clock.monotonic() - started >= SETTLE
        due = [] if unread else _again(outcome, waiting, want, settled)
        for action in due:
            outcome.errors.pop(action.key, None)
        writer.clock.sleep(min(pause, deadline.left))
        pause = min(LONGEST_PAUSE, pause * 2)
    outcome.errors.clear()


def _reread(place: Place, request: Request, outcome: _Outcome) -> AwsError | None:
    """Read the tables again; where that fails, they stay as they were read last."""
    try:
        outcome.tables = _read(place, request)
    except AwsError as err:
        return err
    return None


def _open(outcome: _Outcome, want: Want) -> list[TransitAction]:
    by_id = {t.route_table_id: t for t in outcome.tables}
    return [a for a in outcome.actions if not plan.satisfied(a, by_id[a.route_table_id], want)]


def _final(outcome: _Outcome, action: TransitAction) -> bool:
    """Whether AWS said no, and will say so again."""
    err = outcome.errors.get(action.key)
    return err is not None and not err.transient


def _again(outcome: _Outcome, waiting: Sequence[TransitAction], want: Want, settled: bool) -> list[TransitAction]:
    """What to write once more: what failed for a moment, and what still reads wrong when no read is stale any more."""
    by_id = {t.route_table_id: t for t in outcome.tables}
    again = []
    for action in waiting:
        following = plan.step(by_id[action.route_table_id], action.destination, want)
        failed = action.key in outcome.errors
        if following.writes and not _final(outcome, action) and (failed or settled):
            again.append(following)
    return again


def _judge(outcome: _Outcome, waiting: Sequence[TransitAction], unread: AwsError | None) -> None:
    """Name an error for everything that is open, and none for what turned out right."""
    open_keys = {a.key for a in waiting}
    outcome.errors = {key: err for key, err in outcome.errors.items() if key in open_keys}
    by_id = {t.route_table_id: t for t in outcome.tables}
    for action in waiting:
        where = f"{action.destination} in {action.route_table_id}"
        route = by_id[action.route_table_id].static(action.destination)
        state = f"leads to {route.target} and is {route.state}" if route else "does not exist"
        late = AwsError(NOT_REACHED, f"{where} {state} after wait_timeout: is the target available? Run again.")
        if unread:
            late = AwsError(UNREAD, f"{where} could not be read back, so that it may be old or new: {unread.message}")
        outcome.errors.setdefault(action.key, late)


def _result(place: Place, want: Want, outcome: _Outcome) -> dict[str, Any]:
    by_id = {t.route_table_id: t for t in outcome.tables}
    routes = []
    for action in outcome.actions:
        err = outcome.errors.get(action.key)
        routes.append(
            {
                "route_table_id": action.route_table_id,
                "destination": action.destination,
                "action": action.kind,
                "before": plan.shown(action.before, place.called),
                "after": plan.shown(by_id[action.route_table_id].routes.get(action.destination), place.called),
                "error": {"code": err.code, "message": err.message} if err else None,
            }
        )
    return {
        "changed": outcome.written and any(_differs(r) for r in routes),
        place.called: want.target,
        "routes": routes,
        "api_calls": dict(place.aws.calls),
        "diff": {"before": _diff(routes, "before", place.called), "after": _diff(routes, "after", place.called)},
    }


def _differs(route: Mapping[str, Any]) -> bool:
    """Whether a route is another than before; of its state counts blackhole alone, since others come by themselves."""
    sides = [{**s, "state": s["state"] == BLACKHOLE} if s else None for s in (route["before"], route["after"])]
    unread = route["error"] is not None and route["error"]["code"] == UNREAD
    return route["action"] != NONE and (sides[0] != sides[1] or unread)


def _diff(routes: Sequence[Mapping[str, Any]], side: str, called: str) -> dict[str, dict[str, str]]:
    answer: dict[str, dict[str, str]] = {}
    for route in routes:
        shown, text = route[side], "absent"
        if shown:
            of = f" ({shown['resource_id']})" if shown["resource_id"] else ""
            text = f"{shown[called] or 'nowhere'}{of} {shown['type']} {shown['state']}"
        answer.setdefault(route["route_table_id"], {})[route["destination"]] = text
    return answer
