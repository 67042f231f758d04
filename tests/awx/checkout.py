# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the project is, and running Ansible in it as a bare checkout, away from the user's own settings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from lab.playbook.run import PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "collections"
AWX_COLLECTION = ROOT / ".cache" / "awx"


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of an Ansible program: our programs first, and a HOME of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    return {**kept, "HOME": str(home), "PATH": path, "ANSIBLE_NOCOLOR": "1", **more}


def run(argv: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program without standard input; both streams in stdout."""
    return subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def tracked_files() -> list[str]:
    """The project's files and links, as a clone would have them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({line for line in listed.stdout.splitlines() if os.path.lexists(ROOT / line)})


def clone(folder: Path) -> Path:
    """Copy the project there, as a fresh clone of it would be; returns the folder."""
    for name in tracked_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    return folder
