# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make addresses entries of a managed prefix list, or take them out: one change for all of them, by compare and swap.

A change names the version that it was made from. Where somebody else has changed the list meanwhile, AWS refuses it
(PrefixListVersionMismatch), and it is made again from what is there now: nobody's entry is lost, and no lock is needed.
While a change is under way AWS takes no other one (IncorrectState). Source: EC2 API reference, ModifyManagedPrefixList.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._aws.api import Api
from .._aws.errors import AwsError
from .._aws.pace import Clock, Deadline
from . import entries, lists
from .facts import PrefixList

CHANGES = 100  # the most that one call takes
RIVALS = 5  # changes of others, after so many of which we stop asking
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
_RACED = frozenset(
    {"PrefixListVersionMismatch", "IncorrectState", "InvalidPrefixListModification", "PrefixListMaxEntriesExceeded"}
)
"""Somebody else was there first: what is read next says what to do."""


@dataclass(frozen=True)
class Wanted:
    """The options of ``overlay_prefix_list``, checked and canonical; ``check``: change nothing, only foretell."""

    prefix_list_id: str
    addresses: tuple[str, ...]
    state: str = "present"
    description: str = ""
    wait_timeout: float = 60.0
    check: bool = False


class ListError(Exception):
    """It was not done, or not wholly; ``result`` says what state the list is in."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


class _Gone(ListError):
    """There is no such list."""


def run(aws: Api, wanted: Wanted, clock: Clock = time) -> dict[str, Any]:
    """Do it. Returns what ``overlay_prefix_list`` returns; raises ListError, or AwsError (nothing was changed)."""
    deadline = Deadline(wanted.wait_timeout, clock)
    try:
        before = listed = _at_rest(aws, wanted, deadline, clock)
    except _Gone as gone:
        if wanted.state == "absent":  # and so are its entries
            return gone.result
        raise
    rivals, tried = 0, False
    while changes := _due(aws, wanted, before, listed, tried):
        if wanted.check:
            listed = _foretold(wanted, listed, changes)
            break
        pause = 0.0
        try:
            _modify(aws, wanted, listed, changes)
            tried = True
        except AwsError as err:
            if err.code not in _RACED and not err.transient:
                raise ListError(_left(err.message, tried), _result(aws, wanted, before, listed)) from err
            rivals += err.code in _RACED
            if rivals > RIVALS or deadline.over:
                why = err.message
                if rivals > RIVALS:
                    told = f"It was tried {rivals} times, and each time somebody else had changed the list"
                    why = f"{_whole(why)} {told}: find out who does, then run again."
                raise ListError(_left(why, tried), _result(aws, wanted, before, listed)) from err
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**rivals)
        clock.sleep(min(pause, deadline.left))
        read = _at_rest(aws, wanted, deadline, clock, tried)
        if not pause and read.state.endswith("-failed"):
            why = (
                f"AWS did not change {read.prefix_list_id} ({read.state}): {read.state_message or 'it says no reason'}."
            )
            raise ListError(_left(why, False), _result(aws, wanted, before, read))
        listed = read
    return _result(aws, wanted, before, listed)


def _due(aws: Api, wanted: Wanted, before: PrefixList, listed: PrefixList, written: bool) -> list[str]:
    """What is still to be added, or to be taken out."""
    if wanted.state == "absent":
        own = entries.added_by(listed, wanted.description)
        return [address for address in wanted.addresses if address in own]
    for why in entries.unusable(listed, wanted.prefix_list_id, wanted.addresses, aws.region):
        raise ListError(_left(why, written), _result(aws, wanted, before, listed))
    return entries.lacking(listed, wanted.addresses)


def _modify(aws: Api, wanted: Wanted, listed: PrefixList, changes: Sequence[str]) -> None:
    """One call, from the version that was read."""
    part = [{"Cidr": address} for address in changes[:CHANGES]]
    if wanted.state == "present" and wanted.description:
        part = [{**one, "Description": wanted.description} for one in part]
    aws.call(
        "ec2",
        "ModifyManagedPrefixList",
        PrefixListId=wanted.prefix_list_id,
        CurrentVersion=listed.version,
        **{"AddEntries" if wanted.state == "present" else "RemoveEntries": part},
    )


def _at_rest(aws: Api, wanted: Wanted, deadline: Deadline, clock: Clock, written: bool = False) -> PrefixList:
    """The list when no change of it is under way any more."""
    pause = FIRST_PAUSE
    while True:
        try:
            found = lists.read(aws, [wanted.prefix_list_id]).get(wanted.prefix_list_id)
        except AwsError as err:
            if not err.busy or deadline.over:
                if written:
                    why = f"{wanted.prefix_list_id} could not be read back: {err.message}"
                    raise ListError(_left(why, True), _result(aws, wanted, None, None, True)) from err
                raise
            found = None
        else:
            for why in () if found else entries.unusable(None, wanted.prefix_list_id, wanted.addresses, aws.region):
                raise _Gone(f"{why} Nothing was changed.", _result(aws, wanted, None, None))
            if found and not found.changing:
                return found
        if deadline.over:
            what = f"is still {found.state}" if found else "could not be read"
            why = f"{wanted.prefix_list_id} {what} after {wanted.wait_timeout:g} s: run again once it is at rest."
            raise ListError(_left(why, written), _result(aws, wanted, found, found, written))
        clock.sleep(min(pause, deadline.left))
        pause = min(LONGEST_PAUSE, pause * 2)


def _foretold(wanted: Wanted, listed: PrefixList, changes: Sequence[str]) -> PrefixList:
    if wanted.state == "absent":
        kept = tuple(entry for entry in listed.entries if entry[0] not in changes)
        return replace(listed, entries=kept, version=listed.version + 1)
    more = tuple((address, wanted.description) for address in changes)
    return replace(listed, entries=listed.entries + more, version=listed.version + 1)


def _whole(sentence: str) -> str:
    return f"{sentence.rstrip('.')}."


def _left(why: str, written: bool) -> str:
    return f"{_whole(why)} {'A part was changed already; run again to finish.' if written else 'Nothing was changed.'}"


def _result(
    aws: Api, wanted: Wanted, before: PrefixList | None, after: PrefixList | None, written: bool = False
) -> dict[str, Any]:
    """Where a change was written and not read back, it counts as made."""
    sides = [set(one.prefixes) if one else set() for one in (before, after)]
    mine = [a for a in wanted.addresses if a in sides[0] ^ sides[1]]
    here = {one for one in wanted.addresses if after and one in after.prefixes}
    shown = {side: one.prefixes if one else () for side, one in (("before", before), ("after", after))}
    return {
        "changed": bool(mine) or written,
        "prefix_list": entries.shown(after),
        "added": [a for a in mine if a in sides[1]],
        "removed": [a for a in mine if a in sides[0]],
        "kept": [a for a in wanted.addresses if a in here] if wanted.state == "absent" else [],
        "api_calls": dict(aws.calls),
        "diff": {side: {wanted.prefix_list_id: sorted(held)} for side, held in shown.items()},
    }
