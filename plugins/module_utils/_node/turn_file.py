# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node keeps whose turn it is: a small file that outlives a reboot, changed under a lock, by one rename.

What cannot be read or written ends in an error: then nothing is started. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from . import turns

NAME = "turns.json"
PATIENCE = 10.0
"""Seconds to wait for the lock; who has it writes a small file."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LOCK = ".turns.lock"
_POLL = 0.05


def now() -> turns.Moment:
    """This moment."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT.read_text(encoding="ascii").strip()
    return turns.Moment(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), boot)


def read(directory: Path) -> list[turns.Turn]:
    """What is kept.

    Raises:
        OSError: it cannot be read.
        TurnError: it cannot be understood.
    """
    return turns.parsed(_text(directory / NAME), now())


def take(
    directory: Path, destinations: Sequence[str], what: str, pause: float, *, check: bool = False
) -> list[turns.Turn]:
    """Take the turn for all of these overlay IPs, or for none; returns those that stand against it.

    Raises:
        OSError: it cannot be read, or not be written.
        TurnError: what is kept cannot be understood.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(directory):
        moment = now()
        kept = turns.parsed(_text(directory / NAME), moment)
        against = turns.held(kept, destinations, pause, moment)
        if not against and not check:
            _write(directory / NAME, turns.written(turns.taken(kept, destinations, what, moment)))
        return against


def remove(directory: Path, *, check: bool = False) -> bool:
    """Let nothing be kept; returns whether there was anything."""
    here = (directory / NAME).exists()
    if not check:
        for name in (NAME, _LOCK):
            with suppress(OSError):
                (directory / name).unlink()
    return here


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(turns.LARGEST + 1)
    except FileNotFoundError:
        return ""
    if len(text) > turns.LARGEST:
        raise turns.TurnError("it is too large")
    if not text:  # never written so: a file system that lost what was in it
        raise turns.TurnError("it is empty")
    return text


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(handle)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Be the only one who takes a turn. Raises TimeoutError, an OSError."""
    handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TimeoutError(0, "another one is taking a turn") from None
                time.sleep(_POLL)
        yield
    finally:
        os.close(handle)
