# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failover engines by name. A further one is a role, a file or folder beside this one, and its place in ENGINES.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from .._address.persist.tree import Host
from . import pacemaker
from .keepalived import view as keepalived
from .view import SELF, Trouble, name_of, text_of, told


class Engine(Protocol):
    """What every engine's file offers; its role has the same doors as the others' roles."""

    NAME: str
    UNIT: str

    def running(self, host: Host) -> bool:
        """Whether it runs on this node."""

    def configured(self, host: Host) -> bool:
        """Whether setup has given overlay IPs to it on this node, so that it should run."""

    def given(self, host: Host) -> list[dict[str, str]]:
        """The overlay IPs that are things of their own to it: the `slug` of each, and the `command` that removes it."""

    def seen(self, host: Host) -> dict[str, Any]:
        """What it says of itself, and what is wrong with it: :func:`.view.view`."""


ENGINES: tuple[Engine, ...] = (keepalived, pacemaker)

GUARD = "aws-overlay-ip-guard.service"
_GUARD_FILE = f"/etc/systemd/system/{GUARD}"
UNITS = (*(engine.UNIT for engine in ENGINES), GUARD)
"""Their systemd units, and that of the guard."""
NONE = "none"
NAMES = (NONE, *(engine.NAME for engine in ENGINES))
"""What `overlay_ip_failover` may be."""


def running(host: Host) -> list[str]:
    """The engines that run on this node."""
    return [engine.NAME for engine in ENGINES if engine.running(host)]


def seen(host: Host) -> list[dict[str, Any]]:
    """What the engines that run here, or should, say of themselves."""
    return [_seen(engine, host) for engine in ENGINES if engine.running(host) or engine.configured(host)]


def _seen(engine: Engine, host: Host) -> dict[str, Any]:
    said = engine.seen(host)
    findings = [*said["findings"], *(_unguarded(engine, host) if engine.running(host) else ())]
    return {**said, "findings": findings, "configured": engine.configured(host), "given": engine.given(host)}


def _unguarded(engine: Engine, host: Host) -> Iterator[dict[str, Any]]:
    """Setup has made a guard, and it does not run."""
    if text_of(host, _GUARD_FILE) is None or host.active(GUARD):
        return
    message = (
        f"The guard does not run on {name_of(host)}: an address that is taken away there comes back at the next check"
        f" of {engine.NAME} only."
    )
    remedy = f"`systemctl start {GUARD}` there; its journal says why it ended."
    yield told(Trouble("guard_stopped", "warning", message, remedy, SELF))
