# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a failover engine holds on this node: one file for each, and the one fact that the guard acts on.

It is written before an address goes up, and removed before that address is taken down, by whoever does either: the
node's own program, its launcher, the resource agent and the module. So whoever finds an address down while its file is
there knows that nobody of ours has taken it down. A reboot removes all of them, and nothing but unlink(2) is needed to
let go: no memory, no space, no reading.

It imports nothing big: the guard, which is there all the time, imports it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
from contextlib import suppress

from .place import HELD, RUN, Place, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .plan import Overlay


class Kept:
    """The files.

    Args:
        run: the directory in which a folder of them is.
    """

    def __init__(self, run: str = RUN) -> None:
        self._run = run
        self._folder = os.path.join(run, HELD)

    def keep(self, overlays: Iterable[Overlay]) -> list[str]:
        """Write them down, before they go up; returns the addresses that were not written down before.

        Where it cannot be written nothing is: the address serves without a guard, and an old text would be wrong.
        """
        new = []
        for place in (Place(o.cidr, o.interface, o.label) for o in overlays):
            before = self.place(place.address)
            if before is None:
                new.append(place.address)
            if before != place:
                self._write(place)
        return new

    def follow(self, overlays: Iterable[Overlay]) -> None:
        """Where these go to another place by somebody else's hand: only what is written down is written anew."""
        self.keep(o for o in overlays if self.place(o.address) is not None)

    def agrees(self, places: Iterable[Place]) -> bool:
        """Whether what is written down of these addresses, if anything is, says so too."""
        return all(self.place(place.address) in (None, place) for place in places)

    def release(self, addresses: Iterable[str]) -> None:
        """Remove them, before the addresses go down. Never fails: what cannot be removed is not believed."""
        for address in addresses:
            _unlink(self._file(address.partition("/")[0]))

    def place(self, address: str) -> Place | None:
        """Where that address is held here; None where it is not."""
        try:
            with open(self._file(address), encoding="utf-8") as file:
                return read(file.read())
        except (OSError, ValueError):
            return None

    def places(self) -> list[Place]:
        """All of them. None where nothing could be removed any more: what lies there may be of another time."""
        try:
            names = os.listdir(self._folder) if os.access(self._folder, os.W_OK) else []
        except OSError:
            return []
        return [place for place in map(self.place, sorted(names)) if place is not None]

    def _file(self, address: str) -> str:
        return os.path.join(self._folder, address)

    def _write(self, place: Place) -> None:
        file = self._file(place.address)
        draft = f"{file}.{os.getpid()}.new"
        try:
            for folder in (self._run, self._folder):
                if not os.path.isdir(folder):
                    os.mkdir(folder)
                    os.chmod(folder, 0o700)  # whatever the umask: keepalived's lets nobody search a folder
            with open(draft, "w", encoding="utf-8") as text:
                text.write(f"{place.text}\n")
            os.replace(draft, file)
        except OSError:
            _unlink(draft)
            _unlink(file)


def _unlink(file: str) -> None:
    with suppress(OSError):
        os.unlink(file)
