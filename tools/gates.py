# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run make targets side by side, all even when one fails; show the output of each when it ends, then a summary.

Targets joined by "+" run one after the other in one lane: they share a folder. Exit status 1 when any failed.

Usage: ``tools/gates.py TARGET[+TARGET ...] ...``, the longest first
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

# One more than processors: tests spend part of their time waiting, for machines that boot and calls that time out.
LANES = (os.cpu_count() or 1) + 1
_PRINTING = threading.Lock()


@dataclass(frozen=True)
class Result:
    """How a target ended."""

    target: str
    passed: bool
    seconds: float

    def __str__(self) -> str:
        return f"{'PASS' if self.passed else 'FAIL'}  {self.target:<24} {self.seconds:4.0f} s"


def run(target: str) -> Result:
    """Run one target."""
    make = os.environ.get("MAKE", "make")
    say(f"-------- {target} begins")
    start = time.monotonic()
    # No pipe: who outlives its target would hold it open.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        command = [make, "--no-print-directory", target]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
        result = Result(target, done.returncode == 0, time.monotonic() - start)
        output.seek(0)
        say(f"\n######## {result}\n{output.read()}")
    return result


def say(text: str) -> None:
    """Print as a whole: the lanes share the terminal."""
    with _PRINTING:
        print(text, flush=True)


def main(lanes: list[str]) -> int:
    """Run what the arguments name."""
    start = time.monotonic()
    with ThreadPoolExecutor(LANES) as pool:
        results = [r for lane in pool.map(lambda lane: [run(t) for t in lane.split("+")], lanes) for r in lane]
    say("\n######## summary")
    for result in results:
        say(str(result))
    say(f"      {'all together':<24} {time.monotonic() - start:4.0f} s")
    return 0 if all(r.passed for r in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
