# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told of an evacuation: before it, what would move and how long that takes; after it, what was done.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._aws.rate import seconds_for_all
from .._inventory.holders import Dict
from . import plan
from .plan import Move, Plan, Request


def foretold(request: Request, made: Plan, pairs: int, wrong: Mapping[str, str]) -> list[str]:
    """What is about to be done.

    Args:
        request: what is left.
        made: the plan.
        pairs: how many there are.
        wrong: those that could not be looked at, and why.
    """
    held = len(made.moves) + len(made.left)
    told = [f"{request}: {held} of {_count(pairs, 'pair')} {'holds' if held == 1 else 'hold'} something there"]
    if made.moves:
        told.append(_sum(made.moves))
    for number, wave in enumerate(plan.waves(made.moves), 1):
        told += [f"  wave {number}: {_move(move)}" for move in wave]
    return told + _rest(made.left, made.adrift, wrong)


def became(
    request: Request, made: Plan, ends: Mapping[str, Dict], wrong: Mapping[str, str], seconds: float
) -> list[str]:
    """What was done.

    Args:
        request: what was left.
        made: the plan that was carried out.
        ends: of each pair that was begun: `error`, a sentence, empty where all is well.
        wrong: those that could not be looked at, and why.
        seconds: how long it took.
    """
    done = [move for move in made.moves if not unfinished(move, ends)]
    told = [f"{request}: {len(done)} of {_count(len(made.moves) + len(made.left), 'pair')} moved in {seconds:.0f} s"]
    told += [f"  {_move(move)}" for move in done]
    stuck = {move.pair: why for move in made.moves if (why := unfinished(move, ends))}
    return told + _rest({**stuck, **made.left}, made.adrift, wrong)


def unfinished(move: Move, ends: Mapping[str, Dict]) -> str:
    """Why a pair is not, or not wholly, where it was to go; empty where it is."""
    return str(ends.get(move.pair, {"error": "it was not begun, or its target was lost meanwhile; run again"})["error"])


def result(request: Request, made: Plan, ends: Mapping[str, Dict], wrong: Mapping[str, str]) -> dict[str, Any]:
    """The stat ``overlay_ip_result``."""
    return {
        "zone": request.zone or None,
        "from": request.node or None,
        "moved": {
            move.pair: {"overlays": list(move.destinations), "from": list(move.sources), "to": move.target}
            for move in made.moves
            if not unfinished(move, ends)
        },
        "left": {**{m.pair: why for m in made.moves if (why := unfinished(m, ends))}, **made.left, **wrong},
        "adrift": dict(made.adrift),
    }


def _sum(moves: Sequence[Move]) -> str:
    routes = sum(move.routes for move in moves)
    by_account = [sum(m.routes for m in moves if m.account == a) for a in dict.fromkeys(m.account for m in moves)]
    needed = max(map(seconds_for_all, by_account))
    rate = f"EC2's rate alone takes {needed:.0f} s" if needed else "EC2 takes them all at once"
    return (
        f"{_count(len(moves), 'pair')} can be moved: {_count(routes, 'route')} in"
        f" {_count(len(plan.waves(moves)), 'wave')}, about {plan.seconds(moves):.0f} s ({rate})"
    )


def _move(move: Move) -> str:
    where = f"{', '.join(move.sources) or 'nobody'} -> {move.target}"
    return f"{move.pair}: {', '.join(move.destinations)} {where}, {_count(move.routes, 'route')}"


def _rest(left: Mapping[str, str], adrift: Mapping[str, str], wrong: Mapping[str, str]) -> list[str]:
    told = []
    for head, named in (
        ("cannot be moved, or not wholly:", left),
        ("could not be looked at:", wrong),
        ("not held by any node of their pair, and left alone (see status):", adrift),
    ):
        told += [head, *(f"  {name}: {why}" for name, why in named.items())] if named else []
    return told


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
