# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's quotas and conflicts that moto lets pass. Source: IAM user guide, "IAM and AWS STS quotas"; the API model."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..answers import Answer, ApiError
from ..backing import forward
from ..cloud import Cloud
from ..request import Call

#: Characters without white space: all inline policies of a role together, and one managed policy.
INLINE_SIZE, MANAGED_SIZE = 10_240, 6_144
#: Managed policies attached to one role (the default quota).
ATTACHED = 10


def put_role_policy(cloud: Cloud, call: Call) -> Answer:
    """PutRolePolicy: the inline policies of a role have one size quota together."""
    role = cloud.backing.iam(call.by.account_id, call.region).roles.values()
    found = next((r for r in role if r.name == call.get("RoleName")), None)
    if found is not None:
        texts = {**found.policies, call.required("PolicyName"): call.required("PolicyDocument")}
        if sum(_size(text) for text in texts.values()) > INLINE_SIZE:
            raise ApiError(
                "LimitExceeded", f"Maximum policy size of {INLINE_SIZE} bytes exceeded for role {call.get('RoleName')}"
            )
    return forward(call, call.by.account_id)


def create_policy(cloud: Cloud, call: Call) -> Answer:
    """CreatePolicy and CreatePolicyVersion."""
    if _size(call.required("PolicyDocument")) > MANAGED_SIZE:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_SIZE}")
    return forward(call, call.by.account_id)


def attach_role_policy(cloud: Cloud, call: Call) -> Answer:
    """AttachRolePolicy: once more is no error, one too many is."""
    roles = cloud.backing.iam(call.by.account_id, call.region).roles.values()
    role = next((r for r in roles if r.name == call.get("RoleName")), None)
    new = role is not None and call.get("PolicyArn") not in role.managed_policies
    if role is not None and new and len(role.managed_policies) >= ATTACHED:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {ATTACHED}")
    return forward(call, call.by.account_id)


def delete_policy(cloud: Cloud, call: Call) -> Answer:
    """DeletePolicy: not while it is attached."""
    policy = cloud.backing.iam(call.by.account_id, call.region).managed_policies.get(call.required("PolicyArn"))
    if policy is not None and policy.attachment_count > 0:
        raise ApiError("DeleteConflict", "Cannot delete a policy attached to entities.")
    return forward(call, call.by.account_id)


def _size(document: str) -> int:
    try:
        return len(json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False))
    except ValueError:
        return 0  # moto refuses it as malformed


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "PutRolePolicy": put_role_policy,
    "CreatePolicy": create_policy,
    "CreatePolicyVersion": create_policy,
    "AttachRolePolicy": attach_role_policy,
    "DeletePolicy": delete_policy,
}
