# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node remembers until it is started anew, and the lock that lets one command at a time move routes.

It is a help: nothing depends on /run being writable, or not full. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from .._address import place as places
from .._aws.pace import Clock, Deadline
from .._base.deployment import Deployment

POLL = 0.1
_TAKING, _LOCK, _COUNTS = places.TAKING, "lock", "counts"
_PATIENCE, _MOVING = 0.2, 60.0  # seconds
_NEVER = 1 << 53  # counted so far by nobody: what a float tells exactly
READING = "reading"
"""What `news` of routes that cannot be looked at concerns."""
_MENDED = "All route tables are as they should be again."


class Memory:
    """Two directories that a reboot empties, readable by nobody else: who can open the lock can hold it.

    Args:
        directory: the usual one.
        spare: on another file system, where that one is full or read-only. What is there is the newer.
        part: which part of the overlay IPs moves by itself, as a word for names of files; empty for all of them.
    """

    def __init__(self, directory: Path, spare: Path | None = None, part: str = "") -> None:
        self._places = [place for place in (directory, spare) if place is not None and _ours(place)]
        self.directory, self._part = directory, part

    @classmethod
    def of_node(cls, deployment: Deployment, part: str = "") -> Memory:
        """A deployment's on this node. Anybody may make the spare directory: see `_ours`."""
        usual, spare = deployment.memory
        return cls(Path(usual), Path(spare), part)

    def own(self, name: str) -> str:
        """The name of a thing of which each part that moves by itself has one of its own."""
        stem, dot, kind = name.partition(".")
        return f"{stem}-{self._part}{dot}{kind}" if self._part else name

    def read(self, name: str) -> str:
        """The text of that name; empty where there is none.

        What lies in a directory that cannot be written may be of another time, where nothing newer could be remembered
        elsewhere; and nothing is better than that.
        """
        for place in reversed(self._places):
            if len(self._places) > 1 or os.access(place, os.W_OK):
                with suppress(OSError, ValueError):
                    return (place / name).read_text(encoding="utf-8")
        return ""

    def write(self, name: str, text: str) -> str:
        """Write it in one step; returns why it could not be written, empty where it was. The old text is gone then."""
        why = f"{self.directory} cannot be made"
        for place in self._places:
            file = place / name
            draft = file.with_suffix(f".{os.getpid()}.new")
            try:
                draft.write_text(text, encoding="utf-8")
                draft.replace(file)
            except OSError as exc:
                why = f"{file} cannot be written ({exc.strerror})"
                _remove(draft, file)
                continue
            _remove(*(other / name for other in self._places[self._places.index(place) + 1 :]))
            return ""
        return f"{why}; going on without it."

    def news(self, now: Mapping[str, Iterable[str]]) -> list[str]:
        """What is to be said of what is wrong, by whatever it concerns: each once, and once that nothing is wrong.

        A cluster's monitor asks again and again, for one overlay IP at a time.
        """
        try:
            raw = json.loads(self.read("told.json") or "{}")
            before = {str(key): str(text) for key, text in raw.items()}
        except (ValueError, AttributeError, RecursionError):
            before = {}
        found = {**before, **{key: " ".join(dict.fromkeys(texts)) for key, texts in now.items()}}
        after = {key: text for key, text in found.items() if text}
        if after == before:
            return []
        self.write("told.json", json.dumps(after))
        said = dict.fromkeys(text for key, text in after.items() if text != before.get(key))
        return list(said) if after else [_MENDED]

    def due(self, name: str, seconds: float) -> bool:
        """Whether something was not done for so long; it counts as done from now on. On the monotonic clock."""
        now = time.monotonic()
        try:
            last = float(self.read(f"{name}.last") or "-inf")
        except ValueError:
            last = -math.inf
        if last <= now < last + seconds:
            return False
        self.write(f"{name}.last", str(now))
        return True

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A takeover is under way: who finds that so while nobody holds the lock knows that it was killed."""
        self.write(self.own(_TAKING), "")
        try:
            yield
        finally:
            self.forget()

    def forget(self) -> None:
        """No takeover is under way any more, nor was one killed."""
        _remove(*(place / self.own(_TAKING) for place in self._places))

    @property
    def killed(self) -> bool:
        """For who holds the lock: whether a takeover was killed."""
        return any((place / self.own(_TAKING)).exists() for place in self._places)

    @property
    def moving(self) -> bool:
        """Whether a takeover is under way, as far as can be seen without its lock; a killed one counts for a minute.

        Of any part.
        """
        for place in self._places:
            for file in place.glob(f"{_TAKING}*"):
                with suppress(OSError):
                    if abs(time.time() - file.stat().st_mtime) < _MOVING:
                        return True
        return False

    def count(self, more: Mapping[str, Mapping[str, int]]) -> None:
        """Add to what is counted since this node was started, by kind and name: lost rather than waited for."""
        with self.locked(Deadline(_PATIENCE), name=f"{_COUNTS}.lock") as alone:
            if alone:
                total = self.counts()
                for kind, names in more.items():
                    known = total.setdefault(kind, {})
                    for name, number in names.items():
                        known[name] = known.get(name, 0) + number
                self.write(_COUNTS, json.dumps(total))

    def counts(self) -> dict[str, dict[str, int]]:
        """What :meth:`count` has added up; nothing where that is not there, or is none."""
        try:
            raw = json.loads(self.read(_COUNTS) or "{}")
            found = {str(k): {str(n): int(c) for n, c in names.items()} for k, names in raw.items()}
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
            return {}
        return found if all(0 <= c < _NEVER for names in found.values() for c in names.values()) else {}

    @contextmanager
    def locked(self, deadline: Deadline, clock: Clock = time, name: str = "") -> Iterator[bool]:
        """Be the only one who moves routes on this node; yields False where another still does at the deadline.

        Of a part: its routes. With a `name`, the only one who does something else.
        """
        name = name or self.own(_LOCK)
        handle = next(filter(None, (_opened(place / name) for place in self._places)), None)
        if handle is None:  # no place for a lock: then there is none, and the node must be served all the same
            yield True
            return
        with os.fdopen(handle, "w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if deadline.over:
                        yield False
                        return
                    clock.sleep(POLL)
                else:
                    yield True
                    return

    def holder(self) -> str:
        """Who holds the lock, for people (proc_locks(5))."""
        with suppress(OSError, ValueError, IndexError, StopIteration):
            inode = str(next(lock.stat().st_ino for lock in self._locks if lock.exists()))
            for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
                fields = line.split()
                if "->" not in fields and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == inode:
                    number = fields[4]
                    command = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace")
                    return f"process {number} (`{command.replace(chr(0), ' ').strip()[:100]}`)"
        return "another process"

    @property
    def _locks(self) -> list[Path]:
        return [place / self.own(_LOCK) for place in self._places]


def _ours(place: Path) -> bool:
    """See that it is a directory of ours alone; anybody may have made one of that name where anybody may make some."""
    with suppress(OSError):
        place.mkdir(mode=0o700, exist_ok=True)
    try:
        about = place.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        return False
    with suppress(OSError):
        place.chmod(0o700)
    return True


def _remove(*files: Path) -> None:
    for file in files:
        with suppress(OSError):
            file.unlink()


def _opened(lock: Path) -> int | None:
    """The lock, open, or None. One that others could open may be held by them: it is replaced."""
    try:
        for _try in range(2):
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            about = os.fstat(handle)
            if about.st_uid == os.geteuid() and not about.st_mode & 0o077 and stat.S_ISREG(about.st_mode):
                return handle
            os.close(handle)
            lock.unlink()
    except OSError:
        return None
    return None
