# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node remembers until it is started anew, and the lock that lets one command at a time move routes.

It is a help: nothing depends on /run being writable, or not full. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from .._aws.pace import Clock, Deadline

DIRECTORY = Path("/run/aws-overlay-ip")
POLL = 0.1
_MENDED = "All route tables are as they should be again."


class Memory:
    """A directory that a reboot empties, readable by nobody else: who can open the lock can hold it."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self.directory = directory
        self._lock = directory / "lock"
        self._taking = directory / "taking"
        with suppress(OSError):
            directory.mkdir(mode=0o700, exist_ok=True)
            directory.chmod(0o700)

    def read(self, name: str) -> str:
        """The text of that name; empty where there is none.

        What lies in a directory that cannot be written is of another time, and nothing is better than that.
        """
        if not os.access(self.directory, os.W_OK):
            return ""
        try:
            return (self.directory / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def write(self, name: str, text: str) -> str:
        """Write it in one step; returns why it could not be written, empty where it was. The old text is gone then."""
        file = self.directory / name
        draft = file.with_suffix(f".{os.getpid()}.new")
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(file)
        except OSError as exc:
            for path in (draft, file):
                with suppress(OSError):
                    path.unlink()
            return f"{file} cannot be written ({exc.strerror}); going on without it."
        return ""

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

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A takeover is under way: who finds that so while nobody holds the lock knows that it was killed."""
        self.write(self._taking.name, "")
        try:
            yield
        finally:
            self.forget()

    def forget(self) -> None:
        """No takeover is under way any more, nor was one killed."""
        with suppress(OSError):
            self._taking.unlink()

    @property
    def killed(self) -> bool:
        """For who holds the lock: whether a takeover was killed."""
        return self._taking.exists()

    @contextmanager
    def locked(self, deadline: Deadline, clock: Clock = time) -> Iterator[bool]:
        """Be the only one who moves routes on this node; yields False where another still does at the deadline."""
        try:
            handle = self._opened()
        except OSError:  # no place for a lock: then there is none, and the node must be served all the same
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
        with suppress(OSError, ValueError, IndexError):
            inode = str(self._lock.stat().st_ino)
            for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
                fields = line.split()
                if "->" not in fields and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == inode:
                    number = fields[4]
                    command = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace")
                    return f"process {number} (`{command.replace(chr(0), ' ').strip()[:100]}`)"
        return "another process"

    def _opened(self) -> int:
        """The lock, open. One that others could open may be held by them: it is replaced."""
        for _try in range(2):
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            about = os.fstat(handle)
            if about.st_uid == os.geteuid() and not about.st_mode & 0o077 and stat.S_ISREG(about.st_mode):
                break
            self._lock.unlink()
            os.close(handle)
        return handle
