# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role and its policy: read, planned as a list of calls, written. The only file that calls IAM.

A plan holds the very calls that will be sent, so check mode shows what a run does, and tests compare whole lists.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._aws.api import Api
from .._aws.errors import AwsError
from .document import INLINE_LIMIT, MANAGED_LIMIT, Document, PolicyError, same, size, text

VERSIONS = 5  # a managed policy keeps this many; one more is refused

Step = tuple[str, Mapping[str, Any]]
"""One call that writes: the API operation and its parameters."""


@dataclass(frozen=True)
class Role:
    """A role. Its ARN, which is only looked up for a managed policy, tells partition and account."""

    name: str
    arn: str = ""

    def policy_arn(self, policy: str) -> str:
        """The ARN of a managed policy of the role's own account."""
        partition, account = self.arn.split(":")[1], self.arn.split(":")[4]
        return f"arn:{partition}:iam::{account}:policy/{policy}"


@dataclass(frozen=True)
class Inline:
    """The inline policy as it is, and the characters that the role's other inline policies take of the common limit."""

    document: Document | None = None
    others: int = 0


@dataclass(frozen=True)
class Managed:
    """The managed policy as it is: ``versions`` oldest first; ``users`` counts who has it, ``attached`` is our role."""

    document: Document | None = None
    default: str = ""
    versions: tuple[str, ...] = ()
    users: int = 0
    attached: bool = False


# -- plans: pure


def plan_inline(role: str, name: str, have: Inline, want: Document | None) -> list[Step]:
    """The calls that make the role's inline policy ``want``, or absent where that is None.

    Raises:
        PolicyError: it would not fit into the role.
    """
    target = {"RoleName": role, "PolicyName": name}
    if want is None:
        return [("DeleteRolePolicy", target)] if have.document is not None else []
    if same(have.document, want):
        return []
    if have.others + size(want) > INLINE_LIMIT:
        beside = f" beside the {have.others} of its other inline policies" if have.others else ""
        raise PolicyError(
            f"The policy '{name}' needs {size(want)} characters{beside}, and role {role} has room for {INLINE_LIMIT} in"
            " all: name fewer route tables, remove inline policies that nobody needs, or set managed to true and divide"
            " the tables over several values of policy_name."
        )
    return [("PutRolePolicy", {**target, "PolicyDocument": text(want)})]


def plan_managed(role: Role, name: str, have: Managed, want: Document | None) -> list[Step]:
    """The calls that keep the managed policy as ``want`` and attached, or take it from the role where that is None.

    A policy that others still have is only detached. Of five versions, the oldest that is not in force makes room.

    Raises:
        PolicyError: it is longer than a managed policy may be.
    """
    arn = role.policy_arn(name)
    link = {"RoleName": role.name, "PolicyArn": arn}
    if want is None:
        steps: list[Step] = [("DetachRolePolicy", link)] if have.attached else []
        if have.document is not None and have.users == int(have.attached):
            steps += [_drop(arn, version) for version in have.versions if version != have.default]
            steps.append(("DeletePolicy", {"PolicyArn": arn}))
        return steps
    steps = []
    if not same(have.document, want):
        if size(want) > MANAGED_LIMIT:
            raise PolicyError(
                f"The policy '{name}' needs {size(want)} characters and a managed policy may have {MANAGED_LIMIT}:"
                " divide the route tables over several values of policy_name."
            )
        if have.document is None:
            steps.append(("CreatePolicy", {"PolicyName": name, "PolicyDocument": text(want)}))
        else:
            spare = [version for version in have.versions if version != have.default]
            steps += [_drop(arn, version) for version in spare[: len(have.versions) + 1 - VERSIONS]]
            document = {"PolicyDocument": text(want), "SetAsDefault": True}
            steps.append(("CreatePolicyVersion", {"PolicyArn": arn, **document}))
    return steps if have.attached else [*steps, ("AttachRolePolicy", link)]


def _drop(arn: str, version: str) -> Step:
    return "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version}


# -- calls


@dataclass(frozen=True)
class Change:
    """What there was, and the calls that make it what is wanted. An inline policy has no ARN."""

    before: Document | None
    attached: bool
    steps: list[Step]
    policy_arn: str | None = None


def change(aws: Api, role: Role, name: str, want: Document | None, managed: bool) -> Change | None:
    """Read and plan; None where the role does not exist. The role's ARN is only needed for a managed policy."""
    if managed:
        kept = read_managed(aws, role, name, want)
        return Change(kept.document, kept.attached, plan_managed(role, name, kept, want), role.policy_arn(name))
    have = read_inline(aws, role.name, name, want)
    if have is None:
        return None
    return Change(have.document, have.document is not None, plan_inline(role.name, name, have, want))


def apply(aws: Api, steps: Sequence[Step]) -> None:
    """Send the calls of a plan, in order."""
    for operation, params in steps:
        aws.call("iam", operation, **params)


def role_of_profile(aws: Api, profile_arn: str) -> Role:
    """The role of an instance profile."""
    name = profile_arn.rpartition("/")[2]
    roles = aws.call("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]["Roles"]
    if not roles:
        raise PolicyError(f"The instance profile {name} holds no role: add one (iam add-role-to-instance-profile).")
    return Role(roles[0]["RoleName"], roles[0]["Arn"])


def role(aws: Api, name: str) -> Role | None:
    """The role of this name; None where there is none."""
    answer = _found(aws, "GetRole", RoleName=name)
    return Role(name, answer["Role"]["Arn"]) if answer else None


def read_inline(aws: Api, role_name: str, name: str, want: Document | None) -> Inline | None:
    """The role's inline policy; None where there is no such role.

    The others are only weighed where ``want`` is to be written.
    """
    try:
        names = list(_listed(aws, "ListRolePolicies", "PolicyNames", RoleName=role_name))
    except AwsError as err:
        if err.code == "NoSuchEntity":
            return None
        raise
    document = _inline(aws, role_name, name) if name in names else None
    if want is None or same(document, want):
        return Inline(document)
    return Inline(document, sum(size(_inline(aws, role_name, other)) for other in names if other != name))


def read_managed(aws: Api, role: Role, name: str, want: Document | None) -> Managed:
    """The managed policy and whether the role has it; the versions only where some are to go."""
    arn = role.policy_arn(name)
    answer = _found(aws, "GetPolicy", PolicyArn=arn)
    if not answer:
        return Managed()
    policy = answer["Policy"]
    default = policy["DefaultVersionId"]
    version = aws.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=default)["PolicyVersion"]
    held = _listed(aws, "ListAttachedRolePolicies", "AttachedPolicies", RoleName=role.name)
    attached = any(one["PolicyArn"] == arn for one in held)
    versions: list[str] = []
    if not same(version["Document"], want):
        listed = _listed(aws, "ListPolicyVersions", "Versions", PolicyArn=arn)
        versions = sorted((one["VersionId"] for one in listed), key=lambda known: int(known[1:]))
    users = policy["AttachmentCount"] + policy.get("PermissionsBoundaryUsageCount", 0)
    return Managed(version["Document"], default, tuple(versions), users, attached)


def _inline(aws: Api, role_name: str, name: str) -> Document:
    document: Document = aws.call("iam", "GetRolePolicy", RoleName=role_name, PolicyName=name)["PolicyDocument"]
    return document


def _found(aws: Api, operation: str, **params: Any) -> Mapping[str, Any] | None:
    try:
        return aws.call("iam", operation, **params)
    except AwsError as err:
        if err.code == "NoSuchEntity":
            return None
        raise


def _listed(aws: Api, operation: str, key: str, **params: Any) -> Iterator[Any]:
    """The items of a list operation, page by page (IAM pages by Marker)."""
    marker: dict[str, str] = {}
    while True:
        answer = aws.call("iam", operation, **params, **marker)
        yield from answer[key]
        if not answer.get("IsTruncated"):
            return
        marker = {"Marker": answer["Marker"]}
