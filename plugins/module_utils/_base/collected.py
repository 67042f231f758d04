# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in a folder that node_exporter's textfile collector reads.

It reads every file whose name ends with .prom, hidden ones too, at any moment: a draft must have another name.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_MODE = 0o644
"""node_exporter runs as another user."""


def put(file: Path, content: str) -> None:
    """Write it whole or not at all, by one rename. What is no text is shown as a question mark.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        draft.write_text(content, encoding="utf-8", errors="replace")
        draft.chmod(_MODE)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


def differs(file: Path, content: str) -> bool:
    """Whether it is not there yet with this content."""
    try:
        return file.read_bytes() != content.encode("utf-8", "replace")
    except OSError:
        return True
