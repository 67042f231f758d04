# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rest of us needs of a client for AWS, whichever speaks: the SDK's (`client`) or our own (`wire`).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Protocol

from .errors import UNREACHABLE, AwsError

MOST_PAGES = 1000
"""More are no answer of EC2's: at 100 tables to a page, no VPC has so many."""


class Api(Protocol):
    """One caller of AWS. Every method and property may raise ``AwsError``; safe to use from several threads."""

    calls: Counter[str]
    """How often each operation was asked for, retries not counted."""

    requests: list[tuple[str, str]]
    """Operation and request id of each call that AWS answered: CloudTrail and AWS's support know it by that id."""

    call_seconds: float
    """Seconds for one call with all its attempts, whatever its answer does."""

    @property
    def region(self) -> str:
        """The region in force."""

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` ...: never hard-coded in an ARN."""

    def call(self, service: str, operation: str, **kwargs: Any) -> Mapping[str, Any]:
        """Make one API call, its parameters and its answer as the SDK names them."""

    def pages(self, service: str, operation: str, **kwargs: Any) -> Iterator[Mapping[str, Any]]:
        """The answers of a paged operation, one by one."""


def paged(call: Callable[..., Mapping[str, Any]], service: str, operation: str, **kwargs: Any) -> Iterator[Any]:
    """Call until an answer has no NextToken; one that was there before, or too many, is an ``AwsError``."""
    seen: set[str] = set()
    token: dict[str, str] = {}
    while True:
        answer = call(service, operation, **kwargs, **token)
        yield answer
        following = answer.get("NextToken")
        if not following:
            return
        if following in seen or len(seen) >= MOST_PAGES:
            raise strange(operation, f"after {len(seen) + 1} pages the answer begins again or does not end")
        seen.add(following)
        token = {"NextToken": following}


def send(aws: Api, service: str, operation: str, *, dry_run: bool = False, **arguments: Any) -> None:
    """Make one call that changes something.

    With ``dry_run``, AWS only judges the permission; its answer DryRunOperation means yes.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html (DryRun).
    """
    if not dry_run:
        aws.call(service, operation, **arguments)
        return
    try:
        aws.call(service, operation, DryRun=True, **arguments)
    except AwsError as err:
        if err.code != "DryRunOperation":
            raise


def strange(operation: str, why: str) -> AwsError:
    """An answer that has AWS's form, and that AWS would not give."""
    text = (
        f"{operation} cannot be read: {why}."
        " Something between here and AWS answers in its place: check proxy and endpoint_url."
    )
    return AwsError(UNREACHABLE, text, operation)
