# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine needs of the node that it moves, which the node's own program has, and what that has for the engine.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .._aws.pace import Deadline
from .memory import Memory

if TYPE_CHECKING:  # what only lets go of an address does not pay for it
    from .._route.plan import Route, Table


class Addresses(Protocol):
    """The node's addresses, which need nothing of AWS: :class:`_node.local.Local`."""

    @property
    def peers(self) -> Mapping[str, str]:
        """The other nodes' names and network interfaces."""

    def up(self) -> bool:
        """Bring the addresses up; returns whether one was not."""

    def down(self) -> bool:
        """Take them down; returns whether one was up."""

    def live(self) -> Mapping[str, str]:
        """Those that are up, and on which interface."""


class Seen(Protocol):
    """One overlay IP in the tables that the node answers for: :class:`_node.tables.Seen`."""

    @property
    def destination(self) -> str:
        """The overlay IP."""

    @property
    def routes(self) -> Sequence[tuple[Table, Route | None]]:
        """Per table, by id, the route, or None."""

    @property
    def problems(self) -> Sequence[str]:
        """What is to be told of single tables."""

    def held_by(self, interface: str) -> Sequence[Table]:
        """The tables whose route points there and works."""


class Holder(Protocol):
    """The node as one that may hold the routes: :class:`_node.node.Node`."""

    def mine(self) -> str:
        """This node's network interface."""

    def tables(self) -> Sequence[Seen]:
        """Each overlay with its route tables, read now. Raises AwsError."""

    def around(self, memory: Memory, deadline: Deadline, seen: Any) -> Mapping[str, Sequence[str]]:
        """What others changed about this node in AWS, for `Memory.news`; `seen` is what `tables` said just now."""

    def take(self, deadline: Deadline) -> Mapping[str, Any]:
        """Bring the addresses up, then move every table here."""

    def hand_over(self, peer: str, deadline: Deadline) -> Mapping[str, Any]:
        """Send what points here to the peer."""


@dataclass(frozen=True)
class Call:
    """One call of an engine's command.

    Attributes:
        state: what the engine says that it is in; empty for a command that has no states.
        local: the node's addresses.
        node: makes the part that calls AWS, when it is needed.
        memory: what the node remembers.
        log: told what happened, in sentences.
        deadline: for all of it.
        began: when the engine called, on the monotonic clock.
        advert: seconds between two adverts of the engine.
        others: there are other instances of the engine here, or were until now: what is meant are some overlay IPs.
    """

    state: str
    local: Addresses
    node: Callable[[], Holder]
    memory: Memory
    log: Callable[[str], None]
    deadline: Deadline
    began: float
    advert: float
    others: bool = False


@dataclass(frozen=True)
class Command:
    """A command of the node's program that one engine calls. It writes, so that it needs root.

    Attributes:
        name: as it is called.
        text: what it does, for the help.
        run: does it; returns whether it is as the engine wants it.
        states: what the engine may say that it is in.
        letting_go: those of them in which the address goes down, whatever else fails.
        failed: what follows from a failure, a sentence.
        after: what happens next after a failure, by state.
        quiet: it is called so often that only a failure is written to the journal.
        by: the engine.
        why: the reason of a move, for its record, by state.
        keeps: where the program cannot judge at all, an address that is up stays: then it is said to be as it should.
    """

    name: str
    text: str
    run: Callable[[Call], bool]
    states: tuple[str, ...] = ()
    letting_go: tuple[str, ...] = ()
    failed: str = ""
    after: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
    by: str = ""
    why: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = False
