# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's own record of what setup once gave it, to be compared with what the inventory says now.

Read as it lies there: a configuration that the program would refuse still tells what was set up. What the failover
engines were given is theirs to tell (`_engine.registry`). Changes nothing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._address.persist import store
from .._address.persist.store import Tree
from .._address.plan import Held
from .._base import net
from .._base.deployment import CONFIGS, Deployment, of_config
from .._engine.view import parsed, text_of
from . import history, moves


def of(tree: Tree, held: Iterable[Held], deployment: Deployment) -> dict[str, Any]:
    """What ``overlay_node_info`` returns as C(record).

    Args:
        tree: the node's files.
        held: its live addresses.
        deployment: whose record it is.
    """
    program = _program(parsed(text_of(tree.host, deployment.config)))
    saved = [one for name, one in _saved(tree) if name == deployment.name]
    known = {one["address"].partition("/")[0] for one in saved}
    if program:
        known |= {a.partition("/")[0] for o in [*program["overlays"], *program["left"]] for a in o["addresses"]}
    live = [
        {"address": h.cidr, "interface": h.interface, "label": h.label}
        for h in held
        if h.address in known and h.permanent
    ]
    return {"program": program, "saved": saved, "live": live, "routed": _routed(tree, deployment)}


def _routed(tree: Tree, deployment: Deployment) -> list[str]:
    """What the moves that are on record here were about; nothing where they may not be read."""
    try:
        found = moves.parsed(tree.host.read(f"{deployment.state}/{history.NAME}") or "")
    except OSError:
        return []
    return sorted({str(table["destination"]) for move in found for table in move["tables"]})


def others(tree: Tree, deployment: Deployment) -> list[dict[str, Any]]:
    """What ``overlay_node_info`` returns as C(others): the other deployments that have something on this node."""
    found: dict[str, list[str]] = {}
    for path in tree.glob(CONFIGS):
        other, program = of_config(path), _program(parsed(text_of(tree.host, path)))
        if other and program:
            found.setdefault(other.name, []).extend(a for o in program["overlays"] for a in o["addresses"])
    for name, one in _saved(tree):
        found.setdefault(name, []).append(one["address"])
    return [
        {"name": name, "addresses": sorted(set(addresses))}
        for name, addresses in sorted(found.items())
        if name != deployment.name
    ]


def _saved(tree: Tree) -> list[tuple[str, dict[str, Any]]]:
    """What files keep, each with the name of the deployment."""
    return [
        (
            overlay.deployment,
            {
                "address": overlay.cidr,
                "interface": overlay.interface,
                "label": overlay.label,
                "files": store.files(tree, {overlay.address}),
            },
        )
        for overlay in dict.fromkeys(overlay for _method, _path, overlay in store.saved(tree))
    ]


def _program(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The program's configuration, as far as it can be read; None where there is none."""
    if not config:
        return None
    return {
        "name": str(config.get("name") or ""),
        "network_interface_id": str(config.get("network_interface_id") or ""),
        "peers": _texts(config.get("peers")),
        "removed": _texts(config.get("removed")),
        "overlays": list(_overlays(config.get("overlays"))),
        "left": list(_overlays(config.get("left"))),
    }


def _texts(raw: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, Mapping) else {}


def _overlays(raw: Any) -> Iterator[dict[str, Any]]:
    for item in raw if isinstance(raw, list) else ():
        try:
            yield {
                **item,
                "destination": net.routed(item["destination"]),
                "addresses": [net.host(address) for address in item["addresses"]],
                "route_table_ids": [str(table) for table in item.get("route_table_ids") or ()],
            }
        except (net.AddressError, TypeError, KeyError, AttributeError):  # edited by hand: nothing is known of it
            continue
