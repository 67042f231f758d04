# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node's program says in the journal, without ever waiting for it.

The C library's syslog(3) blocks while the journal's socket is full: a journal that hangs, on a disk that does, would
keep a command past its deadline, and a failover with it. What cannot be said at once is left unsaid.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Mapping
from contextlib import closing

from .._base.deployment import PROGRAM

SOCKET = "/dev/log"
NATIVE = "/run/systemd/journal/socket"
_DAEMON, _ERROR, _INFO = 3 << 3, 3, 6  # syslog(3)
_LONGEST = 8000  # bytes; syslog daemons cut what is longer
_PATIENCE = 0.1  # seconds; a burst of others is over by then


_NAME = PROGRAM


def called(name: str) -> None:
    """From now on this process is called so in the journal."""
    global _NAME
    _NAME = name


def say(text: str, *, error: bool = False, name: str = "", place: str = SOCKET) -> bool:
    """One line for the journal; returns whether it was taken.

    Args:
        text: whatever it holds, no character of it ends a line or the text.
        error: with the priority of an error.
        name: who says it; by default what `called` said last.
        place: the socket of the syslog daemon.
    """
    line = " ".join(text.split()).replace("\0", "?")
    stamp = time.strftime("%b %e %H:%M:%S")
    priority = _DAEMON | (_ERROR if error else _INFO)
    data = f"<{priority}>{stamp} {name or _NAME}[{os.getpid()}]: {line}".encode("utf-8", "backslashreplace")[:_LONGEST]
    for kind, end in ((socket.SOCK_DGRAM, b""), (socket.SOCK_STREAM, b"\0")):
        with closing(socket.socket(socket.AF_UNIX, kind)) as sock:
            sock.settimeout(_PATIENCE)
            try:
                sock.connect(place)
                sock.send(data + end)
                return True
            except OSError as exc:
                if exc.errno != errno.EPROTOTYPE:  # a daemon that listens on a stream
                    return False
    return False


def _is_name(key: str) -> bool:
    """Whether it can be the name of a field: an end of line in it would begin another one."""
    return key.isascii() and key.isupper() and key.replace("_", "").isalnum() and key[0].isalpha()


def entry(
    text: str,
    fields: Mapping[str, str],
    *,
    error: bool = False,
    name: str = "",
    native: str = NATIVE,
    place: str = SOCKET,
) -> bool:
    """One line for systemd's journal with fields beside it, else for the syslog daemon; whether it was taken.

    The protocol is systemd's "Native Journal Protocol": NAME=value, a line each, in one datagram.

    Args:
        text: as for `say`.
        fields: their names are capital letters, digits and underscores.
        error, name, place: as for `say`.
        native: the journal's socket.
    """
    name, priority = name or _NAME, _ERROR if error else _INFO
    told = {"MESSAGE": text, "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": name, "SYSLOG_FACILITY": "3", **fields}
    lines = [f"{key}={' '.join(value.split())}"[:_LONGEST] for key, value in told.items() if value and _is_name(key)]
    data = "".join(f"{one}\n" for one in lines).encode("utf-8", "backslashreplace")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(_PATIENCE)
        try:
            sock.connect(native)
            sock.send(data)
            return True
        except OSError:
            return say(text, error=error, name=name, place=place)
