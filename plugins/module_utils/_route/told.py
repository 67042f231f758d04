# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong in one table or in many, in a few sentences.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._aws.errors import AwsError
from .plan import MOVED_ELSEWHERE, NOT_REACHED, UNREAD, Action, Route, Want

_NAMED = 3  # tables by name; of more, the number


def condensed(routes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The errors of `routes` (as ``overlay_route`` returns them), each reason once, with its tables."""
    tables: dict[str, list[str]] = {}
    whole: dict[str, str] = {}
    for route in routes:
        if route["error"]:
            message, table = f"{str(route['error']['message']).rstrip('.')}.", str(route["route_table_id"])
            key = message.replace(table, "\0")
            whole.setdefault(key, message)
            if table not in tables.setdefault(key, []):
                tables[key].append(table)
    told: list[str] = []
    for key, names in tables.items():
        if len(names) == 1:
            told.append(whole[key])
        elif "/\0" in key and len(names) <= _NAMED:  # an ARN, to be copied into a policy
            told += [key.replace("\0", name) for name in names]
        else:
            told.append(key.replace("\0", _names(names), 1).replace("\0", "each"))
    return told


def partly(errors: Mapping[tuple[str, str], AwsError], route_table_ids: Iterable[str]) -> str:
    """What did not work, by table and destination, and in which of the tables it did."""
    wrong = sorted({table for table, _destination in errors})
    right = sorted(set(route_table_ids) - set(wrong))
    reasons = " ".join(
        condensed(
            {"route_table_id": table, "error": {"message": err.message}}
            for (table, _destination), err in errors.items()
        )
    )
    rest = f"Done in {', '.join(right)}." if right else "No other table was concerned."
    return f"Not done in {', '.join(wrong)}: {reasons} {rest}"


def moved_elsewhere(action: Action, winner: Route | None) -> AwsError:
    """Another mover has won."""
    fate = f"moved to {winner.instance_id or winner.target}" if winner else "deleted"
    return AwsError(
        MOVED_ELSEWHERE,
        f"{action.destination} in {action.route_table_id} was {fate} by somebody else at the same time. "
        "Look at the status before you try again.",
    )


def unread(action: Action, why: AwsError, written: AwsError | None) -> AwsError:
    """Written, and not read back."""
    sent = f" ({written.message})" if written else ""
    return AwsError(
        UNREAD,
        f"{action.destination} in {action.route_table_id} could not be read back after the write{sent}, so that it may "
        f"be old or new: {why.message}",
        why.operation,
    )


def not_reached(action: Action, found: Route | None, want: Want) -> AwsError:
    """It reads otherwise, and time is up."""
    state = f"points at {found.instance_id or found.target} and is {found.state}" if found else "does not exist"
    ask = "run again" if want.state == "absent" else "is the target instance running? Run again once it is"
    return AwsError(NOT_REACHED, f"{action.destination} in {action.route_table_id} {state} after wait_timeout: {ask}.")


def _names(tables: list[str]) -> str:
    if len(tables) <= _NAMED:
        return ", ".join(tables)
    return f"{', '.join(tables[:_NAMED])} and {len(tables) - _NAMED} more tables"
