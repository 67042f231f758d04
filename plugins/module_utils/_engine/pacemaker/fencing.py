# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a cluster fences which node, from its configuration: devices of any kind, and a watchdog without one. Pure.

The parameters are those of pacemaker-fenced(7), the property is SBD's (Pacemaker Explained, Cluster Options).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from . import cib

OURS = "overlay-ip-fencing"
"""The device that setup makes."""

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_NO = ("false", "no", "off", "n", "0")


@dataclass(frozen=True)
class Device:
    """A fencing device.

    Attributes:
        name: the primitive's.
        agent: `stonith:type`.
        nodes: what it is told to call each node that it fences, by the cluster's names. None: it finds out by itself.
    """

    name: str
    agent: str
    nodes: Mapping[str, str] | None


def devices(root: Element | None) -> list[Device]:
    """All of them, alone or in groups and clones."""
    found = []
    for primitive, _top in cib.primitives(root):
        if primitive.get("class") == "stonith":
            given = cib.options(primitive, root)
            found.append(Device(primitive.get("id", ""), cib.agent_of(primitive, root), _nodes(given)))
    return found


def instances(root: Element | None) -> dict[str, str]:
    """Instance ids by the cluster's name of the node, from what its devices are told."""
    told = {name: port for device in devices(root) for name, port in (device.nodes or {}).items()}
    return {name: port for name, port in told.items() if _INSTANCE.fullmatch(port)}


def watchdog(root: Element | None) -> bool:
    """Whether nodes end themselves by SBD without a device; that needs a watchdog, and a time of which it is sure."""
    wait = _property(root, "stonith-watchdog-timeout")
    return _property(root, "have-watchdog").lower() not in ("", *_NO) and not re.fullmatch(r"|0+\s*[a-z]*", wait)


def unfenced(root: Element | None, names: Sequence[str]) -> list[str]:
    """The nodes that no device fences; none where one finds its nodes by itself, or where a watchdog does it."""
    found = devices(root)
    if not found or watchdog(root) or any(device.nodes is None for device in found):
        return []
    able = {name.lower() for device in found for name in device.nodes or ()}
    return [name for name in names if name.lower() not in able]


def told(root: Element | None) -> dict[str, Any]:
    """The same, as the node tells it: `enabled`, `watchdog`, and `devices`, each with `name` and `agent`."""
    return {
        "enabled": _property(root, "stonith-enabled").lower() not in _NO,
        "watchdog": watchdog(root),
        "devices": [{"name": device.name, "agent": device.agent} for device in devices(root)],
    }


def _nodes(given: Mapping[str, str]) -> dict[str, str] | None:
    """`pcmk_host_map` is written `name:port;name:port`; Pacemaker takes blanks for `;` and `=` for `:` as well."""
    found: dict[str, str] = {}
    for pair in re.split(r"[;\s]+", given.get("pcmk_host_map", "")):
        name, _sign, port = pair.replace("=", ":", 1).partition(":")
        found.update({name: port} if port else {})
    plug = given.get("port") or given.get("plug") or ""
    for name in re.split(r"[;,\s]+", given.get("pcmk_host_list", "")):
        found.update({name: plug or name} if name and name not in found else {})
    return found or None


def _property(root: Element | None, name: str) -> str:
    pairs = root.iterfind(f".//crm_config//nvpair[@name='{name}']") if root is not None else ()
    return next((pair.get("value", "") for pair in pairs), "")
