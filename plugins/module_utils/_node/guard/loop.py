# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a node with a failover engine: it hears of an address that is taken away, and puts it back at once.

A network manager that reads its configuration anew takes away what it does not know. The engine would notice at its
next check, which is seconds later; the kernel tells at once. This process asks AWS nothing and decides nothing: what is
held here is written down by who takes and gives up (`_address.kept`), and when to act is `keeper`'s.

It runs as long as the node does, so it imports little: no argparse, json, dataclasses or typing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import sys
import time

from ..._address.kept import Kept
from ..._address.place import RUN, SPARE, TAKING, Place
from . import wire
from .keeper import PAUSE, Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = 3
"""Exit code: another version was installed."""
_SECONDS = 2.0
_TRIES = 10
_TOLD = 60.0  # seconds between two sentences about an address that is taken away all the time
_SIZE = 65536
_ROUND = 64  # events that are read before something is done


class Guard:
    """See above.

    Args:
        run: where it is written down what is held here.
        spare: the other place where a takeover may be told to be under way.
        itself: a file of this program; where it is gone, another version has taken its place.
        receive: bytes that the kernel keeps for us (tests); None for its default.
    """

    def __init__(self, run: str = RUN, spare: str = SPARE, itself: str = __file__, receive: int | None = None) -> None:
        self._kept = Kept(run)
        self._taking = [os.path.join(place, TAKING) for place in (run, spare)]
        self._itself = itself
        self._keeper = Keeper()
        self._told: dict[bytes, float] = {}
        self._sequence = 0
        self._asked = _socket(0)
        self._asked.settimeout(_SECONDS)
        self._events = _socket(wire.GROUPS, receive)  # before all is read: what changes meanwhile is told after it
        self._read()

    def run(self) -> None:
        """Until another version takes its place. Raises Replaced, and OSError where the kernel cannot be asked."""
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        while True:
            wait = self._keeper.wait(time.monotonic())
            poll.poll(None if wait is None else int(wait * 1000) + 1)
            self.hear()
            self.act()

    def hear(self) -> None:
        """Take in what has happened."""
        lost = False
        for _event in range(_ROUND):
            try:
                data, (port, _groups) = self._events.recvfrom(_SIZE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError as exc:
                if exc.errno != errno.ENOBUFS:
                    raise
                lost = True
                continue
            if port == 0:  # the kernel
                self._happened(data)
        if lost:
            self._read()

    def act(self) -> None:
        """Put back what is to be put back."""
        if not self._keeper.missing:
            return
        held = {_packed(place.address): place for place in self._kept.places() if _packed(place.address)}
        taking = any(map(_ours, self._taking))
        for packed, place, index in self._keeper.due(held, taking, time.monotonic()):
            if not os.path.exists(self._itself):
                raise Replaced
            # Whoever ends us waits until it is settled.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
            try:
                code = self._put_back(packed, place, index)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
            self._tell(packed, place, code)

    def _put_back(self, packed: bytes, place: Place, index: int) -> int:
        length = int(place.cidr.partition("/")[2])
        code = self._change(wire.add(packed, length, index, place.label, self._next()))
        if code == 0 and self._kept.place(place.address) is None:
            # Somebody let go of it between our look and our deed; he may be through already.
            self._change(wire.delete(packed, length, index, self._next()))
        self._keeper.put(packed, code, time.monotonic())
        return code

    def _tell(self, packed: bytes, place: Place, code: int) -> None:
        now = time.monotonic()
        often = self._keeper.often(packed, now)
        if code in (errno.EEXIST, errno.ENODEV) or (now - self._told.get(packed, -_TOLD) < _TOLD and (often or code)):
            return
        if often or code:
            self._told[packed] = now
        if code:
            say(f"{place.cidr} was taken away from {place.interface}, and cannot be put back: {os.strerror(code)}.")
        elif often:
            say(
                f"{place.cidr} is taken away from {place.interface} again and again. It is put back, every {PAUSE:g} s"
                " at most: find out who does it (`ip monitor address` shows when)."
            )
        else:
            say(f"{place.cidr} was taken away from {place.interface} by somebody else: it is up again.")

    def _happened(self, data: bytes) -> None:
        now = time.monotonic()
        for kind, _flags, _sequence, body in wire.messages(data):
            if kind in (wire.NEW_LINK, wire.DEL_LINK):
                index, name = wire.link(body)
                if name:
                    self._keeper.link(index, name if kind == wire.NEW_LINK else None, now)
            elif kind in (wire.NEW_ADDRESS, wire.DEL_ADDRESS):
                self._keeper.address(kind == wire.NEW_ADDRESS, *wire.address(body), now)

    def _read(self) -> None:
        links = dict(wire.link(body) for body in self._all(wire.GET_LINK, wire.NEW_LINK))
        up = [wire.address(body) for body in self._all(wire.GET_ADDRESS, wire.NEW_ADDRESS)]
        self._keeper.read(links, up, time.monotonic())

    def _all(self, question: int, answer: int) -> list[bytes]:
        """A whole list; where it changed while it was read, again. What changes after that is told as an event."""
        found: list[bytes] = []
        for _try in range(_TRIES):
            found, whole = [], True
            sequence = self._next()
            self._asked.send(wire.dump(question, sequence))
            for kind, flags, body in self._answers(sequence):
                whole = whole and kind != wire.ERROR and not flags & wire.INTERRUPTED
                if kind == answer:
                    found.append(body)
            if whole:
                break
        return found

    def _change(self, message: bytes) -> int:
        self._asked.send(message)
        return next((wire.code(body) for kind, _flags, body in self._answers(self._sequence) if kind == wire.ERROR), 0)

    def _answers(self, wanted: int) -> Iterator[tuple[int, int, bytes]]:
        """The answers to one question, the last one included. What is left of another one is passed over."""
        while True:
            for kind, flags, sequence, body in wire.messages(self._asked.recv(_SIZE)):
                if sequence == wanted:
                    yield kind, flags, body
                    if kind in (wire.DONE, wire.ERROR):
                        return

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


class Replaced(Exception):
    """This program's files are gone: another version is there, which may write down otherwise what is held."""


def entry(run: str = RUN, spare: str = SPARE) -> int:
    """Run; returns the exit code. Whatever the failure, systemd begins a new one.

    Args:
        run, spare: where the deployment remembers things.
    """
    try:
        Guard(run, spare).run()
    except Replaced:
        say("Another version of the program was installed: the guard starts anew.")
        return OTHER
    except OSError as exc:
        say(f"The guard cannot ask the kernel ({exc}): it starts anew.")
        return 1
    return 0


def say(text: str) -> None:
    """To the journal, by the unit."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        pass


def _socket(groups: int, receive: int | None = None) -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    if receive is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.bind((0, groups))
    return made


def _packed(address: str) -> bytes:
    """Network order; empty for what is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return b""


def _ours(file: str) -> bool:
    """Whether it is there, in a folder that is ours: anybody may make one in /dev/shm."""
    try:
        return os.stat(os.path.dirname(file)).st_uid == os.geteuid() and os.path.exists(file)
    except OSError:
        return False
