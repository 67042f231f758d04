# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry a plan out: all tables at once, then read back and mend until they show what is wanted or time is up.

The truth is what DescribeRouteTables says at the end, never what a write answered: an answer can be lost, a read can
be stale, another mover can come in between. So this is a loop: write, read, plan again from what was read.

Two movers at once: EC2 has no compare-and-swap, and each table is written on its own. The first table by id leads.
A mover writes it once (and again only where that write failed); whoever wrote it last has won and mends the other
tables. A mover that still reads somebody else's target in it after YIELD seconds has lost: from then on it never
writes the leading table, copies that table's route to the others until all are equal, and reports every table lost.
So whichever mover lives longest leaves one holder everywhere, as long as no read is older than YIELD seconds.
Reads may be stale for a moment, and then two movers could each see all tables right and leave: a mover that saw any
sign of another one therefore looks again SETTLE seconds after its last write.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from .._aws.errors import UNREACHABLE, AwsError
from .._aws.pace import Deadline
from . import plan
from .ec2 import Ec2
from .plan import KEPT, NONE, REPLACE, UNREAD, Action, Route, Table, Want
from .told import moved_elsewhere, not_reached, unread
from .write import Key, Writer

SETTLE = 1.0  # seconds in which a read may still show what was before our write
YIELD = 5.0  # seconds after which a leading table that reads otherwise was taken by another mover
GRACE = 10.0  # seconds that the first writes, or mending after another mover, may take even past wait_timeout
LAST_READ = 2.0  # seconds of a fixed deadline that the writes leave to what reads them back
SILENCE = 20.0  # seconds without any answer from AWS after which we stop asking
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

Wants = Mapping[Key, Want]
_Whole = tuple[str, "str | None"]

_GONE = "InvalidRouteTableID.NotFound"
# Raced by a twin, or by our own write whose answer was lost: what is read next says what to do.
_RACED = frozenset({"RouteAlreadyExists", "InvalidRoute.NotFound", "Timeout"})


@dataclass
class Outcome:
    """What was planned, what came of it, and how the tables read at the end.

    ``errors`` names, per table and destination, why it does not show what is wanted; ``unread`` is set where the
    tables could not be read back, so that ``tables`` is older than the last write; ``tried`` is what was written to;
    ``written`` is when the first writes had been answered, on the clock's monotonic time.
    """

    actions: list[Action]
    tables: list[Table]
    errors: dict[Key, AwsError] = field(default_factory=dict)
    tried: set[Key] = field(default_factory=set)
    unread: AwsError | None = None
    written: float | None = None

    @property
    def changed(self) -> bool:
        """Whether a route is another than before; where that could not be read, whether it may be."""
        if self.unread:
            return any(err.code == UNREAD for key, err in self.errors.items() if key in self.tried)
        by_id = _by_id(self.tables)
        return any(
            _target(by_id.get(a.route_table_id), a.destination) != (a.before.target if a.before else None)
            for a in self.actions
            if a.key in self.tried and a.route_table_id in by_id
        )


def permitted(
    ec2: Ec2, actions: Sequence[Action], wait_timeout: float, writer: Writer | None = None
) -> dict[Key, AwsError]:
    """Ask by DryRun, once per table, whether the caller may do what is planned; the refusals.

    A table with nothing to do is asked for ReplaceRoute: that is what the next move will need.
    """
    writer = writer or Writer(ec2)
    asked: dict[str, Action] = {}
    for action in actions:
        known = asked.get(action.route_table_id)
        if known is None or (action.writes and not known.writes):
            asked[action.route_table_id] = action
    probes = [a if a.writes else replace(a, kind=REPLACE) for a in asked.values() if a.network_interface_id or a.writes]
    deadline = Deadline(max(wait_timeout, GRACE) + writer.seconds_for(probes), writer.clock)
    refused: dict[Key, AwsError] = {}
    pause = FIRST_PAUSE
    while True:
        errors = writer.write(probes, deadline, dry_run=True)
        probes = [a for a in probes if a.key in errors and errors[a.key].busy]
        refused = {key: err for key, err in {**refused, **errors}.items() if key in errors or not err.busy}
        if not probes or deadline.over:
            return refused
        writer.clock.sleep(min(pause, deadline.left))
        pause = min(LONGEST_PAUSE, pause * 2)


def carry_out(
    ec2: Ec2,
    actions: list[Action],
    tables: list[Table],
    want: Want | Wants,
    reread: Callable[[], list[Table]],
    wait_timeout: float,
    writer: Writer | None = None,
    *,
    fixed: bool = False,
) -> Outcome:
    """Write what the actions say and stay until every table reads back right, or ``wait_timeout`` seconds passed.

    Where the actions have several targets, as in an evacuation, what is wanted is told for each of their keys.

    The time that EC2's request rate asks for is added, and a little where another mover is about; with ``fixed`` never:
    who is killed at a deadline must have ended before it. ``reread`` reads the same tables again. Never raises
    AwsError: what went wrong is in the outcome.
    """
    outcome = Outcome(actions, tables)
    wants = dict.fromkeys((a.key for a in actions), want) if isinstance(want, Want) else want
    if _open(outcome, wants):
        _Convergence(outcome, wants, reread, wait_timeout, writer or Writer(ec2), fixed).run()
    return outcome


class _Convergence:
    """The loop of one move. ``touched``: when a key was last written; ``lost``: what another mover won."""

    def __init__(
        self,
        outcome: Outcome,
        wants: Wants,
        reread: Callable[[], list[Table]],
        wait_timeout: float,
        writer: Writer,
        fixed: bool,
    ) -> None:
        self.outcome, self.wants, self.reread = outcome, wants, reread
        self.writer, self.clock = writer, writer.clock
        self.wait_timeout, self.fixed = wait_timeout, fixed
        now = self.clock.monotonic()
        self.touched = {action.key: now for action in outcome.actions}
        self.heard = now
        self.lost: set[_Whole] = set()
        self.yielded: set[_Whole] = set()
        self.mine: set[Key] = set()  # read back at our target
        self.contested = any(_split(outcome.actions))
        self.put_off = False

    def run(self) -> None:
        """Write, read, mend, until nothing is open, nothing more can be done, or time is up."""
        writes = [a for a in self.outcome.actions if a.writes]
        rate = 0.0 if self.fixed else self.writer.seconds_for(writes)
        self.deadline = Deadline(self.wait_timeout + rate, self.clock)
        until = self.deadline
        if self.fixed:  # what was written must still be read back
            until = Deadline(self.wait_timeout - min(LAST_READ, self.wait_timeout / 4), self.clock)
            self._write(writes, until)
        else:
            self._write(writes, Deadline(max(self.wait_timeout, GRACE) + rate, self.clock))
        self.outcome.written = self.clock.monotonic()
        pause = FIRST_PAUSE
        if any(err.throttled for err in self.outcome.errors.values()):
            self._wait(pause, until)
        while True:
            self._read()
            due, waiting = self._next()
            unsettled = self._unsettled()
            if not (waiting or unsettled) or self.deadline.over or (self.fixed and due and until.over):
                break
            self._write(due, until if self.fixed else self.deadline)
            self._wait(pause if waiting else max(unsettled, FIRST_PAUSE), until)
            pause = min(LONGEST_PAUSE, pause * 2)
        self._judge()

    def _wait(self, pause: float, until: Deadline) -> None:
        """Sleep until the next look: so many seconds, or until it is our turn where AWS throttles."""
        left = self.deadline.left
        if self.outcome.unread and self.outcome.unread.throttled:
            pause = self.writer.turns.soon()
        elif any(err.throttled for err in self.outcome.errors.values()):
            moved = len(self.outcome.errors) < sum(a.writes for a in self.outcome.actions)
            pause = self.writer.turns.soon() if moved else self.writer.turns.wait()
            left = until.left or left
        self.clock.sleep(min(pause, left))

    def _write(self, due: Sequence[Action], deadline: Deadline) -> None:
        errors = self.writer.write(due, deadline)
        now = self.clock.monotonic()
        for action in due:
            self.outcome.tried.add(action.key)
            self.outcome.errors.pop(action.key, None)
            self.touched[action.key] = now
        self.outcome.errors.update(errors)
        if any(a.key not in errors or errors[a.key].code not in (UNREACHABLE, "Timeout") for a in due):
            self.heard = now

    def _read(self) -> None:
        if self.fixed and self.deadline.over:
            self.outcome.unread = AwsError("Timeout", "there was no time left for it.")
            return
        try:
            self.outcome.tables = self.reread()
        except AwsError as err:
            self.outcome.unread = err
            silent = err.code == UNREACHABLE and self.clock.monotonic() - self.heard >= SILENCE
            if silent or not err.transient:
                self.deadline = Deadline(0, self.clock)
            return
        self.outcome.unread = None
        self.heard = self.clock.monotonic()
        self._watch()

    def _watch(self) -> None:
        """Notice another mover: his target, or a table that showed ours and no longer does."""
        by_id = _by_id(self.outcome.tables)
        for action in self.outcome.actions:
            target = _target(by_id.get(action.route_table_id), action.destination)
            if target == _goal(self.wants[action.key]):
                self.mine.add(action.key)
            elif action.key in self.mine or target not in (None, action.before.target if action.before else None):
                self.contested = True

    def _unsettled(self) -> float:
        """Seconds for which a read may still be too old to leave upon, where another mover is about."""
        since = self.clock.monotonic() - max(self.touched.values())
        return max(0.0, SETTLE - since) if self.contested else 0.0

    def _next(self) -> tuple[list[Action], bool]:
        """What to write now, and whether there is anything to wait for."""
        if self.outcome.unread:
            return [], True
        by_id, now = _by_id(self.outcome.tables), self.clock.monotonic()
        due: list[Action] = []
        waiting = False
        for index, action in enumerate(self.outcome.actions):
            table = by_id.get(action.route_table_id)
            if action.kind == KEPT or self._hopeless(action):
                continue
            if table is None:
                self.outcome.errors[action.key] = AwsError(_GONE, f"{action.route_table_id} was deleted meanwhile.")
                continue
            again = self._step(action, table, by_id)
            if again.kind == KEPT:  # healthy elsewhere by now, and the caller said to leave such a route alone
                self.outcome.actions[index] = replace(again, before=action.before)
            elif again.writes:
                waiting = True
                if self._may_write(action, by_id, now):
                    due.append(again)
            elif self._whole(action) not in self.lost and not plan.satisfied(action, table, self.wants[action.key]):
                waiting = True  # right, but not active yet
        return due, waiting

    def _step(self, action: Action, table: Table, by_id: dict[str, Table]) -> Action:
        """What leads to our target; where another mover won, to his."""
        want, whole = self.wants[action.key], self._whole(action)
        if whole in self.lost:
            winner = self._winner(action, by_id)
            if winner is None or winner.network_interface_id is None:
                return replace(action, kind=NONE)
            if winner.network_interface_id == want.network_interface_id:
                self.lost.discard(whole)  # that was a stale read
            want = replace(want, network_interface_id=winner.network_interface_id, takeover="always")
        return plan.step(table, action.destination, want)

    def _may_write(self, action: Action, by_id: dict[str, Table], now: float) -> bool:
        """Whether it is time to write again, and ours to do."""
        if action.key in self.outcome.errors:
            return True
        if not self.put_off:  # a stale read, or another mover: a short wait_timeout must not leave the tables split
            self.put_off = True
            self._put_off(YIELD + GRACE)
        if now - self.touched[action.key] < SETTLE:
            return False
        want, whole = self.wants[action.key], self._whole(action)
        if want.state == "absent" or whole in self.lost:
            return True
        winner = self._winner(action, by_id)
        if winner is not None and winner.network_interface_id == want.network_interface_id:
            return True
        if now - self.touched[self._leader(action, by_id)] >= YIELD:
            self.lost.add(whole)
            if whole not in self.yielded:  # once: whatever the others do, there is an end
                self.yielded.add(whole)
                self._put_off(GRACE)
        return False

    def _put_off(self, seconds: float) -> None:
        if not self.fixed:
            self.deadline.at_least(seconds)

    def _leader(self, action: Action, by_id: dict[str, Table]) -> Key:
        """The table that decides between movers: the first that is there and that we were not refused to write to."""
        whole = self._whole(action)
        rivals = (a for a in self.outcome.actions if a.kind != KEPT and self._whole(a) == whole)
        able = (a.key for a in rivals if a.route_table_id in by_id and not self._hopeless(a))
        return min(able, default=action.key)

    def _winner(self, action: Action, by_id: dict[str, Table]) -> Route | None:
        table = by_id.get(self._leader(action, by_id)[0])
        return table.static(action.destination) if table else None

    def _whole(self, action: Action) -> _Whole:
        """What is to be alike in several tables: a destination and its target. Two VPCs may have the same address."""
        return action.destination, self.wants[action.key].network_interface_id

    def _hopeless(self, action: Action) -> bool:
        err = self.outcome.errors.get(action.key)
        return err is not None and _final(err)

    def _judge(self) -> None:
        """Name an error for everything that is open, and none for what turned out right."""
        outcome = self.outcome
        still = {a.key for a in _open(outcome, self.wants)}
        if outcome.unread:
            for action in outcome.actions:
                refused = action.key in outcome.errors and _final(outcome.errors[action.key])
                if not refused and (action.key in outcome.tried or action.key in still):
                    outcome.errors[action.key] = unread(action, outcome.unread, outcome.errors.get(action.key))
            return
        by_id = _by_id(outcome.tables)
        outcome.errors = {key: err for key, err in outcome.errors.items() if key in still}
        for action in outcome.actions:
            if action.key not in still:
                continue
            if self._whole(action) in self.lost:
                outcome.errors[action.key] = moved_elsewhere(action, self._winner(action, by_id))
            else:
                table = by_id.get(action.route_table_id)
                found = table.static(action.destination) if table else None
                outcome.errors.setdefault(action.key, not_reached(action, found, self.wants[action.key]))


def _final(err: AwsError) -> bool:
    """Whether AWS said no, and will say so again."""
    no_such_route = err.code == "InvalidParameterValue" and "no route defined" in err.message
    return not (err.transient or err.code in _RACED or no_such_route)


def _goal(want: Want) -> str | None:
    return want.network_interface_id if want.state == "present" else None


def _open(outcome: Outcome, wants: Wants) -> list[Action]:
    by_id = _by_id(outcome.tables)
    return [
        a
        for a in outcome.actions
        if a.route_table_id not in by_id or not plan.satisfied(a, by_id[a.route_table_id], wants[a.key])
    ]


def _by_id(tables: Iterable[Table]) -> dict[str, Table]:
    return {table.route_table_id: table for table in tables}


def _target(table: Table | None, destination: str) -> str | None:
    route = table.static(destination) if table else None
    return route.target if route else None


def _split(actions: Sequence[Action]) -> Iterable[bool]:
    """Per destination, whether its routes pointed at several interfaces before: a sign that another mover is at it."""
    for destination in dict.fromkeys(a.destination for a in actions):
        held = (a.before.network_interface_id for a in actions if a.destination == destination and a.before)
        yield len({interface for interface in held if interface}) > 1


def routes(outcome: Outcome, actions: Iterable[Action]) -> list[dict[str, Any]]:
    """What came of these actions, as the modules return it."""
    by_id = _by_id(outcome.tables)
    return [
        {
            "route_table_id": action.route_table_id,
            "destination": action.destination,
            "action": action.kind,
            "before": shown(action.before),
            "after": shown(table.static(action.destination) if (table := by_id.get(action.route_table_id)) else None),
            "error": {"code": err.code, "message": err.message} if (err := outcome.errors.get(action.key)) else None,
        }
        for action in actions
    ]


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
