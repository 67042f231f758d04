# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of many pairs moved as one: read once, written within one bucket, read back once, and told for each pair.

It is `_route.job` for several targets: the same plan, the same loop of `_route.move`. What is wrong with one pair
hinders no other. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from .._aws.pace import Clock
from .._route import move, plan
from .._route.ec2 import Ec2
from .._route.job import diff
from .._route.plan import Action, PlanError, Table, Want
from .._route.progress import Progress
from .._route.told import partly
from .._route.write import Writer


@dataclass(frozen=True)
class Move:
    """One target of one pair: ``tables`` of each destination; ``foreign`` and ``expected_holder`` as in `Want`."""

    pair: str
    network_interface_id: str
    tables: Mapping[str, Sequence[str]]
    foreign: str = plan.REFUSE
    expected_holder: str | None = None


@dataclass
class _Planned:
    """All moves as actions: what each key wants, whose it is, and the pairs that were refused, with the reason."""

    actions: list[Action] = field(default_factory=list)
    wants: dict[tuple[str, str], Want] = field(default_factory=dict)
    pairs: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def run(
    ec2: Ec2,
    moves: Sequence[Move],
    wait_timeout: float,
    *,
    check: bool = False,
    tokens: Mapping[str, float] | None = None,
    clock: Clock = time,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Do it. Returns what ``overlay_fleet_route`` returns.

    Args:
        ec2: EC2 as the caller sees it.
        moves: what shall be.
        wait_timeout: seconds until every table reads back right; the time that EC2's rate asks for is added.
        check: change nothing, only foretell.
        tokens: what is left in the buckets of the account, by API action; the others are full.
        clock: the time.
        tell: hears how far it is, where it takes long.

    Raises:
        AwsError: the tables cannot be read, and nothing was changed.
    """
    began = clock.monotonic()
    writer = Writer(ec2, clock, tokens=tokens)
    ids = list(dict.fromkeys(rtb for one in moves for tables in one.tables.values() for rtb in tables))
    tables = ec2.tables(ids, missing_ok=True)
    planned = _planned(moves, {table.route_table_id: table for table in tables})
    if tell:
        writer.progress = Progress(tell, clock)
        writer.progress.expect(sum(a.writes for a in planned.actions), len(tables))
    if check:
        outcome = move.Outcome(planned.actions, _foretold(planned, tables))
    else:
        writer.gather(planned.actions)
        read = clock.monotonic()
        outcome = move.carry_out(
            ec2,
            planned.actions,
            tables,
            planned.wants,
            lambda: ec2.tables([table.route_table_id for table in tables], missing_ok=True),
            wait_timeout,
            writer,
        )
    told = _told(moves, planned, outcome)
    result: dict[str, Any] = {
        "changed": any(a.writes for a in planned.actions) if check else outcome.changed,
        "pairs": told,
        "api_calls": dict(ec2.aws.calls),
        "diff": {side: {name: diff(of["routes"], side) for name, of in told.items()} for side in ("before", "after")},
        "tokens": {name: round(left, 2) for name, left in writer.tokens.items()},
    }
    if not check:
        written = outcome.written or read
        ended = clock.monotonic()
        result["seconds"] = {"read": read - began, "write": written - read, "verify": ended - written}
    return result


def _planned(moves: Sequence[Move], by_id: Mapping[str, Table]) -> _Planned:
    """The actions of all moves. A table that is gone is left out: the others count; a pair without any is refused."""
    planned = _Planned()
    for one in moves:
        found: list[tuple[Action, Want]] = []
        try:
            for destination, ids in one.tables.items():
                want = Want(
                    (destination,),
                    one.network_interface_id,
                    foreign=one.foreign,
                    expected_holder=one.expected_holder,
                )
                there = [by_id[rtb] for rtb in ids if rtb in by_id]
                found += [(action, want) for action in plan.plan(there, want)]
            rivals = [planned.pairs[a.key] for a, _want in found if a.key in planned.pairs]
            if rivals:
                raise PlanError(f"{rivals[0]} has the same overlay IP in the same route table. Nothing was changed.")
            if not found:
                raise PlanError("None of its route tables exists. Nothing was changed.")
        except PlanError as err:
            planned.refused[one.pair] = str(err)
            continue
        planned.actions += [action for action, _want in found]
        planned.wants.update({action.key: want for action, want in found})
        planned.pairs.update({action.key: one.pair for action, _want in found})
    return planned


def _foretold(planned: _Planned, tables: Sequence[Table]) -> list[Table]:
    for target in dict.fromkeys(want.network_interface_id for want in planned.wants.values()):
        mine = [a for a in planned.actions if a.network_interface_id == target]
        tables = plan.predicted(mine, tables, None)
    return list(tables)


def _told(moves: Sequence[Move], planned: _Planned, outcome: move.Outcome) -> dict[str, dict[str, Any]]:
    """By pair: its routes, and what is wrong, a sentence; empty where nothing is."""
    told: dict[str, dict[str, Any]] = {}
    for one in moves:
        mine = [action for action in planned.actions if planned.pairs[action.key] == one.pair]
        wrong = {action.key: err for action in mine if (err := outcome.errors.get(action.key))}
        why = planned.refused.get(one.pair, "")
        told[one.pair] = {
            "network_interface_id": one.network_interface_id,
            "routes": move.routes(outcome, mine),
            "error": partly(wrong, (action.route_table_id for action in mine)) if wrong else why,
        }
    return told
