# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry a plan out: all tables at once, then read back and mend until they show what is wanted or time is up.

The truth is what DescribeRouteTables says at the end, never what a write answered: an answer can be lost, a read can
be stale, another mover can come in between. So this is a loop: plan from what was read, write, read again.

Two movers at once: EC2 has no compare-and-swap, and each table is written on its own. The first table by id leads.
Whoever holds it at the end has won and mends the others; the loser lets his tables follow it and says so.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from . import _plan
from ._aws import AwsError
from ._ec2 import Ec2, operation
from ._pace import Bucket, Clock, Deadline, seconds_for
from ._plan import KEPT, NONE, REPLACE, Action, Route, Table, Want

WORKERS = 16
SETTLE = 1.0  # seconds in which a read may still show what was before our write
YIELD = 5.0  # seconds after which a leading table that reads otherwise was taken by another mover
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

Key = tuple[str, str]


@dataclass
class Outcome:
    """What was planned, what came of it, and how the tables read at the end.

    ``errors`` names, per table and destination, why it does not show what is wanted; ``unread`` is set where the
    tables could not be read back, so that ``tables`` is older than the last write; ``tried`` is what was written to.
    """

    actions: list[Action]
    tables: list[Table]
    errors: dict[Key, AwsError] = field(default_factory=dict)
    tried: set[Key] = field(default_factory=set)
    unread: AwsError | None = None

    @property
    def changed(self) -> bool:
        """Whether a route is another than before; where that could not be read, whether a write was tried."""
        if self.unread:
            return bool(self.tried)
        by_id = {t.route_table_id: t for t in self.tables}
        return any(a.key in self.tried and _differs(a, by_id.get(a.route_table_id)) for a in self.actions)


def _differs(action: Action, table: Table | None) -> bool:
    route = table.static(action.destination) if table else None
    return (route.target if route else None) != (action.before.target if action.before else None)


def permitted(ec2: Ec2, actions: Sequence[Action], wait_timeout: float, clock: Clock = time) -> dict[Key, AwsError]:
    """Ask by DryRun, once per table, whether the caller may do what is planned; the refusals.

    A table with nothing to do is asked for ReplaceRoute: that is what the next move will need.
    """
    asked: dict[str, Action] = {}
    for action in actions:
        known = asked.get(action.route_table_id)
        if known is None or (action.writes and not known.writes):
            asked[action.route_table_id] = action
    probes = [a if a.writes else replace(a, kind=REPLACE) for a in asked.values() if a.network_interface_id or a.writes]
    deadline = Deadline(wait_timeout + seconds_for(len(probes)), clock)
    return _Writer(ec2, clock).write(probes, deadline, dry_run=True)


def carry_out(
    ec2: Ec2,
    actions: list[Action],
    tables: list[Table],
    want: Want,
    reread: Callable[[], list[Table]],
    wait_timeout: float,
    clock: Clock = time,
) -> Outcome:
    """Write what the actions say and stay until every table reads back right, or ``wait_timeout`` seconds passed.

    ``reread`` reads the same tables again. Never raises AwsError: what went wrong is in the outcome.
    """
    outcome = Outcome(actions, tables)
    if _open(outcome, want):
        _Convergence(ec2, outcome, want, reread, wait_timeout, clock).run()
    return outcome


def _open(outcome: Outcome, want: Want) -> list[Action]:
    by_id = {t.route_table_id: t for t in outcome.tables}
    return [a for a in outcome.actions if a.route_table_id not in by_id or not _satisfied(a, by_id, want)]


def _satisfied(action: Action, by_id: dict[str, Table], want: Want) -> bool:
    return _plan.satisfied(action, by_id[action.route_table_id], want)


class _Writer:
    """Sends writes side by side, each API action within its bucket."""

    def __init__(self, ec2: Ec2, clock: Clock) -> None:
        self._ec2, self._clock = ec2, clock
        self._buckets: dict[str, Bucket] = {}

    def write(self, actions: Sequence[Action], deadline: Deadline, *, dry_run: bool = False) -> dict[Key, AwsError]:
        """The errors, by key; what is not named was answered with success."""
        if not actions:
            return {}
        for action in actions:
            self._buckets.setdefault(operation(action.kind), Bucket(clock=self._clock))
        pool = ThreadPoolExecutor(min(WORKERS, len(actions)))
        futures = {pool.submit(self._one, action, deadline, dry_run): action for action in actions}
        done, _late = wait(futures, timeout=deadline.left + 0.1)
        pool.shutdown(wait=False, cancel_futures=True)
        errors = {}
        for future, action in futures.items():
            err = future.result() if future in done else _late_error(action)
            if err:
                errors[action.key] = err
        return errors

    def _one(self, action: Action, deadline: Deadline, dry_run: bool) -> AwsError | None:
        if not self._buckets[operation(action.kind)].take(deadline):
            return _late_error(action)
        try:
            self._ec2.write(action, dry_run=dry_run)
        except AwsError as err:
            return err
        return None


def _late_error(action: Action) -> AwsError:
    name = operation(action.kind)
    return AwsError("Timeout", f"{name} in {action.route_table_id} was not done within wait_timeout.", name)


class _Convergence:
    """The loop of one move."""

    def __init__(
        self,
        ec2: Ec2,
        outcome: Outcome,
        want: Want,
        reread: Callable[[], list[Table]],
        wait_timeout: float,
        clock: Clock,
    ) -> None:
        self.outcome, self.want, self.reread, self.clock = outcome, want, reread, clock
        self.writer = _Writer(ec2, clock)
        self.deadline = Deadline(wait_timeout + seconds_for(sum(a.writes for a in outcome.actions)), clock)
        started = clock.monotonic()
        self.settled_from = {a.key: started for a in outcome.actions}

    def run(self) -> None:
        """Write, read, mend, until nothing is open, nothing more can be done, or time is up."""
        self._write([a for a in self.outcome.actions if a.writes])
        pause = FIRST_PAUSE
        while True:
            self._read()
            pending = [a for a in _open(self.outcome, self.want) if not self._hopeless(a)]
            if (not pending and self.outcome.unread is None) or self.deadline.over:
                break
            self._write(self._due(pending))
            self.clock.sleep(min(pause, self.deadline.left))
            pause = min(LONGEST_PAUSE, pause * 2)
        self._judge()

    def _write(self, due: Sequence[Action]) -> None:
        errors = self.writer.write(due, self.deadline)
        now = self.clock.monotonic()
        for action in due:
            self.outcome.tried.add(action.key)
            self.outcome.errors.pop(action.key, None)
            if action.key in errors:
                self.outcome.errors[action.key] = errors[action.key]
            self.settled_from[action.key] = now

    def _read(self) -> None:
        try:
            self.outcome.tables = self.reread()
            self.outcome.unread = None
        except AwsError as err:
            self.outcome.unread = err
            if not err.transient:
                self._read_what_is_left(err)

    def _read_what_is_left(self, err: AwsError) -> None:
        """Nothing more can be read: give up at once instead of at the deadline."""
        for action in self.outcome.actions:
            self.outcome.errors.setdefault(action.key, err)
        self.deadline = Deadline(0, self.clock)

    def _hopeless(self, action: Action) -> bool:
        err = self.outcome.errors.get(action.key)
        if err is None or err.transient:
            return False
        # Raced by a twin or by our own lost answer: the next plan sees what is there now.
        return err.code not in ("RouteAlreadyExists", "InvalidRoute.NotFound") and not _no_such_route(err)

    def _due(self, pending: Sequence[Action]) -> list[Action]:
        """Of what is open, what to write now; the kinds are planned anew from what was read."""
        if self.outcome.unread:
            return []
        by_id = {t.route_table_id: t for t in self.outcome.tables}
        want = replace(self.want, expected_holder=None)
        now = self.clock.monotonic()
        due = []
        for action in pending:
            if action.route_table_id not in by_id:
                self._lost(action, f"Route table {action.route_table_id} was deleted meanwhile.")
                continue
            (again,) = _plan.plan([by_id[action.route_table_id]], replace(want, destinations=(action.destination,)))
            if again.kind == KEPT:  # healthy elsewhere by now, and the caller said to leave such a route alone
                self.outcome.actions[self.outcome.actions.index(action)] = replace(again, before=action.before)
            if not again.writes:
                continue  # right, but not active yet
            failed = action.key in self.outcome.errors
            if not failed and now - self.settled_from[action.key] < SETTLE:
                continue
            if failed or want.state == "absent" or self._leads(action, by_id):
                due.append(again)
            elif now - self.settled_from[self._leader(action)] >= YIELD:
                return self._follow(action, by_id)
        return due

    def _leader(self, action: Action) -> Key:
        return min(a.key for a in self.outcome.actions if a.destination == action.destination)

    def _leads(self, action: Action, by_id: dict[str, Table]) -> bool:
        """Whether the leading table is ours, so that we mend the others."""
        table = by_id.get(self._leader(action)[0])
        route = table.static(action.destination) if table else None
        return route is not None and route.network_interface_id == self.want.network_interface_id

    def _follow(self, action: Action, by_id: dict[str, Table]) -> list[Action]:
        """Another mover won: send our tables where the leading one points, and call every one of them lost."""
        leader = by_id.get(self._leader(action)[0])
        winner = leader.static(action.destination) if leader else None
        mine = [a for a in self.outcome.actions if a.destination == action.destination]
        if winner and winner.network_interface_id:
            follow = [
                Action(REPLACE, a.route_table_id, a.destination, None, winner.network_interface_id)
                for a in mine
                if (table := by_id.get(a.route_table_id))
                and (route := table.static(a.destination))
                and route.network_interface_id == self.want.network_interface_id
            ]
            self._write(follow)
            self._read()
        holder = (winner.instance_id or winner.target) if winner else "nothing"
        for lost in mine:
            self._lost(lost, f"{lost.destination} was moved to {holder} by somebody else at the same time.")
        return []

    def _lost(self, action: Action, why: str) -> None:
        self.outcome.errors[action.key] = AwsError("MovedElsewhere", f"{why} Look at the status, then run again.")

    def _judge(self) -> None:
        """Name an error for everything that is open, and none for what turned out right."""
        outcome, still = self.outcome, {a.key for a in _open(self.outcome, self.want)}
        if outcome.unread:
            for action in outcome.actions:
                text = f"{action.route_table_id} could not be read back: {outcome.unread.message}"
                outcome.errors.setdefault(action.key, AwsError("Unread", text, outcome.unread.operation))
            return
        by_id = {t.route_table_id: t for t in outcome.tables}
        outcome.errors = {k: e for k, e in outcome.errors.items() if k in still or e.code == "MovedElsewhere"}
        for action in outcome.actions:
            if action.key in still:
                table = by_id.get(action.route_table_id)
                found = table.static(action.destination) if table else None
                outcome.errors.setdefault(action.key, _not_there(action, found))


def _no_such_route(err: AwsError) -> bool:
    return err.code == "InvalidParameterValue" and "no route defined" in err.message


def _not_there(action: Action, found: Route | None) -> AwsError:
    state = f"points at {found.instance_id or found.target} and is {found.state}" if found else "does not exist"
    return AwsError(
        "NotReached",
        f"{action.destination} in {action.route_table_id} {state} after wait_timeout: is the target instance running? "
        "Run again once it is.",
    )


def shown(route: Route | None) -> dict[str, Any] | None:
    """A route as the modules return it."""
    if route is None:
        return None
    answer: dict[str, Any] = {
        "network_interface_id": route.network_interface_id,
        "instance_id": route.instance_id,
        "state": route.state,
    }
    if route.network_interface_id is None:
        answer["target"] = route.target
    return answer


def predicted(actions: Iterable[Action], tables: Sequence[Table], instance_id: str | None) -> list[Table]:
    """The tables as they will read once the actions are carried out: what check mode shows."""
    by_key = {a.key: a for a in actions if a.kind not in (NONE, KEPT)}
    if not instance_id:
        eni = next((a.network_interface_id for a in by_key.values()), None)
        held = (r for t in tables for r in t.routes if eni and r.network_interface_id == eni)
        instance_id = next((r.instance_id for r in held), None)
    result = []
    for table in tables:
        mine = {a.destination: a for a in by_key.values() if a.route_table_id == table.route_table_id}
        routes = [r for r in table.routes if not (r.ours and r.destination in mine)]
        for action in mine.values():
            if eni := action.network_interface_id if action.kind != _plan.DELETE else None:
                routes.append(Route(action.destination, eni, network_interface_id=eni, instance_id=instance_id))
        result.append(replace(table, routes=tuple(routes)))
    return result
