# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send numbered datagrams at a steady rate until told to stop: ``python -m lab.probe ADDRESS``.

Prints a line when the answering machine changes or falls silent, and at the end (SIGINT, SIGTERM or ``--seconds``)
the report; with ``--json`` both are JSON, one value a line.
"""

from __future__ import annotations

import argparse
import errno
import json
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable

from lab.probe import DATAGRAM_PORT
from lab.probe.report import Report, Sample, analyse
from lab.probe.responder import be_patient
from lab.probe.text import event_line, report_lines

#: How long to wait for answers after the last question.
GRACE_SECONDS = 0.5
#: A silence that is worth a line while the probe runs. The report has all of them.
SILENCE_SECONDS = 0.1

_NUMBER = struct.Struct("!Q")
_IGNORED = (errno.EAGAIN, errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENOBUFS)


class Probe:
    """One run of the probe.

    Args:
        address: the overlay address.
        rate: datagrams per second. A sender that the machine held up catches up, so that the count stays true.
        tell: told when the answering machine changes: a machine's name, or None for silence; and seconds since start.
    """

    def __init__(self, address: str, rate: float, tell: Callable[[str | None, float], None]) -> None:
        self.address = address
        self.interval = 1.0 / rate
        self.tell = tell
        self.stopped = False
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        be_patient(self._socket)
        self._sent: list[float] = []
        self._answers: dict[int, tuple[float, str]] = {}
        self._current: str | None = None
        self._heard = 0.0

    def run(self, seconds: float | None) -> Report:
        """Probe for ``seconds``, or until ``stopped`` is set, and then wait for the last answers."""
        began, start = time.time(), time.monotonic()
        while not self.stopped and (seconds is None or time.monotonic() - start < seconds):
            now = time.monotonic() - start
            while len(self._sent) * self.interval <= now:
                self._ask(now)
            self._listen(start, len(self._sent) * self.interval - now)
            self._notice_silence(time.monotonic() - start)
        end = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < end and len(self._answers) < len(self._sent):
            self._listen(start, end - time.monotonic())
        return analyse(self.address, began, [self._sample(number, sent) for number, sent in enumerate(self._sent)])

    def _ask(self, now: float) -> None:
        number = len(self._sent)
        self._sent.append(now)
        try:
            self._socket.sendto(_NUMBER.pack(number), (self.address, DATAGRAM_PORT))
        except OSError as error:
            if error.errno not in _IGNORED:
                raise

    def _listen(self, start: float, timeout: float) -> None:
        if not select.select([self._socket], [], [], max(0.0, timeout))[0]:
            return
        try:
            data = self._socket.recv(256)
        except OSError as error:
            if error.errno not in _IGNORED:
                raise
            return
        now = time.monotonic() - start
        who = data[_NUMBER.size :].decode()
        self._answers.setdefault(_NUMBER.unpack_from(data)[0], (now, who))
        self._heard = now
        self._change(who, now)

    def _notice_silence(self, now: float) -> None:
        if now - self._heard > SILENCE_SECONDS:
            self._change(None, self._heard)

    def _change(self, who: str | None, when: float) -> None:
        if who != self._current:
            self._current = who
            self.tell(who, when)

    def _sample(self, number: int, sent: float) -> Sample:
        when, who = self._answers.get(number, (sent, None))
        return Sample(sent, who, when - sent)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.probe", description=__doc__)
    parser.add_argument("address", help="the overlay address")
    parser.add_argument("--rate", type=float, default=1000.0, help="datagrams per second (default 1000)")
    parser.add_argument("--seconds", type=float, help="stop after so long (default: at SIGINT or SIGTERM)")
    parser.add_argument("--json", action="store_true", help="print JSON values, one a line")
    options = parser.parse_args()

    def tell(who: str | None, when: float) -> None:
        print(json.dumps({"who": who, "at": when}) if options.json else event_line(who, when), flush=True)

    probe = Probe(options.address, options.rate, tell)

    def stop(*_: object) -> None:
        probe.stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    report = probe.run(options.seconds)
    print(json.dumps(report.to_json()) if options.json else "\n".join(report_lines(report)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
