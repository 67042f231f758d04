# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's filters: all of them must hold, any value of one may; values may hold wildcards; unknown names are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from ..answers import ApiError

T = TypeVar("T")

#: Filter name to the values that a resource has for it.
Facts = Mapping[str, Callable[[T], Iterable[str]]]


def matching(items: Sequence[T], filters: Sequence[tuple[str, Sequence[str]]], facts: Facts[T]) -> list[T]:
    """Those of ``items`` for which every filter holds; ``tag:KEY``, ``tag-key`` and ``tag-value`` work for any."""
    tests = [(_reader(name, facts), [_pattern(value) for value in values]) for name, values in filters]
    return [
        item
        for item in items
        if all(any(p.fullmatch(value) for value in read(item) for p in patterns) for read, patterns in tests)
    ]


def _reader(name: str, facts: Facts[T]) -> Callable[[T], Iterable[str]]:
    known = facts.get(name)
    if known is not None:
        return known
    if name.startswith("tag:"):
        return lambda item: [tag["value"] for tag in _tags(item) if tag["key"] == name[4:]]
    if name in ("tag-key", "tag-value"):
        return lambda item: [tag[name[4:]] for tag in _tags(item)]
    # The code is E1's for this case; the text is seen in the wild but not confirmed.
    raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _tags(item: Any) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = item.get_tags()
    return tags


@lru_cache(maxsize=1024)
def _pattern(value: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.split(r"([*?])", value))
    return re.compile("".join(parts), re.DOTALL)
