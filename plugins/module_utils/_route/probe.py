# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a service again and again over TCP, and tell how long it was silent. Standard library only.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._aws.pace import Clock


@dataclass(frozen=True)
class Attempt:
    """One connection: when it was begun, in seconds since the first one, and whether it came about."""

    at: float
    good: bool


def connects(address: str, port: int, timeout: float) -> bool:
    """Whether a TCP connection comes about within so many seconds."""
    try:
        with socket.create_connection((address, port), timeout=timeout):
            return True
    except OSError:
        return False


def run(
    connect: Callable[[], bool], interval: float, seconds: float, stop_file: str | None, clock: Clock
) -> list[Attempt]:
    """Try every `interval` seconds, for `seconds` or until `stop_file` is gone.

    An attempt that takes longer delays the next one; what it missed is not made up for.
    """
    began = clock.monotonic()
    attempts: list[Attempt] = []
    while True:
        at = clock.monotonic() - began
        if at >= seconds or (stop_file and not os.path.exists(stop_file)):
            return attempts
        attempts.append(Attempt(at, connect()))
        clock.sleep(max(0.0, at + interval - (clock.monotonic() - began)))


def report(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """How many were made, how many did not come about, and the longest silence.

    A silence goes from the last good attempt before it to the first good one after it, so it is never less than the
    real one. At the ends of the measurement it goes as far as that was seen.
    """
    good = [a.at for a in attempts if a.good]
    silences = [(a, b) for a, b in zip(good, good[1:]) if any(not t.good and a < t.at < b for t in attempts)]
    if attempts and not attempts[0].good:
        silences.append((attempts[0].at, good[0] if good else attempts[-1].at))
    if good and not attempts[-1].good:
        silences.append((good[-1], attempts[-1].at))
    since, until = max(silences, key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))
    return {
        "tried": len(attempts),
        "missed": sum(not a.good for a in attempts),
        "longest_silence": round(until - since, 3),
        "silent_from": round(since, 3) if silences else None,
    }
