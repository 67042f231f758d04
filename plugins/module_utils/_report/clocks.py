# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a node's clock is from the controller's, and what is to be made of times that the node wrote.

A node's clock is read between two looks at the controller's (`plugin_utils/clock.py`): so it is known within bounds.
Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._base.finding import INFO, WARNING, Finding

_AGREE = 1.0  # seconds by which clocks may differ before people are told to mend them
_GRAVE = 30.0  # the same of a warning, and of the alert OverlayIpClockWrong


@dataclass(frozen=True)
class Clock:
    """A node's clock beside the controller's.

    Attributes:
        ahead: seconds by which it is ahead; below zero: behind.
        within: seconds within which that is known.
    """

    ahead: float
    within: float

    @property
    def off(self) -> bool:
        """Whether people are to be told."""
        return abs(self.ahead) > max(self.within, _AGREE)

    @property
    def wrong(self) -> float:
        """What is to be taken off a time that the node wrote, in seconds; nothing, where the two may agree."""
        return 0.0 if abs(self.ahead) <= self.within else self.ahead

    @property
    def words(self) -> str:
        """How far it is off, as the end of a sentence."""
        way = "ahead of" if self.ahead > 0 else "behind"
        return f"{abs(self.ahead):.1f} s {way} the controller's (known within {self.within:.1f} s)"


def of(answer: Mapping[str, Any]) -> Clock | None:
    """The clock of a node by what overlay_history, or overlay_node_info, returned there; None where it told none."""
    bounds = answer.get("clock_offset")
    return None if bounds is None else Clock((bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2)


def shown(clock: Clock | None) -> dict[str, float | None]:
    """As reports have it."""
    rounded = (None, None) if clock is None else (round(clock.ahead, 2), round(clock.within, 2))
    return dict(zip(("clock_offset", "clock_within"), rounded))


def finding(node: str, clock: Clock | None) -> Finding | None:
    """What is wrong with it, if anything.

    Never an error: takeovers time themselves by no clock that can be set, and calls to AWS are signed by AWS's.
    """
    if clock is None or not clock.off:
        return None
    grave = abs(clock.ahead) - clock.within > _GRAVE
    return Finding(
        "clock_off",
        WARNING if grave else INFO,
        f"The clock of {node} is {clock.words}; times that {node} wrote are its own.",
        f"See that chrony or systemd-timesyncd keeps both; `timedatectl` on {node} tells.",
    )
