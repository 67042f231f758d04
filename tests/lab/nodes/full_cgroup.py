# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control group per full node: it is how a node is frozen, killed at once, and found again after a crash of the lab.

systemd-nspawn puts its payload below the group it is started in, so everything that a node ever runs is in here.
Works on a unified host and on a hybrid one (a v1 `name=systemd` tree beside the v2 tree).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

KILL_SECONDS = 10.0


class ControlGroup:
    """The control group `name`, one directory in each tree that systemd uses.

    Args:
        name: unique on this machine; it is what the manifest records.
        mounts: text of /proc/self/mountinfo (for tests); read from the kernel by default.
    """

    def __init__(self, name: str, mounts: str | None = None) -> None:
        self.name = name
        text = Path("/proc/self/mountinfo").read_text() if mounts is None else mounts
        roots = list(_trees(text))
        self._unified = next((path / name for path, is_unified in roots if is_unified), None)
        self.directories = [path / name for path, _unified in roots]
        if self._unified is None:
            raise OSError("full nodes need a mounted cgroup2 file system, and this machine has none")

    def create(self) -> None:
        """Make the group in every tree."""
        for directory in self.directories:
            directory.mkdir(exist_ok=True)

    def freeze(self, frozen: bool) -> None:
        """Stop every process of the group where it stands, or let all of them go on."""
        self._write("cgroup.freeze", "1" if frozen else "0")

    def kill(self) -> None:
        """Kill every process of the group at once, frozen ones too, and return when none is left."""
        self._write("cgroup.kill", "1")
        deadline = time.monotonic() + KILL_SECONDS
        while self.populated():
            if time.monotonic() > deadline:
                raise TimeoutError(f"control group {self.name} still has processes {KILL_SECONDS:.0f} s after a kill")
            time.sleep(0.01)

    def populated(self) -> bool:
        """Whether any process is left in the group or below it."""
        assert self._unified is not None
        events = self._unified / "cgroup.events"
        return events.exists() and "populated 1" in events.read_text()

    def renew(self) -> None:
        """Replace the group by a fresh one; nothing of it runs any more.

        The kernel counts the kills of a group and compares a group's count with that of the group from which somebody
        forks into it: systemd 257, which starts its services so, would have each of them killed at birth.
        """
        self.remove()
        self.create()

    def remove(self) -> None:
        """Kill what is left and remove the group; nothing happens where it is already gone."""
        assert self._unified is not None
        if self._unified.exists():
            self.kill()
        for top in self.directories:
            for directory in sorted((d for d in top.rglob("*") if d.is_dir()), reverse=True):
                directory.rmdir()
            if top.exists():
                top.rmdir()

    def _write(self, file: str, text: str) -> None:
        assert self._unified is not None
        (self._unified / file).write_text(text)


def _trees(mountinfo: str) -> Iterator[tuple[Path, bool]]:
    """Yield (mount point, is it the unified tree) of each cgroup tree in which systemd keeps its groups."""
    for line in mountinfo.splitlines():
        fields, _separator, source = line.partition(" - ")
        mount_point = Path(fields.split()[4])
        kind, _device, options = source.split()[:3]
        if kind == "cgroup2":
            yield mount_point, True
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            yield mount_point, False
