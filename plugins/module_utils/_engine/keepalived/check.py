# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a check of the application once, as keepalived does: with nothing to read, and ended at its timeout.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from ..._base import programs

SHELL = "/bin/sh"
SHOWN = 1000
"""Characters of output that are shown, the last ones."""
_TIMED_OUT = 124  # timeout(1)
_GRACE = 1.0  # seconds between asking a check that takes too long to end, and ending it


class CheckError(Exception):
    """The check cannot be run at all."""


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        code: the exit code; as in a shell, 128 and more for a signal. None where it was ended at the timeout.
        output: what it wrote, both streams, the last characters of it.
        seconds: how long it took.
    """

    code: int | None
    output: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether keepalived would take the application for alive."""
        return self.code == 0

    def told(self) -> str:
        """Exit code, duration and output, for people."""
        how = f"exit code {self.code} after" if self.code is not None else "still running after"
        wrote = f"it wrote: {self.output}" if self.output else "it wrote nothing"
        return f"{how} {self.seconds:.2f} s, {wrote}"


def run(script: str, timeout: float) -> Trial:
    """Run the text of a script of /bin/sh, which leaves no file.

    Raises:
        CheckError: no program can be started.
    """
    with _unnamed(script) as fd, tempfile.TemporaryFile() as wrote:
        began = time.monotonic()
        # timeout(1) makes a group of processes of its own and ends all of it.
        command = ["timeout", f"--kill-after={_GRACE}", str(timeout), SHELL, f"/dev/fd/{fd}"]
        try:
            # AnsibleModule.run_command would wait for what a check leaves running.
            code = programs.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=wrote,
                stderr=subprocess.STDOUT,
                cwd="/",
                pass_fds=[fd],
            ).returncode
        except OSError as exc:
            raise CheckError(f"{command[0]} cannot be started: {exc.strerror or exc}.") from None
        seconds = time.monotonic() - began
        code = code if code >= 0 else 128 - code
        ended = seconds >= timeout and code in (_TIMED_OUT, 128 + signal.SIGKILL)
        return Trial(None if ended else code, _tail(wrote), seconds)


@contextmanager
def _unnamed(script: str) -> Iterator[int]:
    """A file without a name (memfd_create(2)): only who inherits it can open it, also as another user."""
    fd = os.memfd_create("check")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(script.encode())
        os.fchmod(fd, 0o444)
        yield fd
    finally:
        os.close(fd)


def _tail(wrote: IO[bytes]) -> str:
    wrote.seek(max(0, wrote.seek(0, os.SEEK_END) - 4 * SHOWN))
    return wrote.read().decode(errors="replace").strip()[-SHOWN:]
