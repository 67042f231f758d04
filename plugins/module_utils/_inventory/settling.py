# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup has to do, by what AWS says of the routes: which node each overlay IP is, or will be, held by.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import calls
from .former import Former, former, led
from .holders import Dict, node_of


def replaced(model: Dict, seen: Iterable[Dict], known: Iterable[str] = ()) -> list[Former]:
    """The routes that the inventory's own replace; ``known``: what the nodes have on record, by `former.routed`."""
    return former(model["overlays"], model["nodes"], seen, set(known))


def settled(model: Dict, seen: Iterable[Dict], known: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The overlays, each with the node that holds it or that setup will give it to as its home.

    Where one has no route yet, and replaces another one, its packets go on to where they go by that. Where no route
    works, it goes to the node that its engine names: the data is there.
    """
    seen, holders, unserved = list(seen), {}, set()
    rows = replaced(model, seen, known)
    for overlay in seen:
        leads = {node_of(r, model["nodes"]) for r in overlay["routes"] if r["state"] == "active"}
        leads = leads or {*led(overlay, rows, model["nodes"])}
        healthy = leads & {*model["nodes"]}  # where it leads to a stranger alone, nobody has it
        if len(healthy) == 1:
            (holders[overlay["destination"]],) = healthy
        if not healthy:
            unserved.add(overlay["destination"])
    engines = {o["destination"]: o.get("engine_node") for o in model["overlays"] if o["destination"] in unserved}
    return [
        {**o, "home": holders.get(o["destination"]) or engines.get(o["destination"]) or o["home"]}
        for o in model["overlays"]
    ]


def setup_calls(model: Dict, seen: Iterable[Dict], known: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The calls of overlay_route that setup makes, each with its node.

    A new route goes where the other tables' healthy routes point already, else to the home node: after a failover a
    table that was added meanwhile must not split the overlay. Where none is healthy, the engine says where.
    """
    return calls.route_calls(settled(model, seen, known), by_home=True)


def held_calls(model: Dict, seen: Iterable[Dict], node: str, known: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The calls of overlay_interface for the addresses that a node holds, or will hold once setup is done.

    Where a cluster has one, it says so, whatever the routes do: it would never take an address down that it has not
    brought up itself.
    """
    there = settled(model, seen, known)
    return calls.interface_calls([o for o in there if (o.get("engine_holder") or o["home"]) == node])


def parting(rows: Iterable[Former], *, whole: bool = False) -> list[dict[str, Any]]:
    """The calls of overlay_route that delete what a prefix carries now: what is ready, or, with ``whole``, all."""
    found: dict[tuple[str | None, str], list[str]] = {}
    for row in rows:
        if row.narrow and (row.ready or whole):
            found.setdefault((row.network_interface_id, row.route_table_id), []).append(row.destination)
    made: dict[tuple[str | None, tuple[str, ...]], list[str]] = {}
    for (interface, table), destinations in found.items():
        made.setdefault((interface, tuple(destinations)), []).append(table)
    return [
        {"network_interface_id": interface, "destinations": list(destinations), "route_table_ids": tables}
        for (interface, destinations), tables in made.items()
    ]
