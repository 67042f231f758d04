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
from .._base.deployment import Deployment
from .keepalived import view as keepalived
from .pacemaker import view as pacemaker
from .view import SELF, Trouble, name_of, text_of, told


class Engine(Protocol):
    """What every engine's file offers; its role has the same doors as the others' roles."""

    NAME: str
    FOLLOWS: bool  # whether an overlay IP can follow an application by it

    def unit(self, deployment: Deployment) -> str:
        """Its systemd unit."""

    def running(self, host: Host, deployment: Deployment) -> bool:
        """Whether it runs on this node."""

    def configured(self, host: Host, deployment: Deployment) -> bool:
        """Whether setup has given overlay IPs to it on this node, so that it should run."""

    def given(self, host: Host, deployment: Deployment) -> list[dict[str, str]]:
        """The overlay IPs that are things of their own to it: `slug`, `resource`, and the `command` that removes it."""

    def movers(self, host: Host, deployment: Deployment) -> list[dict[str, Any]]:
        """What in its configuration moves a route or a service's address, whoever has put it there: see `view.py`."""

    def seen(self, host: Host, deployment: Deployment) -> dict[str, Any]:
        """What it says of itself, and what is wrong with it: :func:`.view.view`."""

    def busy(self, host: Host, deployment: Deployment) -> str:
        """What it is doing now, as the end of a sentence; empty where it rests, or where only what it says of itself
        and the program's own lock can tell."""


ENGINES: tuple[Engine, ...] = (keepalived, pacemaker)

NONE = "none"
NAMES = (NONE, *(engine.NAME for engine in ENGINES))
"""What `overlay_ip_failover` may be."""
FOLLOWERS = tuple(engine.NAME for engine in ENGINES if engine.FOLLOWS)
"""With which of them an entry of `overlay_ips` may have `follows`."""


def units(deployment: Deployment) -> tuple[str, ...]:
    """Their systemd units, and that of the guard."""
    return (*(engine.unit(deployment) for engine in ENGINES), guard(deployment))


def guard(deployment: Deployment) -> str:
    """The systemd unit of what puts addresses back that are taken away."""
    return f"{deployment.program}-guard.service"


def running(host: Host, deployment: Deployment) -> list[str]:
    """The engines that run on this node."""
    return [engine.NAME for engine in ENGINES if engine.running(host, deployment)]


def seen(host: Host, deployment: Deployment) -> list[dict[str, Any]]:
    """What the engines say of themselves that run here, or would move something if they did."""
    there = (e for e in ENGINES if e.running(host, deployment) or _would(e, host, deployment))
    return [_seen(engine, host, deployment) for engine in there]


def busy(host: Host, deployment: Deployment) -> list[str]:
    """What the engines that run here are doing, as sentences; nothing where they rest."""
    found = ((e.NAME, e.busy(host, deployment)) for e in ENGINES if e.running(host, deployment))
    return [f"{name} {doing}." for name, doing in found if doing]


def _would(engine: Engine, host: Host, deployment: Deployment) -> bool:
    return engine.configured(host, deployment) or bool(engine.movers(host, deployment))


def _seen(engine: Engine, host: Host, deployment: Deployment) -> dict[str, Any]:
    said = engine.seen(host, deployment)
    unguarded = _unguarded(engine, host, deployment) if engine.running(host, deployment) else ()
    configured, given = engine.configured(host, deployment), engine.given(host, deployment)
    return {
        **said,
        "findings": [*said["findings"], *unguarded],
        "configured": configured,
        "given": given,
        "unit": engine.unit(deployment),
    }


def _unguarded(engine: Engine, host: Host, deployment: Deployment) -> Iterator[dict[str, Any]]:
    """Setup has made a guard, and it does not run."""
    unit = guard(deployment)
    if text_of(host, f"/etc/systemd/system/{unit}") is None or host.active(unit):
        return
    message = (
        f"The guard does not run on {name_of(host, deployment)}: an address that is taken away there comes back at the"
        f" next check of {engine.NAME} only."
    )
    remedy = f"`systemctl start {unit}` there; its journal says why it ended."
    yield told(Trouble("guard_stopped", "warning", message, remedy, SELF))
