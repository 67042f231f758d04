# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine and the versions that the numbers belong to."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from lab.playbook.run import CHECKOUT


def describe(peers: dict[str, str]) -> dict[str, str]:
    """By name; ``peers`` are the peers' versions."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )  # fmt: skip
    packages = {name: version(name) for name in ("ansible-core", "boto3", "botocore", "pyroute2")}
    return {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "system": f"{release.get('PRETTY_NAME', '').strip(chr(34))}, Linux {platform.release()}",
        "Python": platform.python_version(),
        "aws_ha.overlay_ip": commit(),
        **packages,
        **peers,
    }


def load() -> str:
    """How busy the machine is: processes that want to run, over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def commit() -> str:
    """What is checked out."""
    argv = ["git", "-C", str(CHECKOUT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no git"
