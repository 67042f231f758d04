# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived on this node says of itself at a glance.

A backup that hears no advert becomes the master after three of them and a bit (RFC 5798, 6.1: Master_Down_Interval), so
that one which is still a backup later hears the master. A master hears nobody: backups send nothing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from ..health import Health, Look
from .names import MARK, conf, standing
from .standing import BACKUP, FAULT, MASTER, Standing, longest_silence, parsed
from .view import parts


def health(look: Look) -> Health | None:
    """See :func:`..commands.health`."""
    if MARK not in look.read(conf(look.deployment)):
        return None
    found = [parsed(look.remembered(standing(part))) for part in parts(look.read(look.deployment.config)) or ("",)]
    told = [heard(one, look.now, look.advert) for one in found]
    return Health(
        able=all(one.state in (MASTER, BACKUP) for one in found),
        heard=False if False in told else None if None in told else True,
    )


def heard(standing: Standing, now: float, advert: float) -> bool | None:
    """Whether the other node is heard; None where this one cannot know. A daemon that does not run hears nobody."""
    deaf = False if standing.lost is not None else None  # the route was taken away by one that was not heard since
    if standing.state == BACKUP:
        return True if now - standing.since > longest_silence(advert) else deaf
    if standing.state == MASTER:
        return deaf
    return None if standing.state == FAULT else False
