# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in a folder that node_exporter's textfile collector reads.

It reads every file whose name ends with .prom, hidden ones too, at any moment: a draft must have another name. The
folder may belong to another user, as Debian's does, and root writes here: no link that this one puts there is followed.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

_MODE = 0o644
"""node_exporter runs as another user."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
IS_LINK = "its folder is a link; name the folder itself"


def put(file: Path, content: str) -> None:
    """Write it whole or not at all, by one rename. What is no text is shown as a question mark.

    Raises:
        OSError: it cannot be written, its folder is a link for one; what was there is as it was.
    """
    if file.parent.is_symlink():
        raise OSError(errno.ELOOP, IS_LINK, str(file.parent))
    folder = os.open(file.parent, _FOLDER)  # this very one, whatever has its name from here on
    draft = f".{file.name}.{secrets.token_hex(8)}.new"
    try:
        handle = os.open(draft, _DRAFT, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as out:
                out.write(content)
                out.flush()
                os.fchmod(handle, _MODE)
            os.replace(draft, file.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def differs(file: Path, content: str) -> bool:
    """Whether it is not there yet with this content."""
    try:
        return file.read_bytes() != content.encode("utf-8", "replace")
    except OSError:
        return True
