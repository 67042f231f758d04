# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node itself: the only file that reads and writes its configuration and runs its commands.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..._base import programs
from ..._base.deployment import PROGRAM
from . import networkmanager, tested, wicked
from . import unit as persist_unit
from .tree import PROFILE, Change, PersistError, link_text

_TIMEOUT = 30.0
_LINK_PREFIX = link_text("")
_SELINUX = "security.selinux"

# What the network is asked about: one question to systemd answers them together, since each is a process of 5 ms.
_UNITS = (
    "NetworkManager.service",
    "systemd-networkd.service",
    "wickedd.service",
    "network.service",
    "nm-cloud-setup.timer",
)


class LocalHost:
    """This machine.

    Args:
        root: another place to take for ``/`` (tests).
        units: what else systemd will be asked about.
    """

    def __init__(self, root: str = "/", units: Sequence[str] = ()) -> None:
        self._root = Path(root)
        self._asked = (*_UNITS, *units)
        self._units: dict[str, tuple[str, str]] = {}
        self._hidden: set[str] = set()

    def read(self, path: str) -> str | None:
        """See :class:`Host`."""
        if path.startswith(PROFILE):
            value = self.output("nmcli", "-g", "ipv4.addresses", "connection", "show", path[len(PROFILE) :])
            return None if value is None else networkmanager.profile_text(re.findall(r"[^,|\s]+", value))
        at = self._at(path)
        if path in self._hidden:
            return None
        if path.endswith("/"):
            return "a folder\n" if at.is_dir() else None
        try:
            return link_text(os.readlink(at)) if _is_link(path) else at.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as exc:
            raise PersistError(f"cannot read {path}: {_reason(exc)}.") from exc

    def glob(self, pattern: str) -> list[str]:
        """See :class:`Host`."""
        if pattern.startswith(PROFILE):
            if not self.active("NetworkManager.service"):
                return []
            return [f"{PROFILE}{uuid}" for uuid in (self.output("nmcli", "-g", "UUID", "connection") or "").split()]
        base = str(self._root).rstrip("/")
        return sorted(found[len(base) :] for found in glob.glob(glob.escape(base) + pattern))

    def active(self, unit: str) -> bool:
        """See :class:`Host`."""
        return self._unit(unit)[0] in ("active", "reloading")

    def failed(self, unit: str) -> bool:
        """See :class:`Host`."""
        return self._unit(unit)[0] == "failed"

    def enabled(self, unit: str) -> bool:
        """See :class:`Host`."""
        return self._unit(unit)[1] in ("enabled", "enabled-runtime", "static", "indirect", "generated", "alias")

    def output(self, *argv: str) -> str | None:
        """See :class:`Host`."""
        try:
            done = _call(argv)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    def mend(self, path: str, mode: int, *, check: bool) -> bool:
        """See that a file of ours is one, root's, with this mode; returns whether it was (or, with ``check``, is) not.

        A folder or anything else in its place is moved aside, a link or what is no text is removed: it is written anew.
        """
        at = self._at(path)
        try:
            about = at.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            if not stat.S_ISREG(about.st_mode) or not _is_text(at):
                self._hidden.add(path)
                if not check:
                    self._hidden.discard(path)
                    at.unlink() if stat.S_ISREG(about.st_mode) or at.is_symlink() else _aside(at)
                return True
            owner = (about.st_uid, about.st_gid) if str(self._root) == "/" else (0, 0)
            wrong = (owner, stat.S_IMODE(about.st_mode)) != ((0, 0), mode)
            if wrong and not check:
                os.chown(at, 0, 0)
                at.chmod(mode)
            return wrong
        except OSError as exc:
            raise PersistError(f"cannot mend {path}: {_reason(exc)}{_remedy(exc)}.") from exc

    def mend_folder(self, path: str, *, whole: bool = False, check: bool) -> bool:
        """See that a folder of ours is one that root alone may write; returns whether it was (or is) not.

        With ``whole``, all folders in it, too: who could write them may have put anything there, so it goes.
        """
        at = self._at(path)
        try:
            if at.is_symlink() or (at.exists() and not at.is_dir()):
                if not check:
                    at.unlink()
                return True
            inside = [entry for entry in at.rglob("*") if entry.is_dir()] if whole else []
            wrong = any(map(_open_to_others, [at, *inside])) if at.exists() else False
            if wrong and not check:
                if whole:
                    shutil.rmtree(at)
                else:
                    os.chown(at, 0, 0)
                    at.chmod(stat.S_IMODE(at.stat().st_mode) & ~0o022)
            return wrong
        except OSError as exc:
            raise PersistError(f"cannot mend {path}: {_reason(exc)}{_remedy(exc)}.") from exc

    def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes: each file by one rename, so that a reader sees the old text or the new one.

        Raises:
            PersistError: a file is refused by its reader, it or a profile cannot be written, or systemd refuses; says
                whether others were.
        """
        tested.test(changes)
        first, last = persist_unit.commands(changes) if self._systemd() else ([], [])
        done = False
        try:
            for argv in first:
                self._run(argv)
                done = True
            for change in changes:
                if change.path.startswith(PROFILE):
                    self._run(networkmanager.modification(change.path, change.before, change.after))
                else:
                    self._write(change)
                done = True
            self._relabel(changes)
            for argv in last:
                self._run(argv)
            self._tell_wicked(changes)
        except PersistError as exc:
            exc.changed = done
            raise

    def _tell_wicked(self, changes: Sequence[Change]) -> None:
        """Let wicked forget what its files no longer say. Its exit code also counts leases that are not there yet, so
        what it remembers is looked at."""
        commands = wicked.commands(self, changes)
        for argv in commands:
            self.output(*argv)
        left = wicked.left(self, changes) if commands else []
        if left:
            raise PersistError(
                f"wicked would put {', '.join(left)} back when wickedd is restarted, though"
                f" '{' '.join(commands[0])}' was run and its file has it no more: `systemctl restart wicked`."
            )

    def _relabel(self, changes: Sequence[Change]) -> None:
        """Give new files the SELinux context that the policy has for their paths. They have their folder's from the
        kernel, which is the same nearly everywhere; so a node without restorecon(8) is none that fails."""
        new = [c.path for c in changes if c.before is None and c.after is not None and not c.path.startswith(PROFILE)]
        if new and self._at("/sys/fs/selinux/enforce").exists():
            self.output("restorecon", *new)

    def _unit(self, unit: str) -> tuple[str, str]:
        """ActiveState and UnitFileState; both empty where systemd does not answer."""
        if unit not in self._units:
            names = [unit, *(name for name in self._asked if name != unit)]
            shown = self.output("systemctl", "show", "--property=ActiveState,UnitFileState", *names) or ""
            for name, block in zip(names, [*shown.split("\n\n"), *[""] * len(names)]):
                values = dict(line.split("=", 1) for line in block.splitlines())
                self._units[name] = values.get("ActiveState", ""), values.get("UnitFileState", "")
        return self._units[unit]

    def _systemd(self) -> bool:
        """Whether systemd is PID 1 (sd_booted(3)); without it a unit is only a file for the next boot."""
        return self._at("/run/systemd/system").is_dir()

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _run(self, argv: Sequence[str]) -> None:
        try:
            done = _call(argv)
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise PersistError(f"'{' '.join(argv)}' failed: {exc}.") from exc
        if done.returncode != 0:
            raise PersistError(f"'{' '.join(argv)}' failed: {(done.stderr or done.stdout).strip()}")

    def _write(self, change: Change) -> None:
        at = self._at(change.path)
        try:
            if change.after is None and change.path.endswith("/"):
                shutil.rmtree(at)
            elif change.after is None:
                at.unlink(missing_ok=True)
                self._drop_directory(at.parent)
            elif _is_link(change.path):
                _make_directory(at.parent)
                at.symlink_to(change.after[len(_LINK_PREFIX) :])
            else:
                _make_directory(at.parent)
                _replace(at.resolve(), change.after, change.mode)
        except OSError as exc:
            raise PersistError(f"cannot write {change.path}: {_reason(exc)}{_remedy(exc)}.") from exc

    def _drop_directory(self, directory: Path) -> None:
        """Remove an empty directory for drop-ins, or of the program's configuration: ours was the last file in it."""
        ours = directory.name.endswith(".network.d") or directory.name.startswith(PROGRAM)
        if ours and not any(directory.iterdir()):
            directory.rmdir()


def _call(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return programs.run(argv, capture_output=True, text=True, timeout=_TIMEOUT)


def _replace(at: Path, text: str, mode: int) -> None:
    """Put ``text`` there by a rename. An existing file keeps its mode, owner and SELinux context; a new one is root's
    and takes the context that the policy gives to files of its directory.

    The temporary file begins with a dot: ifupdown, the dispatcher and networkd read no such names.
    """
    old = at.stat() if at.exists() else None
    handle, name = tempfile.mkstemp(prefix=".aws-overlay-ip-", suffix=".tmp", dir=at.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(handle, old.st_mode & 0o7777 if old else mode)
            if old:
                os.fchown(handle, old.st_uid, old.st_gid)
                _copy_context(at, handle)
            os.fsync(handle)
        os.replace(name, at)
    except BaseException:
        os.unlink(name)
        raise
    _sync(at.parent)


def _make_directory(directory: Path) -> None:
    """Make it and its parents readable for all, whatever the umask: systemd-networkd does not run as root."""
    if not directory.is_dir():
        _make_directory(directory.parent)
        directory.mkdir()
        directory.chmod(0o755)


def _open_to_others(folder: Path) -> bool:
    about = folder.lstat()
    return about.st_uid not in (0, os.geteuid()) or bool(about.st_mode & 0o022)


def _is_text(at: Path) -> bool:
    try:
        at.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _aside(at: Path) -> None:
    """Keep what is in our file's place under another name: it may be somebody's."""
    number = 1
    while (other := at.with_name(f"{at.name}.aside{number}")).exists():
        number += 1
    at.rename(other)


def _is_link(path: str) -> bool:
    """Only the links that enable a unit are handled as links; a configuration file may be one, and is followed."""
    return ".wants/" in path


def _copy_context(source: Path, handle: int) -> None:
    try:
        os.setxattr(handle, _SELINUX, os.getxattr(source, _SELINUX))
    except OSError:
        return  # no SELinux here


def _sync(directory: Path) -> None:
    """Make the rename itself survive a crash."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remedy(exc: OSError) -> str:
    if exc.errno in (errno.EACCES, errno.EPERM):
        return "; this needs root (become: true)"
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return "; free some space, then run again"
    if exc.errno == errno.EROFS:
        return "; mount it writable, then run again"
    return ""


def _reason(exc: Exception) -> str:
    return exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)
