# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command and take its time, with a limit that ends all its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.playbook.run import CHECKOUT

_FOREIGN = ("AWS_", "EC2_", "BOTO", "ANSIBLE_")
_SETTINGS = {
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_NOCOLOR": "1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class BenchError(RuntimeError):
    """A measurement that would mean nothing: what ran did not do what it was to do."""


@dataclass(frozen=True)
class Timed:
    """A command that ran. ``finished`` is False where the limit ended it."""

    seconds: float
    finished: bool
    output: str


def timed(argv: Sequence[str], env: Mapping[str, str] | None = None, limit: float = 600.0) -> Timed:
    """Run a command in the checkout, with nothing of the caller's AWS and Ansible settings.

    Raises:
        BenchError: it failed; the message ends in its last words.
    """
    plain = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    started = time.monotonic()
    process = subprocess.Popen(
        argv,
        cwd=CHECKOUT,
        env={**plain, **_SETTINGS, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, dummy = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        _kill_tree(process.pid)
        output, dummy = process.communicate()
        return Timed(time.monotonic() - started, False, output)
    seconds = time.monotonic() - started
    if process.returncode != 0:
        raise BenchError(f"{' '.join(argv[:3])} ... failed with exit code {process.returncode}:\n{output[-2000:]}")
    return Timed(seconds, True, output)


def _kill_tree(pid: int) -> None:
    """Kill a process and all below it. By descent, not by group or session: ansible's workers have sessions of their
    own, and one that loops over route tables would go on moving them under the next contender."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # it has no further children from here on
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in thread.read_text().split():
                _kill_tree(int(child))
        os.kill(pid, signal.SIGKILL)


def playbook(path: Path | str, inventory: Path, *arguments: str, env: Mapping[str, str] | None = None,
             limit: float = 600.0) -> Timed:  # fmt: skip
    """Run ansible-playbook, the one beside this Python."""
    executable = Path(sys.executable).with_name("ansible-playbook")
    return timed([str(executable), "-i", str(inventory), str(path), *arguments], env, limit)
