# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM condition blocks. Source: IAM user guide, "Condition operators" and "Conditions with multiple keys or values".

Context values are tuples of text; an absent key is an absent entry. Key names are compared without regard to case.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ..answers import LabUnsupported

#: The request's context: lower-case key to its values.
Context = Mapping[str, tuple[str, ...]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SPECIAL = {"*": ".*", "?": ".", "[*]": r"\*", "[?]": r"\?"}
_LITERAL = {"*": "[*]", "?": "[?]", "$": "$"}


class Unresolved(Exception):
    """A policy variable that the context does not hold: the statement's element matches nothing."""


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    pieces = re.split(r"(\[\*\]|\[\?\]|\*|\?)", glob)
    return re.compile("".join(_SPECIAL.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)


def glob_match(glob: str, value: str) -> bool:
    """``*`` is any text and ``?`` any one character; ``[*]`` and ``[?]`` are those characters themselves."""
    return _pattern(glob).fullmatch(value) is not None


def substitute(text: str, context: Context) -> str:
    """Replace policy variables or raise Unresolved.

    ``${key}``, ``${key, 'default'}``; ``${*}``, ``${?}`` and ``${$}`` stand for those characters themselves.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in _LITERAL:
            return _LITERAL[name]
        key, dummy, default = (part.strip() for part in name.partition(","))
        found = context.get(key.lower(), ())
        if len(found) == 1:
            return re.sub(r"([*?])", r"[\1]", found[0])
        if default:
            return default.strip("'")
        raise Unresolved(name)

    return _VARIABLE.sub(value, text)


def arn_match(pattern: str, value: str) -> bool:
    """ArnLike, and ArnEquals, which AWS treats alike: each of the six parts may hold wildcards."""
    want, have = pattern.split(":", 5), value.split(":", 5)
    return len(want) == len(have) == 6 and all(glob_match(w, h) for w, h in zip(want, have, strict=True))


def _date(value: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(convert: Callable[[str], float], compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(want: str, have: str) -> bool:
        try:
            return compare(convert(have), convert(want))
        except ValueError:
            return False

    return test


def _in_network(want: str, have: str) -> bool:
    try:
        return ipaddress.ip_address(have) in ipaddress.ip_network(want, strict=False)
    except ValueError:
        return False


def _same_bytes(want: str, have: str) -> bool:
    try:
        return base64.b64decode(want, validate=True) == base64.b64decode(have, validate=True)
    except binascii.Error:
        return False


def _plain(text: str) -> str:
    return text.replace("[*]", "*").replace("[?]", "?")


#: Operator to its test of (value in the policy, value in the request).
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, have: _plain(want) == have,
    "StringEqualsIgnoreCase": lambda want, have: _plain(want).casefold() == have.casefold(),
    "StringLike": glob_match,
    "ArnEquals": arn_match,
    "ArnLike": arn_match,
    "Bool": lambda want, have: want.lower() == have.lower(),
    "NumericEquals": _ordered(float, lambda have, want: have == want),
    "NumericLessThan": _ordered(float, lambda have, want: have < want),
    "NumericLessThanEquals": _ordered(float, lambda have, want: have <= want),
    "NumericGreaterThan": _ordered(float, lambda have, want: have > want),
    "NumericGreaterThanEquals": _ordered(float, lambda have, want: have >= want),
    "DateEquals": _ordered(_date, lambda have, want: have == want),
    "DateLessThan": _ordered(_date, lambda have, want: have < want),
    "DateLessThanEquals": _ordered(_date, lambda have, want: have <= want),
    "DateGreaterThan": _ordered(_date, lambda have, want: have > want),
    "DateGreaterThanEquals": _ordered(_date, lambda have, want: have >= want),
    "IpAddress": _in_network,
    "BinaryEquals": _same_bytes,
}

#: Negated operator to the one that it negates.
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}

OPERATORS = frozenset((*_TESTS, *_NEGATED, "Null"))


def as_list(value: Any) -> list[Any]:
    """A policy element that may be one value or a list of them."""
    return value if isinstance(value, list) else [value]


def _policy_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def holds(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """True when every operator of a Condition block holds for every one of its keys."""
    return all(
        _operator_holds(operator, key.lower(), [_policy_text(v) for v in as_list(values)], context)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _operator_holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    quantifier, dummy, bare = operator.rpartition(":")
    if_exists = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    if bare not in OPERATORS or quantifier not in ("", "ForAllValues", "ForAnyValue") or (bare == "Null" and if_exists):
        raise LabUnsupported(f"condition operator {operator!r}")
    have = context.get(key)
    if bare == "Null":
        return any(_policy_text(w).lower() == ("true" if have is None else "false") for w in wanted)
    if have is None and (if_exists or quantifier == "ForAllValues"):
        return True
    negated = bare in _NEGATED
    if have is None:
        return negated and quantifier != "ForAnyValue"
    try:
        resolved = [substitute(w, context) for w in wanted]
    except Unresolved:
        return negated
    test = _TESTS[_NEGATED.get(bare, bare)]
    matches = [any(test(w, h) for w in resolved) != negated for h in have]
    return _quantified(quantifier, negated, matches)


def _quantified(quantifier: str, negated: bool, matches: Iterable[bool]) -> bool:
    """Without a quantifier one matching value is enough, and for a negated operator every value must differ."""
    if quantifier == "ForAllValues" or (not quantifier and negated):
        return all(matches)
    return any(matches)
