# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab has made on this host, on disk before it is made, and the removal of all of it.

The manifest is the only thing that ``lab down`` needs: it works the same after an orderly end, a SIGKILL of the daemon
and a crash in the middle of ``lab up``. Only what is recorded by its unique name, or carries the lab's mark in its
environment, is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lab.nodes.base import MARKER

#: In the order of removal: nothing that comes later can be removed while something that comes before is in use.
KINDS = ("mount", "netns", "cgroup", "path")

NETNS_DIR = Path("/run/netns")
KILL_SECONDS = 10.0


class Manifest:
    """The list of a lab's things, kept in ``<state>/manifest.json``; several threads may add to it."""

    def __init__(self, path: Path, lab_id: str) -> None:
        self.path = path
        self.lab_id = lab_id
        self._lock = threading.Lock()
        self._entries: list[tuple[str, str]] = []
        if path.exists():
            self._entries = [(entry["kind"], entry["name"]) for entry in json.loads(path.read_text())["made"]]

    def record(self, kind: str, name: str) -> None:
        """Write down ``name`` of ``kind`` before it is made. Raises ValueError for a kind that nobody could remove."""
        if kind not in KINDS:
            raise ValueError(f"manifest: kind is {kind!r}, which is none of {', '.join(KINDS)}")
        with self._lock:
            if (kind, name) in self._entries:
                return
            self._entries.append((kind, name))
            content = {"lab": self.lab_id, "made": [{"kind": k, "name": n} for k, n in self._entries]}
            draft = self.path.with_suffix(".new")
            draft.write_text(json.dumps(content, indent=1) + "\n")
            draft.replace(self.path)

    def names(self, kind: str) -> list[str]:
        """The recorded names of a kind, the newest first."""
        return [name for entry_kind, name in reversed(self._entries) if entry_kind == kind]

    def remove_all(self) -> list[str]:
        """Kill and remove everything of this lab. Returns what is still there; if so, the manifest is kept too."""
        kill_marked(self.lab_id)
        left = [f"process {pid}" for pid in marked(self.lab_id)]
        for kind in KINDS:
            if kind == "path" and left:
                break
            left += [f"{kind} {name}" for name in self.names(kind) if not _REMOVE[kind](name)]
        return left


def marked(lab_id: str) -> Iterator[int]:
    """The processes that carry the lab's mark, this one left out."""
    needle = f"{MARKER}={lab_id}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            if needle in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def kill_marked(lab_id: str, timeout: float = KILL_SECONDS) -> None:
    """SIGKILL every process of the lab, and wait until they are gone or ``timeout`` seconds have passed."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        pids = list(marked(lab_id))
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _unmount(target: str) -> bool:
    # Lazily: a process in another mount namespace may hold a copy of the mount, and must not keep the lab alive.
    while os.path.ismount(target):
        if subprocess.run(["umount", "--lazy", target], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return False
    return True


def _remove_netns(name: str) -> bool:
    path = NETNS_DIR / name
    if path.exists():
        subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)
    return not path.exists()


def _remove_cgroup(path: str) -> bool:
    # The processes of a full node carry no mark of ours, but they are in its group, and the kernel takes a moment.
    deadline = time.monotonic() + KILL_SECONDS
    while os.path.exists(path) and time.monotonic() < deadline:
        kill = Path(path, "cgroup.kill")
        if kill.exists():
            kill.write_text("1")
        for directory, _subdirectories, _files in os.walk(path, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        time.sleep(0.01)
    return not os.path.exists(path)


def _remove_path(path: str) -> bool:
    # Never through a mount that is still there: what lies behind it may be the host's.
    if not any(target == path or target.startswith(f"{path}/") for target in _mount_targets()):
        if os.path.isfile(path):
            os.unlink(path)
        shutil.rmtree(path, ignore_errors=True)
    return not os.path.exists(path)


def _mount_targets() -> list[str]:
    return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


_REMOVE = {"mount": _unmount, "netns": _remove_netns, "cgroup": _remove_cgroup, "path": _remove_path}
