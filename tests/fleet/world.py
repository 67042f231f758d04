# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual time for code that uses threads: one of them runs at a time, and time passes only when all wait.

The order depends on the seed alone: who is due first goes on; of those who are due at once, who began to wait first.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from random import Random
from typing import Any

STACK = 256 * 1024  # bytes: thousands of threads wait at the same time


class Stopped(BaseException):
    """The run has ended: no handler of the code under test may keep it."""


class Task:
    """A thread of the simulated world, with what the code under test uses of `threading.Thread`."""

    def __init__(self, world: World, work: Callable[[], None]) -> None:
        self._world, self._work = world, work
        self.turn = threading.Semaphore(0)
        self.waiting: list[Task] = []
        self.done = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin when those that are due before have had their turn."""
        self._world.begin(self, 0.0)

    def join(self) -> None:
        """Wait for its end."""
        if not self.done:
            self._world.wait_for(self)

    def _run(self) -> None:
        self.turn.acquire()
        try:
            if not self._world.over:
                self._work()
        except Stopped:
            pass
        except BaseException as exc:
            self._world.failures.append(exc)
        self.done = True
        self._world.end(self)


class World:
    """The clock (`pace.Clock`), the chance and the threads of one run."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.random = Random(seed)
        self.failures: list[BaseException] = []
        self.over = False
        self._due: list[tuple[float, int, Task]] = []
        self._number = 0
        self._tasks: list[Task] = []
        self._running: Task | None = None
        self._main = threading.Semaphore(0)
        self._until = 0.0

    # -- what the code under test sees -----------------------------------------------------------------------------

    def monotonic(self) -> float:
        """The time in seconds."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Let others run until then."""
        if self.over:
            raise Stopped
        due = self.now + max(0.0, seconds)
        if due <= self._until and (not self._due or due < self._due[0][0]):  # nobody comes before: no need to change
            self.now = due
            return
        task = self._current()
        self._push(task, due)
        self._park(task)

    def thread(self, target: Callable[..., None], args: tuple[Any, ...] = (), daemon: bool = True) -> Task:
        """In place of `threading.Thread`."""
        return Task(self, lambda: target(*args))

    # -- the run ---------------------------------------------------------------------------------------------------

    def begin(self, task: Task, after: float) -> None:
        """Have the task begin so many seconds from now."""
        self._tasks.append(task)
        threading.stack_size(STACK)
        task.thread.start()
        self._push(task, self.now + after)

    def spawn(self, work: Callable[[], None], after: float = 0.0) -> Task:
        """A new task."""
        task = Task(self, work)
        self.begin(task, after)
        return task

    def run(self, until: float) -> None:
        """Until every task has ended, or that time has come; raises what a task raised."""
        self._until = until
        self._hand_on()
        self._main.acquire()
        self.over = True
        for task in self._tasks:
            if not task.done:
                task.turn.release()
            task.thread.join()
        if self.failures:
            raise self.failures[0]

    def wait_for(self, other: Task) -> None:
        """Park the running task until the other one has ended."""
        if self.over:
            raise Stopped
        task = self._current()
        other.waiting.append(task)
        self._park(task)

    def end(self, task: Task) -> None:
        """The task has ended: who waits for it is due."""
        if self.over:
            return
        for waiting in task.waiting:
            self._push(waiting, self.now)
        self._hand_on()

    def _current(self) -> Task:
        assert self._running is not None
        return self._running

    def _push(self, task: Task, due: float) -> None:
        self._number += 1
        heapq.heappush(self._due, (due, self._number, task))

    def _park(self, task: Task) -> None:
        self._hand_on(task)
        if self.over:
            raise Stopped

    def _hand_on(self, task: Task | None = None) -> None:
        """The next one runs; ``task`` waits for its turn."""
        if self.failures or not self._due or self._due[0][0] > self._until:
            self._main.release()
        else:
            self.now, _number, following = heapq.heappop(self._due)
            self._running = following
            if following is task:
                return
            following.turn.release()
        if task is not None:
            task.turn.acquire()
