# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents: which statements apply to a question, and what they decide together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from ..answers import LabUnsupported
from .conditions import Context, Unresolved, as_list, glob_match, holds, substitute

_KNOWN = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal", "NotPrincipal",
}  # fmt: skip


class Verdict(Enum):
    """What a set of policies says."""

    ALLOW = "allow"
    DENY = "explicit deny"
    SILENT = "no statement"


@dataclass(frozen=True)
class Question:
    """May ``action`` (``ec2:ReplaceRoute``) be done on ``resource`` (an ARN or "*") in this context?"""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Document:
    """A parsed policy."""

    statements: tuple[dict[str, Any], ...]


@lru_cache(maxsize=1024)
def parse(text: str) -> Document:
    """Parse a policy's JSON. An element that is not IAM's is an error here: a typing error must not pass as policy."""
    statements = as_list(json.loads(text)["Statement"])
    for statement in statements:
        unknown = set(statement) - _KNOWN
        if unknown or statement.get("Effect") not in ("Allow", "Deny"):
            raise LabUnsupported(f"policy statement {statement!r}")
    return Document(tuple(statements))


def decide(documents: Iterable[Document], question: Question) -> Verdict:
    """An explicit deny wins over every allow."""
    verdict = Verdict.SILENT
    for document in documents:
        for statement in document.statements:
            if not applies(statement, question):
                continue
            if statement["Effect"] == "Deny":
                return Verdict.DENY
            verdict = Verdict.ALLOW
    return verdict


def applies(statement: dict[str, Any], question: Question) -> bool:
    """True when the statement's action, resource and condition all match."""
    return (
        matches_action(statement, question.action)
        and _matches_resource(statement, question)
        and holds(statement.get("Condition") or {}, question.context)
    )


def matches_action(statement: dict[str, Any], action: str) -> bool:
    """Action names are compared without regard to case, with ``*`` and ``?``."""
    element = "Action" if "Action" in statement else "NotAction"
    listed = any(glob_match(pattern.lower(), action.lower()) for pattern in as_list(statement.get(element, [])))
    return listed == (element == "Action")


def _matches_resource(statement: dict[str, Any], question: Question) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return True  # a trust policy: the resource is the role itself
    element = "Resource" if "Resource" in statement else "NotResource"
    listed = any(_resource_matches(pattern, question) for pattern in as_list(statement[element]))
    return listed == (element == "Resource")


def _resource_matches(pattern: str, question: Question) -> bool:
    if pattern == "*":
        return True
    try:
        return glob_match(substitute(pattern, question.context), question.resource)
    except Unresolved:
        return False
