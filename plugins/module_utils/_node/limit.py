# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One deadline for everything that a command does, and a last resort that nothing can swallow.

The calls to AWS know the deadline themselves; this is for what does not, `ip` or a file system that hangs, say.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import signal
from typing import Callable

GRACE = 0.5
"""Seconds after the deadline in which a command may still say how it ended; as many later it is ended for it."""
RESCUE = 5.0
"""Seconds for the last resort: letting go counts more than being late, but even `ip` can hang."""


class Expired(BaseException):
    """The deadline has passed and something still blocks. No `except Exception` on the way swallows it."""


def limit(seconds: float, last: Callable[[], object] | None = None, code: int = 1) -> None:
    """Interrupt the command a little after its deadline, and end the process where that was not enough.

    Args:
        seconds: from now.
        last: what must be done even then, before the process ends.
        code: the exit code with which it ends then.
    """
    times: list[bool] = []

    def expire(*_arguments: object) -> None:
        times.append(True)
        if len(times) == 1:
            raise Expired
        if len(times) == 2 and last is not None:
            signal.setitimer(signal.ITIMER_REAL, RESCUE)
            try:
                last()
            finally:
                os._exit(code)
        os._exit(code)

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(0.0, seconds) + GRACE, GRACE)


def release() -> None:
    """No more: the command has ended."""
    signal.setitimer(signal.ITIMER_REAL, 0)
