# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary credentials: of assumed roles, and of instance profiles through the metadata service."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Session:
    """Credentials of a role until ``expires`` (seconds since the epoch)."""

    access_key: str
    secret_key: str
    token: str
    account_id: str
    role_name: str
    region: str
    name: str
    expires: float
    issued: float
    #: Inline session policies (JSON texts): they can only narrow what the role may do.
    policies: tuple[str, ...] = ()
    #: The instance that the credentials were given to, for ``ec2:SourceInstanceARN``.
    instance_arn: str | None = None


class Sessions:
    """All temporary credentials of an endpoint; those long expired are dropped when new ones are made."""

    #: An expired key is remembered this long (seconds), so that its user reads "expired" and not "unknown".
    _MEMORY = 24 * 3600.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_key: dict[str, Session] = {}

    def issue(
        self,
        account_id: str,
        role_name: str,
        name: str,
        seconds: float,
        region: str,
        policies: tuple[str, ...] = (),
        instance_arn: str | None = None,
    ) -> Session:
        """Make credentials for ``role_name`` that live ``seconds``."""
        now = self._now()
        self._by_key = {k: s for k, s in self._by_key.items() if s.expires + self._MEMORY > now}
        session = Session(
            access_key="ASIA" + random_key_id(),
            secret_key=random_secret(),
            token=base64.b64encode(secrets.token_bytes(96)).decode(),
            account_id=account_id,
            role_name=role_name,
            region=region,
            name=name,
            expires=now + seconds,
            issued=now,
            policies=policies,
            instance_arn=instance_arn,
        )
        self._by_key[session.access_key] = session
        return session

    def find(self, access_key: str) -> Session | None:
        """The session of an access key, expired or not."""
        return self._by_key.get(access_key)

    def expired(self, session: Session) -> bool:
        """True once the session's time is over."""
        return self._now() >= session.expires


def random_key_id() -> str:
    """The sixteen characters after ``AKIA`` or ``ASIA``."""
    return "".join(secrets.choice(_ALPHABET) for dummy in range(16))


def random_secret() -> str:
    """A secret access key: forty characters."""
    return base64.b64encode(secrets.token_bytes(30)).decode()
