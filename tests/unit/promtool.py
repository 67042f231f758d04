# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""promtool, amtool and the servers that they judge for: on the path, or from `tools/promtool`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Judge metrics and rules; the test is skipped where there is none."""
    return _run("promtool", arguments, stdin)


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Judge the ways of alerts; the test is skipped where there is none."""
    return _run("amtool", arguments, "")


def _run(name: str, arguments: tuple[str, ...], stdin: str) -> subprocess.CompletedProcess[str]:
    argv = [program(name), *arguments]
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def program(name: str) -> str:
    """The path of a program; the test is skipped where there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(ROOT / ".cache" / "promtool"))
    if found is None:
        pytest.skip(f"nobody judges this: {name} is neither on the path nor in .cache/promtool; make setup gets it")
    return found
