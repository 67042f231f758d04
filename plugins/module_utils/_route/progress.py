# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a job while it lasts: nothing of a normal one, a line for each route of one that takes long.

A job lasts where there are many tables, since EC2 takes about five writes a second once fifty have been sent, or where
AWS throttles or answers late. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

from .._aws.pace import Clock
from .._aws.rate import RATE

LONG = 5.0
"""Seconds that asking, or writing, may last before anything is told of it: in a normal job it is over by then."""


class Progress:
    """Counts what is done; says it in sentences once it has lasted for LONG.

    Args:
        tell: gets each sentence; called by one thread at a time.
        clock: the time.
    """

    def __init__(self, tell: Callable[[str], None], clock: Clock = time) -> None:
        self._tell, self._clock = tell, clock
        self._began = self._said = clock.monotonic()
        self._lock = threading.Lock()
        self._written: set[Any] = set()
        self._asked, self._writes = 0, False
        self._routes = self._tables = 0

    def expect(self, routes: int, tables: int) -> None:
        """So many routes are to be written, in so many tables."""
        self._routes, self._tables = routes, tables

    def writes(self) -> None:
        """Writing begins, or goes on. What was asked and waited for before that is another matter."""
        if not self._writes:
            self._writes, self._began = True, self._clock.monotonic()

    def written(self, action: Any) -> None:
        """AWS has taken a write: a line for each, but only the first time."""
        with self._lock:
            if action.key in self._written:
                return
            self._written.add(action.key)
            done = f"{len(self._written)} of {max(self._routes, len(self._written))}"
            if self._seconds >= LONG:
                destination = action.key[1]
                self._say(f"{destination} in {action.route_table_id} is written, {done} ({self._seconds:.0f} s)")

    def asked(self) -> None:
        """AWS has said of one table whether it may be written: a line now and then."""
        with self._lock:
            self._asked += 1
            if self._seconds >= LONG and self._clock.monotonic() - self._said >= LONG:
                done = f"{min(self._asked, self._tables)} of {self._tables}"
                self._say(f"Asked whether the route tables may be written: {done} ({self._seconds:.0f} s)")

    def waits(self, seconds: float) -> None:
        """Nothing is sent for so long."""
        if seconds >= LONG:
            with self._lock:
                self._say(
                    f"Waiting {seconds:.0f} s: EC2 takes about {RATE:.0f} writes a second, and all are to go at once"
                )

    @property
    def _seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def _say(self, text: str) -> None:
        self._said = self._clock.monotonic()
        self._tell(text)
