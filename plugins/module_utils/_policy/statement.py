# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What statements are made of: ARNs, and whom they name. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

_ARN = re.compile(r"arn:[a-z-]+:iam::(?:\d{12}|aws):(?P<kind>[a-z-]+)/[\w+=,.@/-]+", re.ASCII)
_PRINCIPAL = re.compile(r"\d{12}|arn:[a-z-]+:(iam|sts)::\d{12}:(root|(role|user|assumed-role)/[\w+=,.@/-]+)", re.ASCII)
_NAME = re.compile(r"/?(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,128}", re.ASCII)


class PolicyError(ValueError):
    """Something that no policy can be made of. The text is a whole sentence with the remedy."""


@dataclass(frozen=True)
class Ec2Ref:
    """A route table or a network interface: its id, the account that *owns* it, and its VPC."""

    resource_id: str
    account: str
    vpc_id: str


@dataclass(frozen=True)
class Place:
    """Where the documents apply: ARNs begin with the partition, and EC2's name the region."""

    partition: str
    region: str

    def ec2(self, account: str, kind: str, resource_id: str) -> str:
        """The ARN of an EC2 resource in this region."""
        return f"arn:{self.partition}:ec2:{self.region}:{account}:{kind}/{resource_id}"

    def iam(self, account: str, kind: str, name: str, option: str) -> str:
        """The ARN of a role, instance profile or policy that ``option`` gave by ARN or by name (with its path, if any).

        Raises:
            PolicyError: neither a name nor an ARN of that kind.
        """
        if name.startswith("arn:"):
            return checked_arn(name, kind, option)
        if not _NAME.fullmatch(name):
            raise PolicyError(f"{option}: '{name}' is neither a name of IAM nor an ARN: give the {kind}'s name or ARN.")
        return f"arn:{self.partition}:iam::{account}:{kind}/{name.lstrip('/')}"


def checked_arn(arn: str, kind: str, option: str) -> str:
    """Return ``arn`` if it is one of IAM and of this kind (role, policy, instance-profile), else raise PolicyError."""
    found = _ARN.fullmatch(arn)
    if not found or found["kind"] != kind:
        shape = f"arn:aws:iam::123456789012:{kind}/NAME"
        raise PolicyError(f"{option}: '{arn}' is not the ARN of a {kind}: such an ARN looks like {shape}.")
    return arn


def checked_ids(kind: str, given: Iterable[str], option: str) -> None:
    """Raise PolicyError for what is no id of such a thing: in an ARN, and in a filter, ``*`` names all of them."""
    for one in given:
        if not re.fullmatch(f"{kind}-[0-9a-f]+", one):
            raise PolicyError(f"{option} has '{one}', which is no id of one: such an id is {kind}-0123456789abcdef0.")


def checked_principal(given: str, option: str) -> str:
    """Return who shall assume a role if it is one role, user or account, else raise PolicyError: ``*`` is everybody."""
    if not _PRINCIPAL.fullmatch(given):
        shape = "arn:aws:iam::123456789012:role/NAME"
        raise PolicyError(f"{option} has '{given}', which is not the ARN of a role or a user: such an ARN is {shape}.")
    return given


def allow(actions: Iterable[str], resources: Iterable[str], **condition: Mapping[str, Any]) -> dict[str, Any]:
    """A statement that allows, where the condition holds."""
    statement = {"Effect": "Allow", "Action": short(actions), "Resource": short(resources)}
    return {**statement, "Condition": condition} if condition else statement


def short(values: Iterable[str]) -> str | list[str]:
    """Sorted and without repeats; a single value stands alone, as IAM allows and people write it."""
    listed = sorted(set(values))
    return listed[0] if len(listed) == 1 else listed
