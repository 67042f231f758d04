# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the probe beside something else: ``with ProbeSession(...) as probe: ...``, then read ``probe.report``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType

from lab.fabric import netns
from lab.probe import HTTP_PORT
from lab.probe.report import Report

_TESTS = Path(__file__).parents[2]


class ProbeError(RuntimeError):
    """The probe itself failed; the message has its last words."""


class ProbeSession:
    """A probe that runs in a namespace while the ``with`` block does.

    Args:
        namespace: the client's network namespace, by name.
        address: the overlay address.
        environment: added to the probe's environment (the lab's mark).
        rate: datagrams per second.
        urgent: before all others on the machine: one that is kept waiting does not see a silence in that time.
    """

    def __init__(
        self, namespace: str, address: str, environment: Mapping[str, str], rate: float = 1000.0, urgent: bool = False
    ) -> None:
        self.address = address
        first = ["chrt", "--fifo", "1"] if urgent else []
        self._argv = netns.entered(
            namespace, [*first, sys.executable, "-m", "lab.probe", address, "--json", "--rate", str(rate)]
        )
        self._environment = {**os.environ, "PYTHONPATH": str(_TESTS), **environment}
        self._news = threading.Condition()
        self._current: str | None = None
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """What was seen, once the block has ended."""
        if self._report is None:
            raise ProbeError("the probe is still running: leave its with block before reading the report")
        return self._report

    def wait_for(self, who: str | None, timeout: float = 10.0) -> None:
        """Return as soon as ``who`` answers (None: nobody). Raises :class:`ProbeError` after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._news:
            while self._current != who:
                left = deadline - time.monotonic()
                if left <= 0 or self._process.poll() is not None:
                    state = f"{self._current} answers" if self._current else "nobody answers"
                    raise ProbeError(f"{self.address}: {state}, and {who or 'silence'} did not come in {timeout} s")
                self._news.wait(min(left, 0.5))

    def __enter__(self) -> ProbeSession:
        self._process = subprocess.Popen(
            self._argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._reader.join(timeout=10)
        if self._process.wait(timeout=10) != 0 or self._report is None:
            raise ProbeError(f"the probe of {self.address} ended without a report")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            value = json.loads(line)
            with self._news:
                if "sent" in value:
                    self._report = Report.from_json(value)
                else:
                    self._current = value["who"]
                self._news.notify_all()


def who_answers(namespace: str, address: str, timeout: float = 2.0) -> str | None:
    """One HTTP question from a namespace: the name of the machine behind the address, None if nobody answers."""

    def ask() -> str | None:
        connection = HTTPConnection(address, HTTP_PORT, timeout=timeout)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode().strip()
        except OSError:
            return None
        finally:
            connection.close()

    return netns.inside(namespace, ask)
