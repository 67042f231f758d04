# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the guard puts an address back.

* Only one that it has itself seen up, and seen go. What is written down and was not up since the guard began may be of
  another life of the engine: whether this node still is the holder is the engine's to find out.
* Only while it is written down as held here (`_address.kept`): who lets go removes that first.
* Never while a takeover is under way, or was killed: it brings the address up itself, or takes it down.
* Nothing where the address is up anywhere on the node: which interface is the right one is the engine's to say.
* On a link that has just appeared, not before it has an address of its own: NetworkManager leaves a link alone that has
  one before it looks at it.
* Not without end: who is taken away what he puts back, ten times in ten seconds, then does it once a second.

An address is packed, as in `wire`. Times are of the monotonic clock, in seconds.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..._address.place import Place

POLL = 0.1
"""Seconds between two looks at a takeover that is under way."""
MOST, WINDOW, PAUSE = 10, 10.0, 1.0
_NEVER = float("inf")
_LINK_LOCAL = b"\xfe\x80"


class Keeper:
    """What is up on this node, and what has gone."""

    def __init__(self) -> None:
        self._links: dict[int, str] = {}
        self._fresh: set[int] = set()  # links that appeared since
        self._up: set[tuple[bytes, int, int]] = set()
        self._gone: dict[bytes, float] = {}  # when to look at it
        self._put: dict[bytes, list[float]] = {}

    def read(self, links: Mapping[int, str], up: Iterable[tuple[bytes, int, int]], now: float) -> None:
        """All of it, at the beginning or because events were lost: what is not up any more has gone meanwhile."""
        before = {packed for packed, _length, _index in self._up}
        self._up = set(up)
        self._fresh &= set(links)
        self._fresh |= set(links) - set(self._links) if self._links else set()
        self._links = dict(links)
        for packed in before | set(self._gone):
            self._look(packed, now)

    def link(self, index: int, name: str | None, now: float) -> None:
        """A link has this name now; None: it is gone, and its addresses with it."""
        if name is None:
            self._links.pop(index, None)
            self._fresh.discard(index)
            for packed, length, where in [entry for entry in self._up if entry[2] == index]:
                self.address(False, packed, length, where, now)
        elif self._links.get(index) != name:
            if index not in self._links:
                self._fresh.add(index)
            self._links[index] = name
            self._look_again(now)

    def address(self, up: bool, packed: bytes, length: int, index: int, now: float) -> None:
        """An address has come up, or gone."""
        entry = (packed, length, index)
        if up:
            self._up.add(entry)
            self._gone.pop(packed, None)
            if index in self._fresh:
                self._look_again(now)
        elif entry in self._up:
            self._up.discard(entry)
            self._look(packed, now)

    def due(self, held: Mapping[bytes, Place], taking: bool, now: float) -> list[tuple[bytes, Place, int]]:
        """What to put back now: the address, where it belongs, and the index of that link.

        Args:
            held: what is written down.
            taking: a takeover is under way, or was killed.
            now: the time.
        """
        found = []
        for packed, when in sorted(self._gone.items()):
            place = held.get(packed)
            if place is None:  # somebody has let go of it
                del self._gone[packed]
            elif when > now:
                continue
            elif taking:
                self._gone[packed] = now + POLL
            else:
                index = next((i for i, name in self._links.items() if name == place.interface), None)
                self._gone[packed] = _NEVER  # until its link is there, or `put` says how it went
                if index is not None and self._settled(index, held):
                    found.append((packed, place, index))
        return found

    def put(self, packed: bytes, code: int, now: float) -> None:
        """How it went: an errno, or 0. That it is up is told by an event; what is not told so is looked at again."""
        if code == 0:
            self._put[packed] = [*self._recent(packed, now), now]
        if packed in self._gone and code != errno.ENODEV:  # the link has just gone: it may come again
            self._gone[packed] = now + (POLL if code in (0, errno.EEXIST) else PAUSE)

    def often(self, packed: bytes, now: float) -> bool:
        """Whether it is taken away again and again."""
        return len(self._recent(packed, now)) >= MOST

    def wait(self, now: float) -> float | None:
        """Seconds until `due` has something to look at again; None: until something happens."""
        when = min(self._gone.values(), default=_NEVER)
        return None if when == _NEVER else max(0.0, when - now)

    @property
    def missing(self) -> bool:
        """Whether something has gone that nobody has looked after yet."""
        return bool(self._gone)

    def _settled(self, index: int, held: Mapping[bytes, Place]) -> bool:
        own = (packed for packed, _length, where in self._up if where == index and packed not in held)
        return index not in self._fresh or any(not packed.startswith(_LINK_LOCAL) for packed in own)

    def _look_again(self, now: float) -> None:
        for packed in self._gone:
            self._gone[packed] = self._when(packed, now)

    def _look(self, packed: bytes, now: float) -> None:
        if any(entry[0] == packed for entry in self._up):
            self._gone.pop(packed, None)
        else:
            self._gone[packed] = self._when(packed, now)

    def _when(self, packed: bytes, now: float) -> float:
        recent = self._recent(packed, now)
        return max(now, recent[-1] + PAUSE) if len(recent) >= MOST else now

    def _recent(self, packed: bytes, now: float) -> list[float]:
        return [when for when in self._put.get(packed, ()) if now - when < WINDOW][-MOST:]
