# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a project AWX offers as playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_PLAY = re.compile(r"^\s*(-\s+)?(hosts|include|import_playbook):", re.MULTILINE)
_HIDDEN = {"roles", "tasks", "group_vars", "host_vars"}


def offered(files: Iterable[tuple[str, str]]) -> list[str]:
    """Return the paths, sorted, that AWX lists, from all (path, text) of a project."""
    return sorted(path for path, text in files if _considered(PurePosixPath(path)) and _PLAY.search(text))


def _considered(path: PurePosixPath) -> bool:
    folders = path.parts[:-1]
    return path.suffix in (".yml", ".yaml") and not any(f in _HIDDEN or f.startswith(".") for f in folders)
