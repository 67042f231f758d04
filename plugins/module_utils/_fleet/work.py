# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each node has to know of a look at many pairs, or of an evacuation, so that plays can work host by host.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._inventory import calls
from .._inventory.holders import Dict
from .plan import Move, Pair, waves

TARGET, SOURCE = "target", "source"


def asked(pairs: Sequence[Pair], names: Iterable[str]) -> list[dict[str, Any]]:
    """Nodes, each with what it is to be asked about."""
    of = {name: pair for pair in pairs for name in pair.model["nodes"]}
    return [
        {
            "name": name,
            "mine": {
                "pair": of[name].name,
                "deployment": of[name].model["deployment"],
                "persistent": of[name].model["persistent"],
                "addresses": [a for overlay in of[name].model["overlays"] for a in overlay["node_addresses"]],
            },
        }
        for name in names
    ]


def shares(moves: Sequence[Move], pairs: Mapping[str, Pair]) -> dict[str, Any]:
    """The work in waves.

    Returns:
        ``hosts``: the nodes that take part, wave by wave, and ``batches``, how many of them each wave has. A node that
        held something takes part where an engine is to be told and it answers. ``after``: the other ones that have to
        let go of an address when all is done. ``nodes``: all of these, each with its share (``mine``).
    """
    batches: list[list[dict[str, Any]]] = []
    after: list[dict[str, Any]] = []
    for wave in waves(moves):
        batches.append([_share(move, pairs[move.pair], move.target) for move in wave])
        for move in wave:
            pair = pairs[move.pair]
            told = [_share(move, pair, name) for name in move.sources]
            if pair.engine != "none":
                batches[-1] += [share for share in told if answers(pair.hosts.get(share["name"], {}))]
            elif pair.model["exclusive"]:
                after += told
    return {
        "hosts": [share["name"] for batch in batches for share in batch],
        "batches": [len(batch) for batch in batches],
        "after": [share["name"] for share in after],
        "nodes": [share for batch in (*batches, after) for share in batch],
    }


def answers(said: Dict) -> bool:
    """Whether a node has said anything of itself."""
    return bool(said) and not said.get("unreachable") and not said.get("failed")


def _share(move: Move, pair: Pair, name: str) -> dict[str, Any]:
    overlays = [o for o in pair.model["overlays"] if o["destination"] in move.destinations]
    mine = {
        "pair": move.pair,
        "part": TARGET if name == move.target else SOURCE,
        "account": move.account,
        "model": {**pair.model, "overlays": overlays, "target": move.target},
        "interface_calls": calls.interface_calls(overlays),
        "move": {
            "pair": move.pair,
            "network_interface_id": move.interface,
            "tables": {destination: list(tables) for destination, tables in move.tables.items()},
            "expected_holder": move.holder,
            "takeover_foreign": pair.model["takeover_foreign"],
        },
    }
    return {"name": name, "mine": mine}
