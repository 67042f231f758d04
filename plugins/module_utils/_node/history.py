# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node keeps the records of its moves: in the journal, and in a small file that root alone may read.

No move ever depends on it. The journal is told without waiting; the file is written by a process of its own, which
nobody waits for: a disk that is full, read-only or hangs costs the record and nothing else.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import journal, moves

NAME = "moves.jsonl"
PATIENCE = 20
"""Seconds after which who writes the file is ended."""
_POLL = 0.05
_MOST_READ = moves.LARGEST * 2  # bytes


def keep(records: Sequence[Mapping[str, Any]], directory: Path) -> None:
    """Write the records down. Returns at once, and never fails."""
    if not records:
        return
    for record in records:
        with suppress(Exception):
            tell(record)
    try:
        child = os.fork()
    except OSError:  # no memory, or no process to be had
        return
    if child:
        return
    try:  # pragma: no cover: another process
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # who called waits for the end of what is said there
            os.dup2(null, stream)
        add(records, directory)
    finally:
        os._exit(0)


def tell(record: Mapping[str, Any]) -> bool:
    """Say it in the journal, with fields of its own; returns whether it was taken."""
    fields = {
        "OVERLAY_IP_BY": record["by"],
        "OVERLAY_IP_WHO": record["who"],
        "OVERLAY_IP_COMMAND": record["command"],
        "OVERLAY_IP_DESTINATIONS": " ".join(dict.fromkeys(t["destination"] for t in record["tables"])),
        "OVERLAY_IP_ROUTE_TABLES": " ".join(dict.fromkeys(t["route_table_id"] for t in record["tables"])),
        "OVERLAY_IP_FROM": " ".join(record["from"]),
        "OVERLAY_IP_TO": record["to"],
        "OVERLAY_IP_DONE": "yes" if record["done"] else "no",
        "OVERLAY_IP_REASON": record["reason"],
        **{f"OVERLAY_IP_SECONDS_{name.upper()}": f"{value:.3f}" for name, value in record["seconds"].items()},
        "OVERLAY_IP_REQUESTS": " ".join(request for ids in record["requests"].values() for request in ids),
    }
    return journal.entry(f"move: {moves.line(record)}", fields, error=not record["done"])


def add(records: Iterable[Mapping[str, Any]], directory: Path) -> bool:
    """Add records to the file, by one rename; returns whether that could be done."""
    file = directory / NAME
    draft = directory / f".{NAME}.{os.getpid()}.new"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _locked(lock)
            text = moves.added(_read(file), records)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(handle)
            draft.replace(file)
        finally:
            os.close(lock)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        return False
    return True


def read(directory: Path) -> list[moves.Record]:
    """The records, oldest first; none where there is no file.

    Raises:
        PermissionError: it is root's to read.
        OSError: it cannot be read.
    """
    return moves.parsed(_read(directory / NAME))


def remove(directory: Path, *, check: bool = False) -> bool:
    """Let no record be there; returns whether there was (or, with ``check``, is) any."""
    here = directory.is_dir()
    if here and not check:
        for path in (*directory.glob(f"*{NAME}*"), *directory.glob(f".{NAME}*"), directory / ".lock"):
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):  # what is not ours stays
            directory.rmdir()
    return here


def _read(file: Path) -> str:
    """The text; empty where there is none, or none of ours. Of one that is far too large the end: the newest."""
    try:
        with file.open("rb") as stream:
            beyond = stream.seek(0, os.SEEK_END) - _MOST_READ
            stream.seek(max(0, beyond))
            if beyond > 0:
                stream.readline()  # the rest of a line
            return stream.read(_MOST_READ).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""


def _locked(handle: int) -> None:
    """Wait for the lock, a little: without it a record of another command at the same moment may be lost, no more."""
    end = time.monotonic() + PATIENCE / 4
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                return
            time.sleep(_POLL)
