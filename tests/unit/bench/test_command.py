# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are timed, and what is left of those that were stopped: nothing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bench.command import BenchError, timed

#: A child in a session of its own, as ansible's workers are; it writes its number and goes on.
_DETACHED = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


def gone(pid: str) -> bool:
    """Whether the process is no more, or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_limit_ends_workers_in_other_sessions_too(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    done = timed([sys.executable, "-c", _DETACHED, str(written)], limit=1.5)
    assert not done.finished
    assert done.seconds < 30
    deadline = time.monotonic() + 5
    while not gone(written.read_text()) and time.monotonic() < deadline:
        pass
    assert gone(written.read_text())


def test_a_command_that_ends_has_its_output_and_time() -> None:
    done = timed([sys.executable, "-c", "print('done')"])
    assert (done.finished, done.output) == (True, "done\n")
    assert 0 < done.seconds < 60


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(BenchError, match=r"exit code 3:\nlast words"):
        timed([sys.executable, "-c", "import sys; print('last words'); sys.exit(3)"])


def test_nothing_of_the_callers_aws_settings_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    done = timed([sys.executable, "-c", "import os; print(os.environ.get('AWS_PROFILE'))"])
    assert done.output == "None\n"
