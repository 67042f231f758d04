# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failover engines by name. A further one is a role, a file or folder beside this one, and its place in ENGINES.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from typing import Any, Protocol

from .._address.persist.tree import Host
from .keepalived import view as keepalived
from .pacemaker import view as pacemaker


class Engine(Protocol):
    """What every engine's file offers; its role has the same doors as the others' roles."""

    NAME: str
    UNIT: str

    def running(self, host: Host) -> bool:
        """Whether it runs on this node."""

    def configured(self, host: Host) -> bool:
        """Whether setup has given overlay IPs to it on this node, so that it should run."""

    def given(self, host: Host) -> list[dict[str, str]]:
        """The overlay IPs that are things of their own to it: `slug`, `resource`, and the `command` that removes it."""

    def movers(self, host: Host) -> list[dict[str, Any]]:
        """What in its configuration moves a route or a service's address, whoever has put it there: see `view.py`."""

    def seen(self, host: Host) -> dict[str, Any]:
        """What it says of itself, and what is wrong with it: :func:`.view.view`."""


ENGINES: tuple[Engine, ...] = (keepalived, pacemaker)

UNITS = tuple(engine.UNIT for engine in ENGINES)
"""Their systemd units."""
NONE = "none"
NAMES = (NONE, *(engine.NAME for engine in ENGINES))
"""What `overlay_ip_failover` may be."""


def running(host: Host) -> list[str]:
    """The engines that run on this node."""
    return [engine.NAME for engine in ENGINES if engine.running(host)]


def seen(host: Host) -> list[dict[str, Any]]:
    """What the engines say of themselves that run here, or would move something if they did."""
    return [_seen(engine, host) for engine in ENGINES if engine.running(host) or _would(engine, host)]


def _would(engine: Engine, host: Host) -> bool:
    return engine.configured(host) or bool(engine.movers(host))


def _seen(engine: Engine, host: Host) -> dict[str, Any]:
    return {**engine.seen(host), "configured": engine.configured(host), "given": engine.given(host)}
