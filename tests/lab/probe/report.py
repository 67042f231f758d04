# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From numbered questions and answers to what a person wants to know: who answered, what was lost, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One datagram: when it was sent, in seconds since the probe began, and who answered after how long, if anyone."""

    sent: float
    who: str | None = None
    round_trip: float = 0.0


@dataclass(frozen=True)
class Holder:
    """A stretch in which one machine gave all the answers; times are of the first and last question it answered."""

    who: str
    first: float
    last: float
    answers: int


@dataclass(frozen=True)
class Gap:
    """A stretch of lost datagrams.

    ``since`` and ``until`` are the sending times of the answered datagrams on either side (of the first and last
    lost one where there is none), so ``seconds`` is never less than the real outage.
    """

    since: float
    until: float
    lost: int

    @property
    def seconds(self) -> float:
        """How long the address was silent, at most."""
        return self.until - self.since


@dataclass(frozen=True)
class Report:
    """What one run of the probe saw. ``began`` is Unix time; all other times are seconds since then."""

    address: str
    began: float
    sent: int
    lost: int
    holders: tuple[Holder, ...]
    gaps: tuple[Gap, ...]
    slowest: float

    @property
    def who(self) -> tuple[str, ...]:
        """The machines that answered, in order of their turns."""
        return tuple(holder.who for holder in self.holders)

    @property
    def gap_ms(self) -> float:
        """The longest silence in milliseconds; 0 if nothing was lost."""
        return max((gap.seconds * 1000 for gap in self.gaps), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "who": list(self.who), "gap_ms": self.gap_ms}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Report:
        """The report that ``to_json`` was made from."""
        return cls(
            address=value["address"],
            began=value["began"],
            sent=value["sent"],
            lost=value["lost"],
            holders=tuple(Holder(**holder) for holder in value["holders"]),
            gaps=tuple(Gap(**gap) for gap in value["gaps"]),
            slowest=value["slowest"],
        )


def analyse(address: str, began: float, samples: Sequence[Sample]) -> Report:
    """The report of samples that are in the order of sending."""
    answered = [sample for sample in samples if sample.who is not None]
    return Report(
        address=address,
        began=began,
        sent=len(samples),
        lost=len(samples) - len(answered),
        holders=tuple(_holders(answered)),
        gaps=tuple(_gaps(samples)),
        slowest=max((sample.round_trip for sample in answered), default=0.0),
    )


def _holders(answered: Sequence[Sample]) -> list[Holder]:
    turns = [(who, list(turn)) for who, turn in groupby(answered, key=lambda sample: sample.who or "")]
    return [Holder(who, turn[0].sent, turn[-1].sent, len(turn)) for who, turn in turns]


def _gaps(samples: Sequence[Sample]) -> list[Gap]:
    gaps = []
    position = 0
    for lost, stretch in groupby(samples, key=lambda sample: sample.who is None):
        length = len(list(stretch))
        if lost:
            first, last = max(position - 1, 0), min(position + length, len(samples) - 1)
            gaps.append(Gap(samples[first].sent, samples[last].sent, length))
        position += length
    return gaps
