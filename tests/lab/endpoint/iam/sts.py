# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS: GetCallerIdentity and AssumeRole, with the trust policy judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..answers import Answer, ApiError, LabUnsupported, element, query_result
from ..cloud import Cloud
from ..request import Call
from .caller import Caller
from .conditions import as_list, holds
from .documents import matches_action, parse
from .judge import base_context, refusal
from .sessions import Session

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):role(?:/.*)?/(?P<name>[\w+=,.@-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


def get_caller_identity(cloud: Cloud, call: Call) -> Answer:
    """Who the credentials belong to; always allowed."""
    caller = call.by
    inner = element("Arn", caller.arn) + element("UserId", caller.user_id) + element("Account", caller.account_id)
    return query_result("sts", call.action, inner)


def assume_role(cloud: Cloud, call: Call) -> Answer:
    """Credentials of a role whose trust policy names the caller (in another account the caller's policies must allow it
    too, which the judge has seen to before)."""
    arn, name = call.required("RoleArn"), call.required("RoleSessionName")
    match = _ROLE_ARN.fullmatch(arn)
    if match is None or not _SESSION_NAME.fullmatch(name):
        raise ApiError("ValidationError", f"{arn} is invalid, or {name!r} is not a session name")
    role = None
    if match["account"] in cloud.backing.accounts:
        roles = cloud.backing.iam(match["account"], call.region).roles.values()
        role = next((r for r in roles if r.arn == arn), None)
    if role is None or not _trusts(cloud, call, role):
        raise refusal(call, arn, "because the role does not exist or its trust policy does not allow it")
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


def _trusts(cloud: Cloud, call: Call, role: Any) -> bool:
    document = role.assume_role_policy_document
    context = base_context(cloud, call)
    statements = [
        s
        for s in parse(document if isinstance(document, str) else str(document)).statements
        if matches_action(s, "sts:AssumeRole") and _names(s, call.by) and holds(s.get("Condition") or {}, context)
    ]
    return any(s["Effect"] == "Allow" for s in statements) and not any(s["Effect"] == "Deny" for s in statements)


def _names(statement: dict[str, Any], caller: Caller) -> bool:
    """True when the statement's Principal is the caller: its ARN, its role, its account, or anyone."""
    if "NotPrincipal" in statement:
        raise LabUnsupported("NotPrincipal in a trust policy")
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    named = as_list(principal.get("AWS", []))
    partition = caller.arn.split(":")[1]
    mine = {"*", caller.arn, caller.principal_arn, caller.account_id, f"arn:{partition}:iam::{caller.account_id}:root"}
    return any(name in mine for name in named)


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "GetCallerIdentity": get_caller_identity,
    "AssumeRole": assume_role,
}
