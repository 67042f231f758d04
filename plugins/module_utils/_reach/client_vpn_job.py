# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for routes and authorisation rules of a Client VPN endpoint: read, plan, apply, wait, and tell.

AWS takes a minute or more for each change, and only so many at a time: more are refused, and sent again later.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._aws.errors import AwsError
from .._aws.pace import Bucket, Clock, Deadline
from .._route.job import JobError
from .._route.plan import CREATE, DELETE, NONE, NOT_REACHED, UNREAD
from . import client_vpn
from .client_vpn import FAILED, ROUTE, Action, Held, Item, Seen, Want
from .client_vpn_ec2 import ClientVpns

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
SETTLE = 1.0  # seconds in which a read may still show what was before our write
BURST, RATE = 5, 2.0  # EC2's own bucket for CreateClientVpnRoute ("Request throttling"); the others' are larger
GONE = "InvalidClientVpnEndpointId.NotFound"
_LATER = frozenset({"ConcurrentMutationLimitExceeded", "InvalidClientVpnActiveAssociationNotFound"})
"""Refusals that pass: other changes are under way, or the association is."""
_RACED = frozenset(
    {
        "InvalidClientVpnDuplicateRoute",
        "InvalidClientVpnDuplicateAuthorizationRule",
        "InvalidClientVpnRouteNotFound",
        "InvalidClientVpnEndpointAuthorizationRuleNotFound",
    }
)
"""Raced by a twin, or by our own write whose answer was lost: what is read next says what to do."""


@dataclass(frozen=True)
class Request:
    """What is asked for, and how; ``check``: change nothing, only foretell."""

    want: Want
    wait_timeout: float = 600.0
    verify_permissions: bool = False
    check: bool = False


@dataclass
class _Outcome:
    """What was planned, what came of it, and how the items read at the end."""

    actions: list[Action]
    items: Mapping[Item, Held]
    errors: dict[Item, AwsError] = field(default_factory=dict)
    written: dict[Item, float] = field(default_factory=dict)  # when, by the clock
    made: set[Item] = field(default_factory=set)


def run(vpns: ClientVpns, request: Request, clock: Clock = time) -> dict[str, Any]:
    """Do it. Returns what the module returns; raises PlanError or AwsError where nothing was changed, else JobError."""
    want = request.want
    try:
        seen = vpns.seen(want.endpoint_id, want.destinations)
    except AwsError as err:
        if err.code != GONE or want.state == "present":
            raise
        seen = Seen()  # with the endpoint, all that it had is gone
    outcome = _Outcome(client_vpn.plan(want, seen), seen.items)
    if request.verify_permissions:
        _prove(vpns, want, outcome)
    if request.check:
        outcome.items = client_vpn.predicted(outcome.actions, want)
        return _result(vpns, want, seen, outcome, any(action.writes for action in outcome.actions))
    _carry_out(vpns, request, outcome, clock)
    result = _result(vpns, want, seen, outcome, bool(outcome.written))
    if outcome.errors:
        raise JobError(_partly(outcome), result)
    return result


def _prove(vpns: ClientVpns, want: Want, outcome: _Outcome) -> None:
    """Ask by DryRun whether the caller may make the calls that are planned."""
    for action in outcome.actions:
        if action.writes:
            kind = DELETE if action.kind == DELETE else CREATE
            vpns.write(want.endpoint_id, kind, action.item, want.description, dry_run=True)


def _carry_out(vpns: ClientVpns, request: Request, outcome: _Outcome, clock: Clock) -> None:
    """Write, and read until all is as it should be, nothing more can be done, or time is up."""
    want, bucket = request.want, Bucket(BURST, RATE, clock)
    writes = [action for action in outcome.actions if action.writes]
    deadline = Deadline(request.wait_timeout + bucket.seconds_for(len(writes)), clock)
    pause = FIRST_PAUSE
    while waiting := _open(outcome):
        for action, kind in waiting:
            if kind and not _recent(outcome, action.item, clock):
                _send(vpns, want, outcome, action, kind, bucket, deadline, clock)
        unread = _reread(vpns, want, outcome)
        waiting = _open(outcome)
        stuck = all(_final(outcome, action) for action, _kind in waiting)
        if waiting and (deadline.over or stuck or (unread and not unread.transient)):
            _judge(outcome, [action for action, _kind in waiting], unread)
            return
        if waiting:
            clock.sleep(min(pause, deadline.left))
            pause = min(LONGEST_PAUSE, pause * 2)
    outcome.errors.clear()


def _open(outcome: _Outcome) -> list[tuple[Action, str]]:
    """The actions that are not done, each with the call that it needs next, if any."""
    found = []
    for action in outcome.actions:
        kind = client_vpn.following(action, outcome.items.get(action.item), written=action.item in outcome.made)
        if kind is not None:
            found.append((action, kind))
    return found


def _recent(outcome: _Outcome, item: Item, clock: Clock) -> bool:
    """Whether what was read may be older than our write, so that the call would be made twice."""
    return item in outcome.written and clock.monotonic() - outcome.written[item] < SETTLE


def _send(
    vpns: ClientVpns,
    want: Want,
    outcome: _Outcome,
    action: Action,
    kind: str,
    bucket: Bucket,
    deadline: Deadline,
    clock: Clock,
) -> None:
    """Make one call, unless AWS has said no to it for good."""
    if _final(outcome, action) or deadline.over or not bucket.take(deadline):
        return
    outcome.errors.pop(action.item, None)
    try:
        vpns.write(want.endpoint_id, kind, action.item, want.description)
    except AwsError as err:
        if err.code not in _RACED:
            outcome.errors[action.item] = err
        return
    outcome.written[action.item] = clock.monotonic()
    if kind == CREATE:
        outcome.made.add(action.item)


def _final(outcome: _Outcome, action: Action) -> bool:
    """Whether AWS said no and will say so again, or tried what we asked for and failed."""
    err, held = outcome.errors.get(action.item), outcome.items.get(action.item)
    refused = err is not None and not err.transient and err.code not in _LATER
    return refused or (action.item in outcome.made and held is not None and held.phase == FAILED)


def _reread(vpns: ClientVpns, want: Want, outcome: _Outcome) -> AwsError | None:
    """Read once more; where that fails, the items stay as they were read last."""
    try:
        outcome.items = vpns.items(want.endpoint_id, want.destinations)
    except AwsError as err:
        return err
    return None


def _judge(outcome: _Outcome, waiting: Sequence[Action], unread: AwsError | None) -> None:
    """Name an error for everything that is open, and none for what turned out right."""
    left = {action.item for action in waiting}
    outcome.errors = {item: err for item, err in outcome.errors.items() if item in left}
    for action in waiting:
        held = outcome.items.get(action.item)
        if unread:
            told = f"the {action.item} could not be read back, so that it may be old or new: {unread.message}"
            late = AwsError(UNREAD, told)
        elif held and held.phase == FAILED:
            late = AwsError("Failed", f"the {action.item} has failed: {held.why or 'AWS gives no reason'}")
        else:
            state = held.state if held else "absent"
            late = AwsError(NOT_REACHED, f"the {action.item} is still {state} after wait_timeout")
        outcome.errors.setdefault(action.item, late)


# --- telling ----------------------------------------------------------------------------------------------------------


def _partly(outcome: _Outcome) -> str:
    reasons = dict.fromkeys(f"{err.message.rstrip('.')}." for err in outcome.errors.values())
    right = [str(a.item) for a in outcome.actions if a.writes and a.item not in outcome.errors]
    rest = f"Done: {', '.join(right)}." if right else "Nothing else was to be done."
    return f"Not done: {' '.join(reasons)} {rest} Run again to finish."


def _result(vpns: ClientVpns, want: Want, seen: Seen, outcome: _Outcome, written: bool) -> dict[str, Any]:
    told = [(action, _one(action, outcome)) for action in outcome.actions]
    return {
        "changed": written,
        "client_vpn_endpoint_id": want.endpoint_id,
        "subnet_ids": [one.subnet_id for one in client_vpn.there(seen.networks)],
        "routes": [{"subnet_id": a.item.by, **one} for a, one in told if a.item.kind == ROUTE],
        "authorization_rules": [
            {"access_group_id": a.item.by or None, **one} for a, one in told if a.item.kind != ROUTE
        ],
        "api_calls": dict(vpns.aws.calls),
        "diff": {"before": _diff(outcome.actions, seen.items), "after": _diff(outcome.actions, outcome.items)},
    }


def _one(action: Action, outcome: _Outcome) -> dict[str, Any]:
    err = outcome.errors.get(action.item)
    return {
        "destination": action.item.destination,
        "action": action.kind,
        "before": client_vpn.shown(action.before),
        "after": client_vpn.shown(outcome.items.get(action.item)),
        "error": {"code": err.code, "message": err.message} if err else None,
    }


def _diff(actions: Sequence[Action], items: Mapping[Item, Held]) -> dict[str, str]:
    """States are left out of what stays: they change by themselves."""
    answer = {}
    for action in actions:
        held = items.get(action.item)
        same = action.kind == NONE and held is not None
        answer[str(action.item)] = "absent" if held is None else "active" if same else held.state
    return answer
