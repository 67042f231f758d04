# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a lab's daemon and remove a lab. There is one way down, the same after an orderly end and after a crash."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lab.daemon import preflight
from lab.daemon.manifest import Manifest, marked
from lab.daemon.ssh import end_masters
from lab.daemon.state import Directory, Lab, LabError, is_alive, new_directory
from lab.nodes.base import MARKER

#: A light lab is up in 2 to 3 s; a full one may have to make its root file system first.
UP_SECONDS = {"light": 60.0, "full": 600.0}

_TESTS = Path(__file__).parents[2]

#: Kept, because a daemon that shall not outlive us reads the other end of its standard input.
_daemons: list[subprocess.Popen[bytes]] = []


def up(kind: str = "light", options: Sequence[str] = (), *, outlive_us: bool = False) -> tuple[Directory, Lab]:
    """Start a lab and return when all its machines answer.

    Args:
        kind: ``light``, ``full`` or ``full:STACK``.
        options: further arguments of ``python -m lab.daemon``.
        outlive_us: go on when this process ends. Without it the lab removes itself then, even after a SIGKILL.

    Raises:
        LabError: it could not be started; everything made so far has been removed.
    """
    preflight.check(kind)
    directory = new_directory()
    Manifest(directory.manifest, directory.lab_id).record("path", str(directory.path))
    if outlive_us:
        directory.kept.touch()
    environment = {**os.environ, MARKER: directory.lab_id, "PYTHONPATH": str(_TESTS)}
    with directory.log.open("ab") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "lab.daemon", str(directory.path), "--nodes", kind, *options],
            env=environment,
            stdin=subprocess.DEVNULL if outlive_us else subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _daemons.append(daemon)
    try:
        _wait_until_up(directory, daemon, UP_SECONDS[kind.partition(":")[0]])
    except BaseException as error:
        words = directory.log.read_text().strip()
        down(directory)
        if isinstance(error, LabError):
            raise LabError(f"{error}. Its log:\n{words}") from None
        raise
    return directory, Lab.load(directory.description)


def _wait_until_up(directory: Directory, daemon: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not directory.description.exists():
        if daemon.poll() is not None:
            raise LabError(f"the lab did not start: its daemon ended with exit code {daemon.returncode}")
        if time.monotonic() > deadline:
            raise LabError(f"the lab did not start within {seconds:.0f} s")
        time.sleep(0.05)


def down(directory: Directory) -> None:
    """Remove a lab, whatever state it is in. Raises :class:`LabError` if something could not be removed."""
    end_masters(directory)
    left = Manifest(directory.manifest, directory.lab_id).remove_all()
    if left:
        raise LabError(f"lab {directory.lab_id}: still there: {', '.join(left)}. Call `lab down` again")


def summary(directory: Directory) -> str:
    """One line about a lab, for lists."""
    manifest = Manifest(directory.manifest, directory.lab_id)
    processes = len(list(marked(directory.lab_id)))
    if is_alive(directory):
        state = "running"
    elif processes and not directory.description.exists():
        state = "starting"
    else:
        state = "its daemon is gone: `lab down` removes the rest"
    made = f"{len(manifest.names('netns'))} namespaces, {len(manifest.names('mount'))} mounts, {processes} processes"
    return f"{directory.lab_id}  {state}  ({made})  {directory.path}"
