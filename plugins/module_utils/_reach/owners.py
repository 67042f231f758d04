# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transit gateways of several owners, each asked as its own owner sees it; and what could not be asked.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, TypeVar

from .._aws.errors import AwsError
from .ec2 import TransitGateways
from .model import Unseen
from .plan import TransitRoute

_Answer = TypeVar("_Answer")
Raw = Mapping[str, Any]


class Sight:
    """What a caller was not permitted to see: told once for each thing, and no reason to end."""

    def __init__(self) -> None:
        self._found: dict[str, Unseen] = {}

    def ask(self, what: str, question: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """The answer; where the permission is missing, ``otherwise``. Raises every other AwsError."""
        try:
            return question()
        except AwsError as err:
            self.missed(what, err)
            return otherwise

    def missed(self, what: str, err: AwsError) -> None:
        """Note a refusal; raise what is none."""
        if not err.denied:
            raise err
        self.add(what, err.message)

    def add(self, what: str, why: str, remedy: str = "") -> None:
        """Note what is not seen for another reason than a refusal; ``remedy``, where a permission is none."""
        self._found.setdefault(what, Unseen(what, why, remedy))

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """All of it, in order."""
        return tuple(self._found.values())


class Owners:
    """The transit gateways that a VPC is attached to. Methods raise AwsError, but for `attachments`.

    Args:
        own: as the caller itself sees them.
        roles: by the ARN of a role of a gateway's owner, as that role does.
    """

    def __init__(self, own: TransitGateways, roles: Mapping[str, TransitGateways] | None = None) -> None:
        self._own = own
        self._roles = dict(roles or {})

    def attachments(self, vpc_id: str, sight: Sight) -> list[Raw]:
        """The attachments of a VPC, of all gateways; as its owner sees each, who alone sees the association."""
        found: dict[str, Raw] = {}
        for role, caller in [("", self._own), *self._roles.items()]:
            try:
                raws = caller.attachments(resource_id=vpc_id)
            except AwsError as err:
                if role or not self._roles:
                    sight.missed(f"the transit gateways of {vpc_id}{f' by {role}' if role else ''}", err)
                elif not err.denied:
                    raise
                continue
            for raw in raws:
                known = found.get(raw["TransitGatewayAttachmentId"])
                if known is None or not known.get("Association"):
                    found[raw["TransitGatewayAttachmentId"]] = raw
        return list(found.values())

    def all_of(self, raw: Raw) -> list[Raw]:
        """All attachments of the gateway of an attachment."""
        return self._first(raw, lambda caller: caller.all_of(raw["TransitGatewayId"]))

    def vpc_attachments(self, raw: Raw, vpc_id: str) -> list[Raw]:
        """The attachments of a VPC with their subnets, as the owner of the gateway of an attachment sees them."""
        return self._first(raw, lambda caller: caller.vpc_attachments(vpc_id))

    def longest(self, raw: Raw, table_id: str, wanted: str) -> TransitRoute | None:
        """What a table of that gateway does with a prefix: the longest one that holds it."""
        return self._first(raw, lambda caller: caller.longest(table_id, wanted))

    def inner(self, raw: Raw, table_id: str, wanted: str) -> list[TransitRoute]:
        """What a table of that gateway does with parts of a network."""
        return self._first(raw, lambda caller: caller.inner(table_id, wanted))

    def referencing(self, raw: Raw) -> bool | None:
        """Whether that gateway lets a security group of one VPC be named in a rule of another one's."""
        return self._first(raw, lambda caller: caller.referencing(raw["TransitGatewayId"]))

    def tables_of(self, raw: Raw) -> list[str]:
        """The route tables of that gateway."""
        return self._first(raw, lambda caller: caller.tables_of(raw["TransitGatewayId"]))

    def leading(self, raw: Raw, table_id: str) -> list[TransitRoute]:
        """The static routes of a table that lead to that attachment."""
        return self._first(raw, lambda caller: caller.leading(table_id, raw["TransitGatewayAttachmentId"]))

    def role_of(self, raw: Raw) -> str:
        """The role of that gateway's owner, if there is one."""
        account = str(raw.get("TransitGatewayOwnerId", ""))
        return next((arn for arn in self._roles if arn.split(":")[4:5] == [account]), "")

    def _first(self, raw: Raw, question: Callable[[TransitGateways], _Answer]) -> _Answer:
        """The answer of the first caller that may ask, and knows the thing; else the first one's refusal.

        What is another account's and not shared, AWS calls unknown.
        """
        refusals: list[AwsError] = []
        for caller in self._callers(str(raw.get("TransitGatewayOwnerId", ""))):
            try:
                return question(caller)
            except AwsError as err:
                if not (err.denied or err.code.endswith(".NotFound")):
                    raise
                refusals.append(err)
        first = refusals[0]  # the caller itself is always asked
        if first.denied:
            raise first
        told = f"{first.message.rstrip('.')}. It may be another account's: set assume_role_arn in overlay_ip_reach"
        raise AwsError("AccessDenied", f"{told} (transit_gateway_role_arns) to a role of its owner.", first.operation)

    def _callers(self, account: str) -> Iterator[TransitGateways]:
        """Who to ask: the roles of this account, the caller itself, and the other roles."""
        mine = [arn for arn in self._roles if arn.split(":")[4:5] == [account]]
        yield from (self._roles[arn] for arn in mine)
        yield self._own
        yield from (caller for arn, caller in self._roles.items() if arn not in mine)
