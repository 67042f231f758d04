# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: the lab's administrator, an IAM user, or a session of a role; with the policies that bind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..answers import ApiError
from ..backing import Role, User
from ..cloud import Cloud
from ..request import HttpRequest, Scope
from . import signature
from .documents import Document, parse
from .sessions import Session, random_key_id, random_secret


@dataclass(frozen=True)
class Caller:
    """An authenticated caller and everything that its permissions follow from."""

    account_id: str
    arn: str
    user_id: str
    access_key: str
    name: str
    #: ``aws:PrincipalArn``: of a role session it is the role's own ARN.
    principal_arn: str
    admin: bool = False
    identity: tuple[Document, ...] = ()
    boundary: Document | None = None
    session: tuple[Document, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    instance_arn: str | None = None


@dataclass(frozen=True)
class Admin:
    """Credentials of an account's administrator, who is not judged (shared VPCs have one per account)."""

    account_id: str
    access_key: str = field(default_factory=lambda: "AKIA" + random_key_id())
    secret_key: str = field(default_factory=random_secret)


def authenticate(cloud: Cloud, admins: Mapping[str, Admin], http: HttpRequest, scope: Scope) -> Caller:
    """Check the signature and say who signed; raises the service's own error."""
    admin = admins.get(scope.access_key)
    if admin is not None:
        signature.check(http, scope, admin.secret_key, None)
        arn = f"arn:{cloud.backing.iam(admin.account_id, scope.region).partition}:iam::{admin.account_id}:root"
        return Caller(admin.account_id, arn, admin.account_id, scope.access_key, "admin", arn, admin=True)
    session = cloud.sessions.find(scope.access_key)
    if session is not None:
        signature.check(http, scope, session.secret_key, session.token)
        if cloud.sessions.expired(session):
            raise signature.expired(scope.service)
        return of_session(cloud, session, scope)
    for account, iam in cloud.backing.all_iam():
        for user in iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == scope.access_key and key.status == "Active":
                    signature.check(http, scope, key.secret_access_key, None)
                    return _of_user(account, user, scope.access_key, iam)
    raise signature.unknown_key(scope.service)


def of_session(cloud: Cloud, session: Session, scope: Scope) -> Caller:
    """The caller behind temporary credentials. A role that is gone leaves its sessions without any permission."""
    iam = cloud.backing.iam(session.account_id, session.region)
    arn = f"arn:{iam.partition}:sts::{session.account_id}:assumed-role/{session.role_name}/{session.name}"
    role = next((role for role in iam.roles.values() if role.name == session.role_name), None)
    if role is None:
        return Caller(session.account_id, arn, session.name, session.access_key, session.role_name, arn)
    return Caller(
        account_id=session.account_id,
        arn=arn,
        user_id=f"{role.id}:{session.name}",
        access_key=session.access_key,
        name=session.role_name,
        principal_arn=role.arn,
        identity=_policies(role),
        boundary=_boundary(iam, role.permissions_boundary_arn),
        session=tuple(parse(text) for text in session.policies),
        tags=tags_of(role.tags),
        instance_arn=session.instance_arn,
    )


def _of_user(account: str, user: User, access_key: str, iam: Any) -> Caller:
    groups = [group for group in iam.groups.values() if user in group.users]
    return Caller(
        account_id=account,
        arn=user.arn,
        user_id=user.id,
        access_key=access_key,
        name=user.name,
        principal_arn=user.arn,
        identity=tuple(document for holder in (user, *groups) for document in _policies(holder)),
        tags=tags_of(user.tags),
    )


def _policies(holder: User | Role | Any) -> tuple[Document, ...]:
    inline = (str(text) for text in holder.policies.values())
    managed = (_default_version(policy) for policy in holder.managed_policies.values())
    return tuple(parse(text) for text in (*inline, *managed))


def _default_version(policy: Any) -> str:
    return str(next(v.document for v in policy.versions if v.version_id == policy.default_version_id))


def _boundary(iam: Any, arn: str | None) -> Document | None:
    if not arn:
        return None
    policy = iam.managed_policies.get(arn)
    if policy is None:
        raise ApiError("AccessDenied", f"The permissions boundary {arn} does not exist")
    return parse(_default_version(policy))


def tags_of(tags: Any) -> dict[str, str]:
    """The tags of a user or role, which moto keeps in several shapes."""
    if not isinstance(tags, dict):
        return {tag["Key"]: tag["Value"] for tag in tags or []}
    return {key: value["Value"] if isinstance(value, dict) else str(value) for key, value in tags.items()}
