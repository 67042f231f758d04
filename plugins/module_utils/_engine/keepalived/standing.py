# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived said last on a node, what came of it, and where that is kept. What is done is in `mastership.py`.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from ..memory import Memory
from .names import STANDING

MASTER, BACKUP, FAULT, STOP = STATES = ("MASTER", "BACKUP", "FAULT", "STOP")
ADOPT = "ADOPT"
"""What setup says before it starts keepalived on a node that may hold the overlay IPs already."""
ORDERED = "ORDERED"
"""What a switchover says at the other nodes, when it has moved the route to one that was not the master yet."""
_EARLY, _LATE = 0.1, 0.5  # seconds by which a notification may seem to come early or late


@dataclass(frozen=True)
class Standing:
    """What keepalived said last, and what came of it. Times are of the monotonic clock.

    Attributes:
        state: one of STATES, or empty.
        since: when it was said.
        held: the route was seen to be all here since then, also by a backup that serves.
        lost: when the route was found to have been taken away; None if it was not, or the other node was heard since.
        idle: since when the address has been up here while no route pointed here, as far as a backup has seen.
        adopted: what the node holds was given to it before keepalived began, and it has not been the master since.
        missed: ids of the route tables that did not follow the takeover: they refused it, or were never asked.
        ordered: an operator moved the route while this node was the only master: who took it is not one who hears
            nobody, and may be followed at once.
    """

    state: str = ""
    since: float = 0.0
    held: bool = False
    lost: float | None = None
    idle: float | None = None
    adopted: bool = False
    missed: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def valid(self) -> bool:
        """Whether every value is of its kind: the file may be anything."""
        numbers = (self.since, *(n for n in (self.lost, self.idle) if n is not None))
        return (
            isinstance(self.state, str)
            and isinstance(self.held, bool)
            and isinstance(self.adopted, bool)
            and isinstance(self.ordered, bool)
            and all(isinstance(table, str) and table.startswith("rtb-") for table in self.missed)
            and all(isinstance(n, (int, float)) and not isinstance(n, bool) and math.isfinite(n) for n in numbers)
        )


def entered(before: Standing, state: str, now: float, advert: float) -> Standing:
    """The standing after keepalived has said `state`.

    A backup that hears nobody becomes master after three adverts and a bit. One that did so later, or sooner (at the
    other one's farewell), has heard the other node, so that what happened before no longer counts. Being stopped is an
    order from outside, and begins a new page, too; so is a switchover, for the next time that it becomes master.
    """
    silence = now - before.since
    deaf = 3 * advert - _EARLY <= silence <= longest_silence(advert)
    heard = before.state == BACKUP and state == MASTER and (before.ordered or not deaf)
    waits = state in (BACKUP, FAULT)
    lost = None if heard or state == STOP else before.lost
    return Standing(state, now, lost=lost, adopted=before.adopted and waits, ordered=before.ordered and waits)


def longest_silence(advert: float) -> float:
    """Seconds after which a backup that hears nobody is the master, and has said so."""
    return 4 * advert + _LATE


def parsed(text: str) -> Standing:
    """The standing that was written; an empty one where the text is none."""
    try:
        raw = json.loads(text)
        raw.pop("told", None)  # of 1.1.0
        standing = Standing(**{**raw, "missed": tuple(raw.get("missed", ()))})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Standing()
    return standing if standing.valid else Standing()


class Store:
    """The standing, where the node remembers things."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._unsaved: Standing | None = None

    def read(self) -> Standing:
        """The standing; an empty one where none was written yet, or what is there is not one."""
        if self._unsaved is not None:
            return self._unsaved
        return parsed(self.memory.read(self.memory.own(STANDING)))

    def write(self, standing: Standing) -> str:
        """Write it; returns why it could not be written, empty where it was."""
        why = self.memory.write(self.memory.own(STANDING), json.dumps(asdict(standing)))
        self._unsaved = standing if why else None
        return why
