# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read one answer of an inventory, and go on after a mistake, so that all of them are told at once.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from .._base import net
from .values import InventoryError, Variables, absent

T = TypeVar("T")
_IDS = {
    "pl": "a prefix list",
    "i": "an instance",
    "eni": "a network interface",
    "rtb": "a route table",
    "vpc": "a VPC",
    "subnet": "a subnet",
    "sg": "a security group",
    "cvpn-endpoint": "a Client VPN endpoint",
    "tgw-rtb": "a transit gateway route table",
    "tgw-attach": "a transit gateway attachment",
}


class Heard:
    """Mistakes that were made so far: what cannot be read is replaced, and reading goes on."""

    def __init__(self) -> None:
        self._sentences: list[str] = []

    def __call__(self, instead: Any, read: Callable[..., T], *args: Any) -> T:
        """What `read` returns, or `instead` where that is a mistake."""
        try:
            return read(*args)
        except InventoryError as err:
            self._sentences += err.sentences
            return cast(T, instead)

    def tell(self) -> None:
        """Raise InventoryError with all of them, if there are any."""
        if self._sentences:
            raise InventoryError(*dict.fromkeys(self._sentences))


def single(destination: str) -> bool:
    """Whether a destination is one address."""
    return destination.endswith("/128" if net.family(destination) == 6 else "/32")


def address(name: str, parse: Callable[[str], str], value: Any) -> str:
    """An address or prefix as `parse` understands it."""
    try:
        return parse(str(value))
    except net.AddressError as err:
        raise InventoryError(f"{name}: {err}") from err


def text(variables: Variables, name: str) -> str | None:
    """A text without blanks around it; None where it is not given."""
    raw = variables.get(name)
    return None if absent(raw) else str(raw).strip()


def listed(item: Variables, name: str, where: str) -> list[str]:
    """A list of texts, each once; a text with commas is one, too."""
    value = item.get(name)
    if value in (None, "", []):
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise InventoryError(f"{where}.{name} is {value!r}, not a list: write [a, b].")
    return list(dict.fromkeys(str(v) for v in value))


EVERYTHING = "everything would be sent into the VPC: name the overlay IPs, or one prefix around them"


def narrow(name: str, given: Sequence[str], with_it: str) -> Sequence[str]:
    """The networks of an entry; refuse a default route, by which more is sent than anybody means."""
    default = next((one for one in given if re.fullmatch(r"[0:.]+/0", one)), None)
    if default:
        raise InventoryError(f"{name} has {default}, the default route: with it {with_it}.")
    return given


def hold_all(name: str, chosen: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse destinations that do not hold all the overlay IPs that are wanted."""
    left = [d for d in wanted if not any(net.family(d) == net.family(c) and net.within(d, c) for c in chosen)]
    if left:
        raise InventoryError(
            f"{name} do not hold {', '.join(left)}: add it, or a prefix around it, or leave destinations out."
        )


def is_id(kind: str, value: str | None, name: str) -> None:
    """Refuse what cannot be the id of this kind (a key of `_IDS`)."""
    if value is not None and not re.fullmatch(kind + "-[0-9a-f]{8,17}", value):
        raise InventoryError(
            f"{name} is '{value}', not the id of {_IDS[kind]}: write one such as {kind}-0123456789abcdef0."
        )
