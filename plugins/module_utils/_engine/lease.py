# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a node: by it one playbook at a time changes a deployment on that node.

It binds playbooks alone. An engine never asks for it, so that it takes over whatever a playbook is doing, and a command
that a person types goes on and says who else is at work. It ends with the run, at the latest after its time, with a
reboot, or when the next run on the same machine sees that the process is gone. Where /run cannot be written there is no
lease, and work goes on.

It imports nothing of ours: each module that can take it carries it along.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

NAME = "lease.json"
_POLL = 0.2
_TRIES = 100

OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "run": {"type": "str", "required": True},
        "what": {"type": "str", "default": ""},
        "who": {"type": "str", "default": ""},
        "node": {"type": "str", "default": "this node"},
        "machine": {"type": "str", "default": ""},
        "alive": {"type": "list", "elements": "str", "default": []},
        "as_of": {"type": "float", "default": 0.0},
        "seconds": {"type": "float", "default": 900.0},
        "patience": {"type": "float", "default": 0.0},
        "broken": {"type": "bool", "default": False},
        "in_check_mode": {"type": "bool", "default": False},
        "ends": {"type": "bool", "default": False},
    },
}
"""The option ``lease`` of modules. The documentation fragment ``lease`` says what each is."""


@dataclass(frozen=True)
class Held:
    """Who has it.

    Attributes:
        run: the process on the machine that runs Ansible, as ``NUMBER/START``, START in clock ticks since its boot.
        machine: an id of that machine, and of its processes' namespace; empty where there is none.
        what, who: for people.
        since: seconds since the epoch.
        until: seconds since this node's boot, on the clock that goes on in suspension.
    """

    run: str
    machine: str
    what: str
    who: str
    since: float
    until: float

    @classmethod
    def read(cls, text: str) -> Held | None:
        """The file's content; None of anything else, which nobody of ours wrote."""
        try:
            raw = json.loads(text)
            run, machine, what, who = (str(raw[name]) for name in ("run", "machine", "what", "who"))
            return cls(run, machine, what, who, float(raw["since"]), float(raw["until"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


class Lease:
    """That of one deployment on this node.

    Args:
        directory: where the deployment remembers things until a reboot.
        uptime: seconds since boot. sleep: of `time`.
    """

    def __init__(
        self,
        directory: str,
        uptime: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._directory, self._uptime, self._sleep = directory, uptime, sleep
        self._file = os.path.join(directory, NAME)

    def take(self, asked: Mapping[str, Any]) -> str:
        """Take it, or keep it for longer; returns why it is not to be had, a sentence, and empty where it was taken.

        Args:
            asked: the values of :data:`OPTION`.
        """
        end = self._uptime() + asked["patience"]
        while True:
            with self._alone() as there:
                other = self.held() if there else None
                if other is None or _may_replace(other, asked):
                    if there:
                        self._write(asked, other)
                    return ""
            if self._uptime() >= end:
                return self._told(other, asked)
            self._sleep(_POLL)

    def end(self, asked: Mapping[str, Any] | None) -> None:
        """For a module with that option, when it is through: let go where that was asked for."""
        if asked and asked["ends"]:
            self.let_go(asked["run"], asked["machine"])

    def let_go(self, run: str, machine: str) -> bool:
        """Let others at the node again; returns whether this run had it. What is another's stays."""
        if not os.path.isdir(self._directory):
            return False
        with self._alone() as there:
            held = self.held() if there else None
            mine = held is not None and (held.run, held.machine) == (run, machine)
            if mine:
                with suppress(OSError):
                    os.unlink(self._file)
                with suppress(OSError):  # who else remembers something keeps it
                    os.rmdir(self._directory)
        return mine

    def taken(self, asked: Mapping[str, Any] | None, *, check: bool) -> str:
        """For a module with that option, which may not have been given: as :meth:`take`."""
        return self.take(asked) if asked and (asked["in_check_mode"] or not check) else ""

    def mine(self, asked: Mapping[str, Any] | None) -> bool:
        """Whether the run that is at work has it; never where the option was not given."""
        held = self.held() if asked else None
        return asked is not None and held is not None and _same_run(held, asked)

    def held(self) -> Held | None:
        """Who has it now; None for nobody, also where its time is over."""
        try:
            with open(self._file, encoding="utf-8") as file:
                held = Held.read(file.read())
        except (OSError, ValueError):
            return None
        return held if held is not None and held.until > self._uptime() else None

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Nobody else reads or writes it; yields False where there is no place for it."""
        while True:
            handle = _opened(self._directory)
            if handle is None:
                yield False
                return
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if _same(handle, self._directory):  # else who let go has removed it meanwhile
                    yield True
                    return
            finally:
                os.close(handle)

    def _write(self, asked: Mapping[str, Any], before: Held | None) -> None:
        mine = before is not None and _same_run(before, asked)
        held = Held(
            asked["run"],
            asked["machine"],
            asked["what"],
            asked["who"],
            before.since if before and mine else time.time(),
            self._uptime() + asked["seconds"],
        )
        draft = f"{self._file}.{os.getpid()}.new"
        try:
            with open(draft, "w", encoding="utf-8") as file:
                file.write(json.dumps(asdict(held)))
            os.replace(draft, self._file)
        except OSError:  # full, or read-only
            with suppress(OSError):
                os.unlink(draft)

    def _told(self, other: Held | None, asked: Mapping[str, Any]) -> str:
        if other is None:
            return ""
        end = _clock(time.time() + other.until - self._uptime())
        return (
            f"{asked['node']} is at work for somebody else: {sentence(other)}. Run this again when that has ended."
            f" If it is dead, overlay_ip_break_lease=true goes on at once; from {end} anybody may."
        )


def sentence(held: Held) -> str:
    """Who has it, for people."""
    by = f" by {held.who}" if held.who else ""
    number = held.run.partition("/")[0]
    process = f" (process {number} there)" if number.isdigit() else ""
    return f"'{held.what or 'a playbook'}'{by}{process}, since {_clock(held.since)}"


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%SZ", time.gmtime(seconds))


def _same_run(held: Held, asked: Mapping[str, Any]) -> bool:
    return (held.run, held.machine) == (asked["run"], asked["machine"])


def _may_replace(other: Held, asked: Mapping[str, Any]) -> bool:
    """Whether it is this run's own, is to be broken, or is that of a process that is gone."""
    if _same_run(other, asked) or asked["broken"]:
        return True
    if not other.machine or other.machine != asked["machine"]:
        return False
    started = other.run.partition("/")[2]
    known = started.isdigit() and int(started) / os.sysconf("SC_CLK_TCK") < asked["as_of"]  # else it came later
    return known and other.run not in asked["alive"]


def _opened(directory: str) -> int | None:
    """The directory, made where it is not there, and ours alone; None where that cannot be."""
    for _try in range(_TRIES):
        with suppress(OSError):
            os.mkdir(directory, 0o700)
        try:
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:  # whoever let go has just removed it, or there is no place for it
            continue
        except OSError:
            return None
        if os.fstat(handle).st_uid == os.geteuid():
            return handle
        os.close(handle)
        return None
    return None


def _same(handle: int, directory: str) -> bool:
    try:
        return os.fstat(handle).st_ino == os.stat(directory).st_ino
    except OSError:
        return False
