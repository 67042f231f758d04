# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which calls they meet, and what happens to those calls.

Every rule has an effect of one of three moments: before the call is looked at (throttle, error, delay, drop, hang), as
it is answered (stale), or after it was done and before the answer leaves (delay_response, lose_response).
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .answers import ApiError
from .request import Call

#: Effect to the options that it takes, besides ``match``, ``times`` and ``skip``.
EFFECTS: dict[str, tuple[str, ...]] = {
    "throttle": (),
    "error": ("code", "status", "message"),
    "delay": ("seconds",),
    "drop": (),
    "hang": ("seconds",),
    "stale": ("seconds",),
    "delay_response": ("seconds",),
    "lose_response": (),
}

_MATCHES = ("action", "service", "region", "caller", "mutating")

#: A hang ends after this long (seconds) even if nobody clears it, so that no thread waits for ever.
_LONGEST_HANG = 600.0


@dataclass
class Rule:
    """One fault. ``times`` calls meet it (None: all), after the first ``skip`` that match."""

    id: int
    do: str
    match: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = None
    skip: int = 0
    seconds: float = 5.0
    code: str = "InternalError"
    status: int = 500
    message: str = "An internal error has occurred"

    def matches(self, call: Call) -> bool:
        """True when the rule is about this call. ``caller``: access key, name of user or role, or ARN."""
        caller = call.caller
        who = (call.http_key, *((caller.name, caller.arn, caller.principal_arn) if caller else ()))
        facts: dict[str, tuple[Any, ...]] = {
            "action": (call.action,),
            "service": (call.service,),
            "region": (call.region,),
            "caller": who,
            "mutating": (call.mutating,),
        }
        return all(wanted in facts[name] for name, wanted in self.match.items())


class ConnectionCut(ConnectionError):
    """The client gets no answer: its connection shall be shut down."""


class Faults:
    """The rules in force. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._ids = itertools.count(1)
        self._released = threading.Event()

    def add(self, rules: Iterable[Mapping[str, Any]]) -> list[int]:
        """Add rules (as their JSON) and return their ids; ValueError names what is wrong, and then none is added."""
        made = [self._made(dict(rule)) for rule in rules]
        with self._lock:
            self._rules += made
        return [rule.id for rule in made]

    def clear(self) -> None:
        """Drop all rules and let go of what hangs or is delayed."""
        with self._lock:
            self._rules = []
            self._released.set()
            self._released = threading.Event()

    def listing(self) -> list[dict[str, Any]]:
        """The rules that still can meet a call."""
        with self._lock:
            return [asdict(rule) for rule in self._rules if rule.times != 0]

    def draw(self, call: Call) -> list[Rule]:
        """The rules that meet ``call``; each is used up by one."""
        met = []
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not rule.matches(call):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                met.append(rule)
        return met

    def before(self, rules: Iterable[Rule], call: Call, connection: socket.socket | None) -> None:
        """Apply the effects that come before the call."""
        for rule in rules:
            if rule.do == "delay":
                self._sleep(rule.seconds)
            elif rule.do == "throttle":
                code = "RequestLimitExceeded" if call.service == "ec2" else "Throttling"
                raise ApiError(code, "Request limit exceeded." if call.service == "ec2" else "Rate exceeded")
            elif rule.do == "error":
                raise ApiError(rule.code, rule.message, rule.status)
            elif rule.do == "drop":
                raise ConnectionCut
            elif rule.do == "hang":
                self._hang(connection, min(rule.seconds, _LONGEST_HANG))
                raise ConnectionCut

    def after(self, rules: Iterable[Rule]) -> None:
        """Apply the effects that come between the deed and the answer."""
        for rule in rules:
            if rule.do == "delay_response":
                self._sleep(rule.seconds)
            elif rule.do == "lose_response":
                raise ConnectionCut

    def _sleep(self, seconds: float) -> None:
        """Wait until the time is over or the rules are cleared."""
        with self._lock:
            released = self._released
        released.wait(seconds)

    def _hang(self, connection: socket.socket | None, seconds: float) -> None:
        """Wait until the time is over, the rules are cleared, or the client has given up."""
        with self._lock:
            released = self._released
        end = time.monotonic() + seconds
        while time.monotonic() < end and not released.wait(0.05):
            if connection is not None and select.select([connection], [], [], 0)[0]:
                return  # readable: the client has closed its side

    def _made(self, raw: dict[str, Any]) -> Rule:
        do = raw.get("do")
        if do not in EFFECTS:
            raise ValueError(f"a fault's 'do' is one of {', '.join(EFFECTS)}, not {do!r}")
        match = raw.get("match", {})
        allowed = {"do", "match", "times", "skip", *EFFECTS[do]}
        unknown = [f"match.{name}" for name in match if name not in _MATCHES] + [n for n in raw if n not in allowed]
        if unknown:
            raise ValueError(f"a {do} fault has no {', '.join(unknown)}; it takes {', '.join(sorted(allowed))}")
        if do == "hang":
            raw.setdefault("seconds", _LONGEST_HANG)
        return Rule(id=next(self._ids), **raw)


def cut(connection: socket.socket | None) -> None:
    """Shut the client's connection down: closing it would not, since the server still holds it."""
    if connection is not None:
        with contextlib.suppress(OSError):  # the client may have been faster
            connection.shutdown(socket.SHUT_RDWR)
