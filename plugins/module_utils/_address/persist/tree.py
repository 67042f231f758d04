# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A view of a node's configuration in which changes are collected before any of them is made.

Check mode, the diff and the run all come from the same collected changes. Pure. This module util is PRIVATE to the
collection.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

PROFILE = "connection/"
"""Names that begin so are NetworkManager profiles, not files: ``connection/UUID``, one static address a line."""


class PersistError(RuntimeError):
    """The configuration cannot be written. The text is a whole sentence with the remedy.

    ``changed``: whether something else was changed before.
    """

    def __init__(self, message: str, *, changed: bool = False) -> None:
        super().__init__(message)
        self.changed = changed


class Host(Protocol):
    """What is read of a node. Paths are absolute, or :data:`PROFILE` names; one that ends in a slash is a folder."""

    def read(self, path: str) -> str | None:
        """The text of a file, or None where there is none. For a symbolic link, ``-> TARGET``."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, sorted."""

    def active(self, unit: str) -> bool:
        """Whether a systemd unit runs."""

    def failed(self, unit: str) -> bool:
        """Whether a systemd unit has ended with an error."""

    def enabled(self, unit: str) -> bool:
        """Whether a systemd unit will run after the next boot."""

    def output(self, *argv: str) -> str | None:
        """What a command prints, or None where it fails or does not exist."""


@dataclass(frozen=True)
class Change:
    """One file (or profile) before and after; None where it is absent. ``mode`` is for a new file: an old one keeps
    its own."""

    path: str
    before: str | None
    after: str | None
    mode: int = 0o644


class Tree:
    """The host's files with changes on top."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._after: dict[str, tuple[str | None, int]] = {}
        self._before: dict[str, str | None] = {}

    def read(self, path: str) -> str | None:
        """The text as it would be."""
        return self._after[path][0] if path in self._after else self._original(path)

    def glob(self, pattern: str) -> list[str]:
        """The paths that would match."""
        found = {path for path in self.host.glob(pattern) if path not in self._after}
        found |= {p for p, (text, _mode) in self._after.items() if text is not None and fnmatch.fnmatchcase(p, pattern)}
        return sorted(found)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Let the file have this text."""
        self._after[path] = (text, mode)

    def link(self, path: str, target: str) -> None:
        """Let ``path`` be a symbolic link."""
        self.write(path, link_text(target))

    def remove(self, paths: Iterable[str]) -> None:
        """Let these be gone."""
        for path in paths:
            self._after[path] = (None, 0)

    def changes(self) -> list[Change]:
        """What differs from the host, removals first."""
        found = [Change(path, self._original(path), text, mode) for path, (text, mode) in self._after.items()]
        return sorted((c for c in found if c.before != c.after), key=lambda c: (c.after is not None, c.path))

    def _original(self, path: str) -> str | None:
        if path not in self._before:
            self._before[path] = self.host.read(path)
        return self._before[path]


def link_text(target: str) -> str:
    """How a symbolic link reads in a :class:`Change`."""
    return f"-> {target}"
