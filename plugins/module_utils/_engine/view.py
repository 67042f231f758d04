# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says of itself on a node: the same form for every engine. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._address.persist.tree import Host, PersistError
from .._base.deployment import Deployment
from .._base.finding import Finding

SETUP, MOVE, TEARDOWN = "setup", "move", "teardown"
"""What may be hindered. `move` is a planned switchover."""

ROUTE, ADDRESS, NAMED = "route", "address", "named"
"""What a resource does to an address: moves its route, moves it between nodes alone, or only names it."""
NOTHING = ""

SELF = "self"
"""The node itself, for an engine that knows no names."""

CHECK_FAILED = "engine_check_failed"
"""Only the application's check keeps this node from being the holder: elsewhere the service may be well."""


@dataclass(frozen=True)
class Trouble(Finding):
    """A finding about an engine. `remedy` begins so that it can follow a colon.

    Attributes:
        node: the node that it is about, or SELF; empty for all of them.
        hinders: what cannot be done before it is mended; a move only if it goes to `node`.
    """

    node: str = ""
    hinders: tuple[str, ...] = ()


def view(
    engine: str,
    state: str,
    *,
    running: bool = True,
    holder: str = "",
    holders: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
    troubles: Iterable[Trouble] = (),
    name: str = "",
    members: Mapping[str, str] | None = None,
    movers: Iterable[Mapping[str, Any]] = (),
    kinds: Mapping[str, str] | None = None,
    fencing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The form.

    Args:
        engine: its name.
        state: for people.
        running: whether it runs on this node.
        holder: the node to which it has given all overlay IPs, SELF for this one; empty for none that it knows.
        holders: the same for each overlay IP, by :func:`.net.slug` of its address, where they may differ.
        states: the state of each overlay IP in the same way, where they may differ.
        troubles: what is wrong with it.
        name: what it calls this node; empty where it knows no names.
        members: all nodes by the names that it knows them by, with their instance ids where it knows these.
        movers: what in it moves or names addresses, each with `name`, `agent`, `moves`, `destinations`, `top`, `ours`.
        kinds: what an overlay IP may follow, by name: `promotable`, or the promotable thing that it is in; None for an
            engine that knows nothing of the kind.
        fencing: `enabled`, `watchdog` and `devices`; None for an engine that fences nobody.
    """
    return {
        "engine": engine,
        "state": state,
        "running": running,
        "holder": holder,
        "holders": dict(holders or {}),
        **({"states": dict(states)} if states else {}),
        "findings": [told(trouble) for trouble in troubles],
        "name": name,
        "members": dict(members or {}),
        "movers": [dict(mover) for mover in movers],
        "kinds": None if kinds is None else dict(kinds),
        "fencing": None if fencing is None else dict(fencing),
    }


def told(trouble: Trouble) -> dict[str, Any]:
    """A trouble as the form has it."""
    return {**asdict(trouble), "hinders": list(trouble.hinders)}


def text_of(host: Host, path: str) -> str | None:
    """A file's text; None where there is none, or where it may not be read: nothing is known then."""
    try:
        return host.read(path)
    except PersistError:
        return None


def parsed(text: str | None) -> Mapping[str, Any]:
    """A JSON object; empty where the text is none."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def name_of(host: Host, deployment: Deployment) -> str:
    """The node's name in the inventory, as the program's configuration has it, for sentences."""
    return str(parsed(text_of(host, deployment.config)).get("name") or "this node")


def unit_state(host: Host, unit: str) -> str:
    """`running`, `stopped` or `masked`."""
    if host.active(unit):
        return "running"
    shown = host.output("systemctl", "show", "--property=LoadState", unit) or ""
    return "masked" if "LoadState=masked" in shown else "stopped"


def not_running(engine: str, unit: str, state: str, name: str) -> Trouble:
    """A unit that is stopped or masked where it was set up: setup starts it, and cannot start a masked one."""
    if state == "masked":
        remedy = f"`systemctl unmask {unit}` there, then run setup."
        return Trouble("engine_masked", "error", f"{engine} is masked on {name}.", remedy, SELF, (SETUP, MOVE))
    remedy = f"`systemctl start {unit}` there."
    return Trouble("engine_stopped", "error", f"{engine} is stopped on {name}.", remedy, SELF, (MOVE,))
