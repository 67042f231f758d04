# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is: when something was last started by itself for an overlay IP, and whether it may be again.

Each node keeps what was started with its own clock, and tells it as an age: clocks of different machines are never
compared. While the node runs, time is measured from its boot, so that a clock that is set meanwhile changes nothing;
after a boot by the calendar, where a time of the future counts from now on.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

LARGEST = 256 * 1024
"""Characters of the file; more is none of ours."""


class TurnError(ValueError):
    """What is kept cannot be understood. Nothing may be started then."""


@dataclass(frozen=True)
class Moment:
    """Now, by a node's clocks.

    Attributes:
        time: seconds since the epoch.
        up: seconds since the boot, those of sleep among them (CLOCK_BOOTTIME).
        boot: the id of this boot; empty where it is not known.
    """

    time: float
    up: float
    boot: str


@dataclass(frozen=True)
class Turn:
    """What was started last for an overlay IP.

    Attributes:
        destination: the overlay IP.
        what: the playbook, and why, for people.
        time, up, boot: when, as in :class:`Moment`.
    """

    destination: str
    what: str
    time: float
    up: float
    boot: str

    def age(self, now: Moment) -> float:
        """Seconds since then; 0 where it seems to be yet to come."""
        if self.boot and self.boot == now.boot:
            return max(0.0, now.up - self.up)
        return max(0.0, now.time - self.time)

    def settled(self, now: Moment) -> Turn:
        """The same, or as of now where it seems to be yet to come: else it would hold until then."""
        if self.boot and self.boot == now.boot:
            return self
        return replace(self, **asdict(now)) if self.time > now.time else self


def parsed(text: str, now: Moment) -> list[Turn]:
    """What is kept, settled; nothing where the text is empty.

    Raises:
        TurnError: it is no list of turns.
    """
    if not text:
        return []
    try:
        known = json.loads(text)
        if not isinstance(known, list):
            raise TypeError("no list")
        kept = [
            Turn(str(t["destination"]), str(t["what"]), float(t["time"]), float(t["up"]), str(t["boot"])) for t in known
        ]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
        raise TurnError("it is no list of turns") from exc
    return [turn.settled(now) for turn in kept]


def written(turns: Iterable[Turn]) -> str:
    """The text of the file."""
    return json.dumps([asdict(turn) for turn in turns], indent=1) + "\n"


def held(turns: Sequence[Turn], destinations: Iterable[str], pause: float, now: Moment) -> list[Turn]:
    """Those of the last `pause` seconds, of these overlay IPs."""
    wanted = set(destinations)
    return [turn for turn in turns if turn.destination in wanted and turn.age(now) < pause]


def taken(turns: Sequence[Turn], destinations: Iterable[str], what: str, now: Moment) -> list[Turn]:
    """The same with a new turn of each of these overlay IPs: one is kept for each."""
    new = {d: Turn(d, what, now.time, now.up, now.boot) for d in destinations}
    return [*(turn for turn in turns if turn.destination not in new), *new.values()]


def told(turns: Iterable[Turn], now: Moment) -> list[Mapping[str, object]]:
    """For the controller: destination, what, and the age in seconds."""
    return [{"destination": t.destination, "what": t.what, "age": round(t.age(now), 1)} for t in turns]
