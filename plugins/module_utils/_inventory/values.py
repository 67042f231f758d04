# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that users gave, judged by the list of all variables: kinds, bounds, names; a sentence for each mistake.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from .._aws.rate import BURST, seconds_for_all
from .._base import words
from .variables import (
    BY_NAME,
    DICT,
    FLAG,
    INTERNAL,
    LIST,
    NUMBER,
    OTHERS,
    PREFIX,
    REQUESTS,
    VARIABLES,
    WHOLE,
    Variable,
    number,
)

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
CLOSE = 0.8
"""How alike two names must be for one to be a slip of the other: of two names' letters, in order, four of five."""


class Variables(Protocol):
    """What we need of a mapping of variables: some are resolved only when they are read."""

    def get(self, name: str, /) -> Any:
        """The value, or None."""


class InventoryError(Exception):
    """Variables that cannot be right, a sentence each: variable, value, remedy."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each mistake."""
        return self.args

    def __str__(self) -> str:
        return " ".join(self.args)


def value(variables: Variables, name: str) -> Any:
    """The value of a variable in its kind, or its default. Raises InventoryError."""
    return parsed(BY_NAME[name], variables.get(name))


def absent(raw: Any) -> bool:
    """Whether a value means "not given": AWX sends empty strings."""
    return raw is None or (isinstance(raw, str) and raw.strip() in ("", "None"))


def parsed(variable: Variable, raw: Any, called: str = "") -> Any:
    """A raw value in the variable's kind; its default where it is absent. Raises InventoryError."""
    name = called or variable.name
    if absent(raw):
        return variable.default
    if variable.kind in (LIST, DICT):
        return _structure(variable, raw, name)
    if isinstance(raw, (Mapping, list, tuple)):
        raise InventoryError(f"{name} is {words.value(raw)}, it must be {_article(variable.kind)}: write one value.")
    text = str(raw).strip()
    if variable.kind == FLAG:
        if text.lower() not in TRUE + FALSE:
            raise InventoryError(f"{name} is '{text}': write true or false.")
        return text.lower() in TRUE
    if variable.kind in (WHOLE, NUMBER):
        return _in_bounds(variable, text, name)
    if variable.choices and text not in variable.choices:
        raise InventoryError(f"{name} is '{text}': choose one of {', '.join(variable.choices)}.")
    if variable.pattern and not re.fullmatch(variable.pattern, text):
        raise InventoryError(f"{name} is '{text}': write {variable.shape}.")
    return text


def flag(raw: Any, called: str) -> bool:
    """True or false, of a key that is no variable of its own; false where it is absent. Raises InventoryError."""
    return bool(parsed(Variable(called, FLAG, (), False), raw))


def mistakes(play: Variables, hosts: Mapping[str, Variables]) -> list[str]:
    """Every value that cannot be right, a sentence each: of the play's host, and of the nodes."""
    found: dict[str, list[str]] = {}
    for variable in VARIABLES:
        for where, variables in (("", play), *hosts.items()):
            try:
                parsed(variable, variables.get(variable.name))
            except InventoryError as err:
                for sentence in err.sentences:
                    found.setdefault(sentence, []).append(where)
    return [
        sentence if "" in where or len(where) == len(hosts) else _of(sentence, where)
        for sentence, where in found.items()
    ]


def disagreements(read: Mapping[str, Any], given: Collection[str]) -> list[str]:
    """Values that are right alone and wrong together: ``read`` has them by name, ``given`` are no defaults."""
    found = []
    interval, timeout = read["overlay_ip_check_interval"], read["overlay_ip_check_timeout"]
    if timeout > interval and "overlay_ip_check_timeout" in given and read["overlay_ip_check_command"]:
        found.append(
            f"overlay_ip_check_timeout is {timeout} and overlay_ip_check_interval {interval}: a check must end before"
            " the next one begins; make the timeout no longer than the interval."
        )
    fleet, seconds = read["overlay_ip_fleet"], read["overlay_ip_timeout"]
    if fleet > BURST and seconds < (needed := math.ceil(1.1 * seconds_for_all(fleet) + 15)):
        found.append(
            f"overlay_ip_fleet is {fleet} and overlay_ip_timeout {seconds}: EC2 takes {seconds_for_all(fleet):.0f} s"
            f" for so many routes, and a node gives up before its turn; make overlay_ip_timeout {needed} or more."
        )
    return found


def unknown(names: Iterable[str]) -> list[str]:
    """Names with our prefix that nobody reads, a sentence each, with the nearest known one."""
    found = []
    for name in sorted(set(names)):
        if not name.startswith(PREFIX) or name in BY_NAME or name in INTERNAL or name.startswith(OTHERS):
            continue
        # The prefix is alike in all of them: what comes after it is compared.
        rests = {known[len(PREFIX) :]: known for known in BY_NAME if known.startswith(PREFIX)}
        near = difflib.get_close_matches(name[len(PREFIX) :], rests, 1, CLOSE) or ["s"] * (len(name) <= len(PREFIX) + 1)
        hint = f"did you mean {rests[near[0]]}?" if near else "docs/variables.md lists all there are."
        found.append(f"{name} is unknown: {hint}")
    return found


def slips(extra: Iterable[str]) -> list[str]:
    """Extra variables that are almost one that a playbook of ours asks for: they would be ignored."""
    found = []
    for name in sorted(set(extra)):
        if name in BY_NAME or name.startswith(PREFIX):
            continue
        near = difflib.get_close_matches(name, REQUESTS, 1, CLOSE)
        if near:
            found.append(f"The extra variable {name} is unknown: did you mean {near[0]}?")
    return found


def _structure(variable: Variable, raw: Any, name: str) -> Any:
    if variable.kind == DICT:
        if not isinstance(raw, Mapping):
            raise InventoryError(f"{name} is {words.value(raw)}, it must be a dictionary: write {{key: value}}.")
        strange = [str(key) for key in raw if variable.keys and key not in variable.keys]
        if strange:
            raise InventoryError(*(_unknown_key(name, key, variable.keys) for key in sorted(strange)))
        strange = [str(key) for key in raw if variable.pattern and not re.fullmatch(variable.pattern, str(key))]
        if strange:
            raise InventoryError(*(f"{name} has the key '{key}': write {variable.shape}." for key in sorted(strange)))
        return raw
    if isinstance(raw, str) and variable.choices:
        raw = [part.strip() for part in raw.split(",") if part.strip()]
    if not isinstance(raw, (list, tuple)):
        raise InventoryError(
            f"{name} is {words.value(raw)}, it must be a list: write [a, b], or one line with a dash for each."
        )
    wrong = [item for item in raw if variable.choices and item not in variable.choices]
    if wrong:
        raise InventoryError(f"{name} has '{wrong[0]}': choose of {', '.join(variable.choices)}.")
    return list(raw)


def _unknown_key(name: str, key: str, keys: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, keys, 1, CLOSE)
    return f"{name} has the unknown key '{key}': " + (
        f"did you mean {near[0]}?" if near else f"the keys are {', '.join(keys)}."
    )


def _in_bounds(variable: Variable, text: str, name: str) -> float | int:
    kind = "a whole number" if variable.kind == WHOLE else "a number"
    remedy = f"write {kind} from {number(variable.low)} to {number(variable.high)}"
    remedy += f" ({variable.unit})." if variable.unit else "."
    if not re.fullmatch(
        r"[+-]?\d+" if variable.kind == WHOLE else r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.A | re.I
    ):
        raise InventoryError(f"{name} is '{text}': {remedy}")
    given = int(text) if variable.kind == WHOLE else float(text)
    low, high = variable.low, variable.high
    if not math.isfinite(given) or (low is not None and given < low) or (high is not None and given > high):
        raise InventoryError(f"{name} is {text}: {remedy}")
    return given


def _of(sentence: str, where: Sequence[str]) -> str:
    name, _blank, rest = sentence.partition(" ")
    return f"{name} of {', '.join(where)} {rest}"


def _article(kind: str) -> str:
    return kind if kind == FLAG else f"a {kind}"
