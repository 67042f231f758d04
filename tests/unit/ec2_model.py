# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's route tables as a small model: virtual time, eventual consistency, faults on demand, several callers at once.

It has what `_route.move` and `_route.job` use of `Ec2`, and no more. Every write is kept, so that a test can judge what
was asked.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import UNREACHABLE, AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import operation
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    CREATE,
    DELETE,
    REPLACE,
    Action,
    Route,
    Table,
)
from unit.clock import VirtualClock

OVERLAY = "192.168.10.15/32"
LATENCY = 0.05  # seconds that a call takes
HUNG = 17.0  # seconds until the SDK gives up on a call that is never answered

#: What may befall a call. ``lost``: carried out, but not answered.
FAULTS = ("throttle", "error", "drop", "hang", "lost", "stale", "denied")


@dataclass
class Cloud:
    """The tables' truth, and its past: ``history[table]`` is a list of (time, target), the last one in force."""

    history: dict[str, list[tuple[float, str | None]]]
    writes: list[tuple[str, Action]] = field(default_factory=list)
    states: list[dict[str, str | None]] = field(default_factory=list)  # the truth after each change, in order
    dead: set[str] = field(default_factory=set)  # targets that cannot receive: their routes are blackholes
    deleted: set[str] = field(default_factory=set)  # tables

    @classmethod
    def of(cls, start: Mapping[str, str | None]) -> Cloud:
        """Tables and the interface that each points at."""
        return cls({table: [(float("-inf"), target)] for table, target in start.items()})

    @property
    def truth(self) -> dict[str, str | None]:
        """Per table, its target now."""
        return {table: past[-1][1] for table, past in self.history.items() if table not in self.deleted}

    def at(self, table: str, time: float) -> str | None:
        """Its target at a time."""
        return next(target for when, target in reversed(self.history[table]) if when <= time)

    def put(self, table: str, target: str | None, now: float) -> None:
        """Change the truth."""
        self.history[table].append((now, target))
        self.states.append(self.truth)


class SharedClock:
    """The time of one of several callers: it waits by its turn."""

    def __init__(self, clock: VirtualClock, wait: Callable[[float], None]) -> None:
        self._clock, self.sleep = clock, wait

    def monotonic(self) -> float:
        return self._clock.now


class ModelEc2:
    """The cloud as one caller sees it.

    Args:
        clock: each call takes time by it, and others may come first.
        fault: asked for each call what befalls it ("" for nothing), by the operation's name and the table.
        staleness: asked for each table of each read, how many seconds old the answer is.
        latency: asked for each call, how many seconds it takes before it is carried out.
    """

    def __init__(
        self,
        cloud: Cloud,
        clock: VirtualClock | SharedClock,
        name: str = "mover",
        *,
        fault: Callable[[str, str], str] = lambda _operation, _table: "",
        staleness: Callable[[], float] = lambda: 0.0,
        latency: Callable[[], float] = lambda: LATENCY,
    ) -> None:
        self.cloud, self.clock, self.name = cloud, clock, name
        self.fault, self.staleness, self.latency = fault, staleness, latency
        self.aws = SimpleNamespace(calls=Counter(), requests=[])
        self._lock = threading.Lock()

    def tables(
        self, route_table_ids: Sequence[str] = (), vpc_id: str | None = None, *, missing_ok: bool = False
    ) -> Any:
        with self._lock:
            fault = self._begin("DescribeRouteTables", "")
            wanted = [t for t in route_table_ids or sorted(self.cloud.history) if t not in self.cloud.deleted]
            if fault in ("drop", "hang", "lost"):
                raise _error(UNREACHABLE, "DescribeRouteTables")
            if len(wanted) < len(route_table_ids) and not missing_ok:
                raise _error("InvalidRouteTableID.NotFound", "DescribeRouteTables")
            age = 4.0 if fault == "stale" else 0.0
            return [self._table(table, self.clock.monotonic() - max(age, self.staleness())) for table in wanted]

    def write(self, action: Action, *, dry_run: bool = False) -> None:
        with self._lock:
            name, table = operation(action.kind), action.route_table_id
            fault = self._begin(name, table)
            if fault in ("drop", "hang"):
                raise _error(UNREACHABLE, name)
            if dry_run:
                return
            self.cloud.writes.append((self.name, action))
            self._change(action)
            if fault == "lost":
                self.clock.sleep(HUNG)
                raise _error(UNREACHABLE, name)

    def _begin(self, name: str, table: str) -> str:
        self.aws.calls[name] += 1
        fault = self.fault(name, table)
        self.clock.sleep(HUNG if fault == "hang" else self.latency())
        codes = {"throttle": "RequestLimitExceeded", "error": "InternalError", "denied": "UnauthorizedOperation"}
        if fault in codes:
            raise _error(codes[fault], name)
        return fault

    def _change(self, action: Action) -> None:
        table, there = action.route_table_id, self.cloud.truth.get(action.route_table_id)
        if table in self.cloud.deleted:
            raise _error("InvalidRouteTableID.NotFound", operation(action.kind))
        if action.kind == CREATE and there is not None:
            raise _error("RouteAlreadyExists", "CreateRoute")
        if action.kind == REPLACE and there is None:
            raise AwsError("InvalidParameterValue", "There is no route defined for 'X'", "ReplaceRoute")
        if action.kind == DELETE and there is None:
            raise _error("InvalidRoute.NotFound", "DeleteRoute")
        self.cloud.put(table, None if action.kind == DELETE else action.network_interface_id, self.clock.monotonic())

    def _table(self, table: str, time: float) -> Table:
        target = self.cloud.at(table, time)
        return table_of(table, target, "blackhole" if target in self.cloud.dead else "active")


def table_of(table: str, target: str | None, state: str = "active", destination: str = OVERLAY) -> Table:
    """A table with one overlay route, or with none."""
    route = Route(destination, target, state, network_interface_id=target) if target else None
    return Table(table, "vpc-1", "111111111111", routes=(route,) if route else ())


def faults_in_turn(script: Iterable[str]) -> Callable[[str, str], str]:
    """Give out the faults of a script, one per call; afterwards none."""
    left = iter(script)
    return lambda _operation, _table: next(left, "")


def _error(code: str, name: str) -> AwsError:
    return AwsError(code, f"{name}: refused ({code})", name)


class Stage:
    """Several callers on one virtual clock, one of them running at a time; ``choose`` says whose turn it is.

    Each caller runs in a thread of its own and stops at each call and each wait. Among those whose wait is over,
    ``choose(names)`` picks; when all wait, time goes on to the first that is due.
    """

    def __init__(self, clock: VirtualClock, choose: Callable[[Sequence[str]], str]) -> None:
        self.clock, self._choose = clock, choose
        self._due: dict[str, float] = {}
        self._go: dict[str, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self._jobs: dict[str, Callable[[], None]] = {}
        self._kill_at: dict[str, int] = {}
        self._failures: list[Exception] = []

    def add(self, name: str, job: Callable[[SharedClock], None]) -> None:
        """A caller; ``job`` gets the clock that it has to live by."""
        clock = SharedClock(self.clock, self._waiter(name))
        self._jobs[name] = lambda: job(clock)
        self._go[name], self._due[name] = threading.Semaphore(0), self.clock.now

    def _waiter(self, name: str) -> Callable[[float], None]:
        def wait(seconds: float) -> None:
            self._due[name] = self.clock.now + seconds
            self._back.release()
            self._go[name].acquire()
            self._kill_at[name] = self._kill_at.get(name, 0) - 1
            if self._kill_at[name] == 0:
                raise Killed

        return wait

    def kill(self, name: str, turn: int) -> None:
        """The caller never comes back from its ``turn``-th wait, counted from 1."""
        self._kill_at[name] = turn

    def run(self) -> None:
        """Until all are done."""
        threads = [threading.Thread(target=self._play, args=(name,), daemon=True) for name in self._jobs]
        for thread in threads:
            thread.start()
        while self._due:
            ready = sorted(name for name, due in self._due.items() if due <= self.clock.now)
            if not ready:
                self.clock.now = min(self._due.values())
                continue
            self._go[self._choose(ready) if len(ready) > 1 else ready[0]].release()
            self._back.acquire()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _play(self, name: str) -> None:
        self._go[name].acquire()
        try:
            self._jobs[name]()
        except Killed:
            pass
        except Exception as err:
            self._failures.append(err)
        finally:
            del self._due[name]
            self._back.release()


class Killed(BaseException):
    """SIGKILL: no handler of the code under test may see it."""
