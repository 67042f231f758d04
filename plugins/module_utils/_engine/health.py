# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says of itself at a glance, for the metrics of the node's program. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._base.deployment import Deployment


@dataclass(frozen=True)
class Look:
    """What a glance at an engine costs nothing of: no call to AWS, one short command at most.

    Attributes:
        deployment: whose engine it is.
        remembered: what the node remembers by that name, empty where it remembers nothing.
        advert: seconds between two adverts of the engine.
        now: on the monotonic clock.
        read: the text of a file, empty where there is none or where it may not be read.
        output: what a command prints; None where there is none, or where it fails.
    """

    deployment: Deployment
    remembered: Callable[[str], str]
    advert: float
    now: float
    read: Callable[[str], str]
    output: Callable[..., str | None]


@dataclass(frozen=True)
class Health:
    """What an engine that setup has configured on this node says of itself at a glance.

    Attributes:
        able: whether it runs and may make this node the holder, or has done so.
        heard: whether it hears another node; None where that cannot be known.
    """

    able: bool
    heard: bool | None
