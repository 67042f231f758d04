# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup has to know of keepalived on a node, read at once: its configuration, its daemon, the files around them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Iterable
from typing import Any

from ..._base import programs
from ..._base.deployment import Deployment
from .names import conf, unit

_NUMBER = r"^\s*virtual_router_id\s+%d\s*$"
_SECONDS = 10.0


def look(deployment: Deployment, paths: Iterable[str], numbers: Iterable[int], root: str = "/") -> dict[str, Any]:
    """Return what ``overlay_keepalived_info`` returns.

    Args:
        deployment: whose daemon it is.
        paths: of files and folders that are to be described.
        numbers: VRRP numbers that are to be looked for in other files of keepalived.
        root: another place to take for ``/`` (tests).
    """
    top = root.rstrip("/")
    places = [f"{top}{folder}" for folder in deployment.memory]
    return {
        "text": _text(f"{top}{conf(deployment)}"),
        "version": _version(),
        "running": _state(unit(deployment)),
        "guard": _state(f"{deployment.program}-guard.service"),
        "files": {path: _about(f"{top}{path}") for path in paths},
        "said": sorted(f[len(top) :] for p in places for f in glob.glob(f"{glob.escape(p)}/keepalived*.json")),
        "kept": sorted(f[len(top) :] for p in places for f in glob.glob(f"{glob.escape(p)}/read-*.conf")),
        "taken": {str(number): _taken(top, number, conf(deployment)) for number in numbers},
    }


def _text(path: str) -> str | None:
    """A file's text; None where there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None


def _about(path: str) -> dict[str, Any] | None:
    """Its content (None for what is neither file nor folder, as a link), mode and owners; None where nothing is."""
    try:
        about = os.lstat(path)
        content: str | None = "" if stat.S_ISDIR(about.st_mode) else None
        if stat.S_ISREG(about.st_mode):
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None
    return {
        "sha256": content,
        "mode": f"{stat.S_IMODE(about.st_mode):04o}",
        "user": about.st_uid,
        "group": about.st_gid,
    }


def _version() -> str:
    """What keepalived says of itself; empty where there is none."""
    try:
        done = programs.run(["keepalived", "--version"], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return str(done.stderr)


def _state(name: str) -> dict[str, bool]:
    """Whether a unit runs, and begins at boot; both not where systemd does not answer."""
    argv = ["systemctl", "show", "--property=ActiveState", "--property=UnitFileState", name]
    try:
        done = programs.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return {"active": False, "enabled": False}
    words = done.stdout.split()
    return {"active": "ActiveState=active" in words, "enabled": "UnitFileState=enabled" in words}


def _taken(top: str, number: int, own: str) -> list[str]:
    """Other files of keepalived in which an instance has this number."""
    number_there = re.compile(_NUMBER % number, re.MULTILINE)
    found = glob.glob(f"{glob.escape(top)}/etc/keepalived/**/*.conf", recursive=True)
    others = sorted(path for path in found if not os.path.islink(path) and path != f"{top}{own}")
    return [path[len(top) :] for path in others if number_there.search(_text(path) or "")]
