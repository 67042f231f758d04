# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the router follow the endpoint: every change reaches the data path a settable time after it was made."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from lab.endpoint.snapshot import VpcSnapshot


class Follower:
    """A thread that takes a snapshot at each change and applies it when its propagation delay has passed.

    Args:
        snapshot: reads the VPC as it is now.
        apply: makes the data path follow a snapshot.
        delay: seconds between a change and its effect; asked anew at each change.
        failed: told of an exception of ``apply``; the thread goes on with the next change.
    """

    def __init__(
        self,
        snapshot: Callable[[], VpcSnapshot],
        apply: Callable[[VpcSnapshot], None],
        delay: Callable[[], float],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._snapshot = snapshot
        self._apply = apply
        self._delay = delay
        self._failed = failed
        self._wake = threading.Condition()
        self._changed_at: float | None = None
        self._due: deque[tuple[float, VpcSnapshot]] = deque()
        self._stopping = False
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def notify(self) -> None:
        """Something changed. Returns at once: callers hold the endpoint's lock."""
        with self._wake:
            if self._changed_at is None:
                self._changed_at = time.monotonic()
            self._idle.clear()
            self._wake.notify()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every change so far has reached the data path; False if that takes over ``timeout`` seconds."""
        return self._idle.wait(timeout)

    def stop(self) -> None:
        """End the thread; changes that are not due yet are dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and self._changed_at is None and not self._is_due():
                    self._wake.wait(self._time_left())
                if self._stopping:
                    return
                changed_at, self._changed_at = self._changed_at, None
            try:
                if changed_at is not None:
                    self._due.append((changed_at + self._delay(), self._snapshot()))
                while self._is_due():
                    self._apply(self._due.popleft()[1])
            except Exception as error:
                self._failed(error)
            with self._wake:
                if not self._due and self._changed_at is None:
                    self._idle.set()

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.monotonic()

    def _time_left(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
