# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes, sent side by side, each API action within its token bucket.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Protocol

from .._aws.errors import AwsError
from .._aws.pace import Bucket, Clock, Deadline, Turns
from .ec2 import operation
from .progress import Progress

WORKERS = 16

Key = tuple[str, str]


class Action(Protocol):
    """What a writer has to know of an action: of `plan.Action`, and of what is like it."""

    @property
    def kind(self) -> str:
        """Create, replace, delete ..."""

    @property
    def route_table_id(self) -> str:
        """Where."""

    @property
    def key(self) -> Key:
        """What it is about."""

    @property
    def writes(self) -> bool:
        """Whether it needs a call that changes something."""


class Sender(Protocol):
    """Who makes the call."""

    def write(self, action: Any, *, dry_run: bool = False) -> None:
        """Exactly one call; raises AwsError."""


class Writer:
    """All writes of one job go through one writer: a DryRun draws from the same bucket as the write that it proves.

    Where many others may write at the same time (``turns``), the first action goes ahead alone: if AWS throttles it,
    the others are not sent. ``named`` tells the API action that carries an action out. ``progress`` hears what is done.
    ``tokens`` are what an earlier job has left in the buckets, by API action; the others begin full.
    """

    def __init__(
        self,
        ec2: Sender,
        clock: Clock = time,
        workers: int = WORKERS,
        turns: Turns | None = None,
        named: Callable[[Any], str] = lambda action: operation(action.kind),
        tokens: Mapping[str, float] | None = None,
    ) -> None:
        self.clock = clock
        self.turns = turns or Turns(clock=clock)
        self._ec2, self._workers, self._named = ec2, workers, named
        self._buckets = {name: Bucket(clock=clock, tokens=left) for name, left in (tokens or {}).items()}
        self._refusals: dict[str, AwsError] = {}
        self.progress: Progress | None = None

    def write(self, actions: Sequence[Action], deadline: Deadline, *, dry_run: bool = False) -> dict[Key, AwsError]:
        """Send them; the errors by key. What is not named was answered with success.

        None is begun after the deadline, and none is still under way on return: what is read afterwards is final.
        """
        if self.progress and not dry_run:
            self.progress.writes()
        for action in actions:
            self._bucket(self._named(action))
        if len(actions) < 2 or dry_run or not self.turns.crowded:
            return self._send(actions, deadline, dry_run)
        ahead = self._send(actions[:1], deadline, dry_run)
        told = [err for err in ahead.values() if err.throttled]
        if not told:
            return {**ahead, **self._send(actions[1:], deadline, dry_run)}
        return {
            **ahead,
            **{action.key: _held_back(action, self._named(action), told[0]) for action in actions[1:]},
        }

    def _send(self, actions: Sequence[Action], deadline: Deadline, dry_run: bool) -> dict[Key, AwsError]:
        answers: list[AwsError | None] = []
        workers = min(self._workers, len(actions))
        if workers > 1:
            answers += _side_by_side(lambda action: self._one(action, deadline, dry_run), actions, workers)
        else:  # a thread would cost time and gain none
            answers += [self._one(action, deadline, dry_run) for action in actions]
        return {action.key: err for action, err in zip(actions, answers) if err}

    def gather(self, actions: Sequence[Action]) -> None:
        """Wait until the buckets let all of them, or a bucket full of them, go at once.

        They would be done no sooner without this, but one by one, and the tables differ all the while.
        """
        waits = [self._bucket(name).full_in(count) for name, count in self._per_operation(actions)]
        if waits and max(waits) > 0:
            if self.progress:
                self.progress.waits(max(waits))
            self.clock.sleep(max(waits))

    def seconds_for(self, actions: Sequence[Action]) -> float:
        """How long the buckets make the last of them wait."""
        return max((self._bucket(name).seconds_for(count) for name, count in self._per_operation(actions)), default=0.0)

    @property
    def tokens(self) -> dict[str, float]:
        """What is left in the buckets, by API action."""
        return {name: bucket.tokens for name, bucket in self._buckets.items()}

    def _per_operation(self, actions: Sequence[Action]) -> list[tuple[str, int]]:
        return list(Counter(self._named(action) for action in actions if action.writes).items())

    def _bucket(self, name: str) -> Bucket:
        return self._buckets.setdefault(name, Bucket(clock=self.clock))

    def _one(self, action: Action, deadline: Deadline, dry_run: bool) -> AwsError | None:
        name = self._named(action)
        late = f"{name} in {action.route_table_id} was not sent in time"
        if deadline.over:
            return self._refusals.get(name) or AwsError("Timeout", f"{late}.", name)
        if not self._bucket(name).take(deadline):
            return self._refusals.get(name) or AwsError(
                "Timeout", f"{late}: EC2 takes about five a second, and its turn never came.", name
            )
        try:
            self._ec2.write(action, dry_run=dry_run)
        except AwsError as err:
            if err.throttled:
                self._refusals[name] = err
                self._bucket(name).refused()
            if dry_run and self.progress and not err.busy:
                self.progress.asked()
            return err
        if self.progress:
            self.progress.asked() if dry_run else self.progress.written(action)
        return None


def _held_back(action: Action, name: str, why: AwsError) -> AwsError:
    return AwsError(why.code, f"{name} in {action.route_table_id} was not sent: {why.message}", name)


def _side_by_side(
    send: Callable[[Action], AwsError | None], actions: Sequence[Action], workers: int
) -> list[AwsError | None]:
    """The answers in the order of the actions, by so many threads; returns, or raises, when all threads have ended.

    Not by `concurrent.futures`: importing it takes a node a sixth of the time that it has for a takeover.
    """
    answers: list[AwsError | None] = [None] * len(actions)
    failures: list[BaseException] = []
    left, lock = iter(range(len(actions))), threading.Lock()

    def work() -> None:
        while not failures:
            with lock:
                number = next(left, None)
            if number is None:
                return
            try:
                answers[number] = send(actions[number])
            except BaseException as exc:
                failures.append(exc)

    threads = [threading.Thread(target=work, daemon=True) for _worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers
