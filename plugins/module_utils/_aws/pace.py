# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time: one deadline for a whole move, EC2's token buckets kept on our side, and turns where others empty them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol

from .rate import BURST, RATE, seconds_for_all

SOON, LATE = 0.1, 2.0  # seconds: the shortest and the longest wait of a caller who knows of no others
CUSHION, PART = 0.03, 0.2
"""Parts of the time that EC2 needs for all: in the first nobody asks again, so that the bucket is never quite empty
afterwards; and within the second, whoever has begun to move may go on. By tests/fleet, for 100 to 1,000 pairs."""


class Clock(Protocol):
    """What we need of time, so that tests need none."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


class Deadline:
    """A point in time that a whole job shares."""

    def __init__(self, seconds: float, clock: Clock = time) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - self._clock.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return self.left == 0.0

    def at_least(self, seconds: float) -> None:
        """Put it off where it is nearer than that."""
        self._end = max(self._end, self._clock.monotonic() + seconds)


class Bucket:
    """A token bucket. Callers of several threads are served in turn, each told how long to wait.

    It begins full, or with the ``tokens`` that somebody before us has left in it.
    """

    def __init__(
        self, burst: int = BURST, rate: float = RATE, clock: Clock = time, tokens: float | None = None
    ) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._lock = threading.Lock()
        self._tokens = float(burst) if tokens is None else min(float(burst), tokens)
        self._at = clock.monotonic()

    def take(self, deadline: Deadline) -> bool:
        """Wait for a token; False, and no token used, where it would come after the deadline."""
        with self._lock:
            self._refill()
            wait = max(0.0, (1.0 - self._tokens) / self._rate)
            if wait > deadline.left:
                return False
            self._tokens -= 1.0  # below zero: promised to a caller that still waits
        if wait:
            self._clock.sleep(wait)
        return True

    def refused(self) -> None:
        """AWS throttled a call although we had a token: others take from the bucket, and it is empty."""
        with self._lock:
            self._refill()
            self._tokens = min(self._tokens, 0.0)

    def full_in(self, tokens: int) -> float:
        """Seconds until so many tokens are there, or as many as it holds: then that many calls go at once."""
        with self._lock:
            self._refill()
            return max(0.0, (min(tokens, self._burst) - self._tokens) / self._rate)

    def seconds_for(self, calls: int) -> float:
        """How long so many calls from now on have to wait, the last of them."""
        with self._lock:
            self._refill()
            return max(0.0, (calls - self._tokens) / self._rate)

    @property
    def tokens(self) -> float:
        """What is in it now; below zero what is promised."""
        with self._lock:
            self._refill()
            return self._tokens

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._rate)
        self._at = now


class Turns:
    """When to ask again after AWS has throttled a call: the bucket is one for all of an account, and others empty it.

    A call that is throttled costs no token. But callers who all ask again at once, and soon, are nearly all throttled
    again, and what they read is throttled, too. Nobody can see how many others there are. Who was told knows how long
    EC2 needs for all of them, and draws a moment of that time: so the calls come as the tokens do. Who was not told, or
    whose time has passed, waits by decorrelated jitter: at random up to three times as long as the last time.

    Args:
        routes: that may move at the same time in this account and Region; 0: nobody told.
        clock: the time.

    Attributes:
        crowded: so many others may be about that one call should go ahead and try.
    """

    def __init__(self, routes: int = 0, clock: Clock = time) -> None:
        self.crowded = routes > BURST
        self._clock = clock
        self._need = seconds_for_all(routes)
        self._begin = clock.monotonic() + self._need * CUSHION
        self._end = self._begin + self._need
        self._last = SOON

    def wait(self) -> float:
        """Seconds until it is our turn to begin."""
        now = self._clock.monotonic()
        until = max(0.0, self._begin - now)
        left = self._end - now - until
        return until + chance() * left if left > SOON else self._jitter()

    def soon(self) -> float:
        """Seconds until it is our turn for what is half done, or only read."""
        if self._clock.monotonic() < self._end:
            return SOON + chance() * self._need * PART
        return self._jitter()

    def _jitter(self) -> float:
        self._last = min(LATE, SOON + chance() * (3 * self._last - SOON))
        return self._last


def chance() -> float:
    """A number from 0 to 1, without the import of `random`, which a takeover would pay for."""
    return int.from_bytes(os.urandom(4), "big") / 2**32
