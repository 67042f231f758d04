# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in pages: MaxResults and NextToken, which is opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from ..answers import ApiError
from ..request import Call

T = TypeVar("T")


def page(call: Call, items: Sequence[T], low: int, high: int, usual: int = 0) -> tuple[list[T], str | None]:
    """The part of ``items`` that the call asks for, and the token of the next one.

    Args:
        call: the call.
        items: all of them.
        low, high: what MaxResults may be.
        usual: the most that one answer has where the call does not say; 0 for all.
    """
    asked, limit = call.get("MaxResults"), usual
    if asked is not None:
        if not asked.isdigit() or not low <= int(asked) <= high:
            raise ApiError(
                "InvalidParameterValue",
                f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between {low} and {high}.",
            )
        limit = min(int(asked), limit or high)
    start = _offset(call.get("NextToken"))
    if not limit:
        return list(items[start:]), None
    end = start + limit
    return list(items[start:end]), _token(end) if end < len(items) else None


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"lab:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        mark, dummy, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if mark != "lab":
            raise ValueError(token)
        return int(number)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise ApiError("InvalidNextToken", "The specified NextToken is not valid.") from None
