# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of all calls that the endpoint has seen, in the order of their end."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class CallRecord:
    """One call. ``status`` 0 means that the client got no answer; ``applied`` that the call was done all the same."""

    id: int
    time: float
    seconds: float
    service: str
    action: str
    region: str
    caller: str
    access_key: str
    #: Which of its attempts the SDK says this is, from 1; 0 when it says nothing.
    attempt: int
    user_agent: str
    params: Mapping[str, str]
    faults: tuple[str, ...]
    status: int
    code: str
    applied: bool


class CallLog:
    """The last calls, bounded. Thread-safe."""

    def __init__(self, size: int = 50_000) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._records: deque[CallRecord] = deque(maxlen=size)
        self._in_progress = 0

    @property
    def in_progress(self) -> int:
        """How many calls have begun and not ended: a client that gives up on a call does not end it."""
        return self._in_progress

    def begin(self) -> None:
        """A call begins; it ends with :meth:`add`."""
        with self._lock:
            self._in_progress += 1

    def add(self, **values: Any) -> CallRecord:
        """Append a call that has ended; it gets the next id."""
        with self._lock:
            self._in_progress -= 1
            record = CallRecord(id=next(self._ids), **values)
            self._records.append(record)
        return record

    def select(self, since: int = 0, **wanted: str) -> list[CallRecord]:
        """Calls after id ``since`` whose named fields have the given values."""
        with self._lock:
            records = list(self._records)
        return [
            r for r in records if r.id > since and all(str(getattr(r, name)) == value for name, value in wanted.items())
        ]

    def clear(self) -> None:
        """Forget all calls; ids go on."""
        with self._lock:
            self._records.clear()


def as_json(records: Iterable[CallRecord]) -> list[dict[str, Any]]:
    """The records as plain values."""
    return [asdict(record) for record in records]
