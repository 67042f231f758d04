# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time: one deadline for a whole move, and EC2's token buckets kept on our side.

Numbers: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (mutating calls: a bucket of 50
tokens, refilled at 5 a second, per account, region and API action). We stay a little below, since the way there
jitters.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

BURST = 48
RATE = 4.9  # tokens a second


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
    """A token bucket. Callers of several threads are served in turn, each told how long to wait."""

    def __init__(self, burst: int = BURST, rate: float = RATE, clock: Clock = time) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._lock = threading.Lock()
        self._tokens = float(burst)
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

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._rate)
        self._at = now
