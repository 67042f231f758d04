# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS: GetCallerIdentity and AssumeRole, with the trust policy judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ..answers import Answer, ApiError, LabUnsupported, element, query_result
from ..cloud import Cloud
from ..request import Call
from .caller import Caller
from .conditions import as_list, holds
from .documents import matches_action, parse
from .judge import base_context, objection, refusal
from .resources import Resource
from .sessions import Session

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):role(?:/.*)?/(?P<name>[\w+=,.@-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


def get_caller_identity(cloud: Cloud, call: Call) -> Answer:
    """Who the credentials belong to; always allowed."""
    caller = call.by
    inner = element("Arn", caller.arn) + element("UserId", caller.user_id) + element("Account", caller.account_id)
    return query_result("sts", call.action, inner)


def assume_role(cloud: Cloud, call: Call) -> Answer:
    """Credentials of a role that trusts the caller.

    Where the trust policy names the caller itself, in the same account, that is permission enough; where it names the
    account, or the role is another account's, the caller's own policies must allow it too. An explicit deny wins.
    Source: IAM user guide, "Policy evaluation logic".
    """
    arn, name = call.required("RoleArn"), call.required("RoleSessionName")
    match = _ROLE_ARN.fullmatch(arn)
    if match is None or not _SESSION_NAME.fullmatch(name):
        raise ApiError("ValidationError", f"{arn} is invalid, or {name!r} is not a session name")
    role = None
    if match["account"] in cloud.backing.accounts:
        roles = cloud.backing.iam(match["account"], call.region).roles.values()
        role = next((r for r in roles if r.arn == arn), None)
    trust = _Trust.NONE if role is None else _trust(cloud, call, role)
    if role is None or trust is _Trust.NONE:
        raise refusal(call, arn, "because the role does not exist or its trust policy does not allow it")
    found = objection(cloud, call, Resource(arn, {}))
    named = trust is _Trust.PRINCIPAL and match["account"] == call.by.account_id
    if found is not None and (found.explicit or not named):
        raise refusal(call, arn, found.reason)
    seconds = int(call.get("DurationSeconds") or 3600)
    if not 900 <= seconds <= int(role.max_session_duration or 3600):
        raise ApiError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role, or is less than 900.",
        )
    policies = tuple(filter(None, (call.get("Policy"),)))
    if call.structures("PolicyArns.member"):
        raise LabUnsupported("managed session policies")
    session = cloud.sessions.issue(match["account"], role.name, name, seconds, call.region, policies)
    return query_result("sts", call.action, _credentials(session) + _assumed(cloud, session, role.id))


def iso(seconds: float) -> str:
    """A time as AWS writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _credentials(session: Session) -> str:
    return (
        "<Credentials>"
        + element("AccessKeyId", session.access_key)
        + element("SecretAccessKey", session.secret_key)
        + element("SessionToken", session.token)
        + element("Expiration", iso(session.expires))
        + "</Credentials>"
    )


def _assumed(cloud: Cloud, session: Session, role_id: str) -> str:
    partition = cloud.backing.iam(session.account_id, session.region).partition
    arn = f"arn:{partition}:sts::{session.account_id}:assumed-role/{session.role_name}/{session.name}"
    inner = element("AssumedRoleId", f"{role_id}:{session.name}") + element("Arn", arn)
    return f"<AssumedRoleUser>{inner}</AssumedRoleUser>"


class _Trust(Enum):
    """Whom a trust policy names: nobody that the caller is, the caller's account, or the caller itself."""

    NONE = 0
    ACCOUNT = 1
    PRINCIPAL = 2


def _trust(cloud: Cloud, call: Call, role: Any) -> _Trust:
    context = base_context(cloud, call)
    best = _Trust.NONE
    for statement in parse(str(role.assume_role_policy_document)).statements:
        if not matches_action(statement, "sts:AssumeRole") or not holds(statement.get("Condition") or {}, context):
            continue
        named = _named(statement, call.by)
        if named is not _Trust.NONE and statement["Effect"] == "Deny":
            return _Trust.NONE
        best = max(best, named, key=lambda trust: trust.value)
    return best


def _named(statement: dict[str, Any], caller: Caller) -> _Trust:
    if "NotPrincipal" in statement:
        raise LabUnsupported("NotPrincipal in a trust policy")
    principal = statement.get("Principal", {})
    names = set(as_list(principal.get("AWS", []))) if isinstance(principal, dict) else {principal}
    if names & {caller.arn, caller.principal_arn}:
        return _Trust.PRINCIPAL
    partition = caller.arn.split(":")[1]
    account = {"*", caller.account_id, f"arn:{partition}:iam::{caller.account_id}:root"}
    return _Trust.ACCOUNT if names & account else _Trust.NONE


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "GetCallerIdentity": get_caller_identity,
    "AssumeRole": assume_role,
}
