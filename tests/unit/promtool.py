# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""promtool, Prometheus's own judge of metrics and rules: on the path, or what `tools/promtool` has put beside it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it; the test is skipped where there is none."""
    found = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / ".cache" / "promtool"))
    if found is None:
        pytest.skip("promtool is not installed: tools/promtool gets it")
    return subprocess.run([found, *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=60)
