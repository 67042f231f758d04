# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The best that any code could do: arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def best(detected: Sequence[float], tables: int, burst: float, rate: float, latency: float) -> list[float]:
    """When each pair is back, if somebody who knows all of them gave out every token at the moment that it is there.

    Whoever notices first is served first, with all tables; each reads once (``latency``), then writes (half of it until
    the route has changed). Sorted.
    """
    tokens, at = burst, 0.0
    back = []
    for ready in sorted(seconds + latency for seconds in detected):
        for dummy in range(tables):
            now = max(ready, at)
            tokens = min(burst, tokens + (now - at) * rate)
            wait = max(0.0, (1.0 - tokens) / rate)
            tokens, at = tokens + wait * rate - 1.0, now + wait
        back.append(at + latency / 2)
    return sorted(back)
