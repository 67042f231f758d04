# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a managed prefix list must have so that it carries addresses, and why it cannot: in a sentence with the command.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._base import net
from .facts import PrefixList

ROOM = 20
"""Entries that a list is made for where nobody says: each route table that has it needs room for as many routes."""
_AWS = "AWS"
"""The owner of a list that AWS keeps."""
_LONG = 3
"""Of more addresses than these the first ones are named."""


def lacking(listed: PrefixList, addresses: Iterable[str]) -> list[str]:
    """The addresses that no entry has."""
    return [a for a in dict.fromkeys(addresses) if not any(net.covers(prefix, a) for prefix in listed.prefixes)]


def added_by(listed: PrefixList, description: str) -> list[str]:
    """The entries that were added with this description; nobody's without one."""
    return [prefix for prefix, of in listed.entries if description and of == description]


def unusable(listed: PrefixList | None, list_id: str, addresses: Sequence[str], region: str) -> Iterator[str]:
    """Why these addresses cannot be entries of it, a sentence each.

    Args:
        listed: the list; None where there is none.
        list_id: its id.
        addresses: what it shall have.
        region: where it is looked for.
    """
    family = net.family(addresses[0]) if addresses else 4
    if listed is None:
        yield f"{no_list(list_id)}: {command(region, family, max(ROOM, len(addresses)))}, and give its id."
        return
    wrong = [address for address in addresses if net.family(address) != listed.family]
    if wrong:
        yield (
            f"{list_id} is a list of IPv{listed.family}, and {net.bare(wrong[0])} is IPv{net.family(wrong[0])}: a list"
            " has one family; make another one for those addresses."
        )
        return
    more = lacking(listed, addresses)
    if more and listed.owner_id == _AWS:
        yield (
            f"{list_id} ({listed.name}) is AWS's own, to which nobody adds {net.bare(more[0])}:"
            f" {command(region, family, max(ROOM, len(addresses)))}, and give its id."
        )
    elif more and listed.max_entries is not None and len(listed.entries) + len(more) > listed.max_entries:
        needs = len(listed.entries) + len(more)
        yield (
            f"{list_id} has {len(listed.entries)} of at most {listed.max_entries} entries, and {named(more)}"
            f" {'is' if len(more) == 1 else 'are'} to be added: take entries out, or make it larger by `aws ec2"
            f" modify-managed-prefix-list --region {region} --prefix-list-id {list_id} --max-entries {needs}`, for"
            " which each route table that has it must have room."
        )


def no_list(list_id: str) -> str:
    """The beginning of a sentence."""
    return f"The managed prefix list {list_id} does not exist, or is not shared with this account"


def command(region: str, family: int, size: int) -> str:
    """How one is made, as the rest of a sentence."""
    where = f" --region {region}" if region else ""
    return (
        f"make one by `aws ec2 create-managed-prefix-list{where} --prefix-list-name overlay-ip --address-family"
        f" IPv{family} --max-entries {size}`"
    )


def named(addresses: Sequence[str]) -> str:
    """Some addresses, for people."""
    shown = [net.bare(one) for one in addresses[:_LONG]]
    return ", ".join([*shown, *([f"{len(addresses) - _LONG} more"] if len(addresses) > _LONG else [])])


def shown(listed: PrefixList | None) -> dict[str, Any] | None:
    """A list as the modules return it."""
    if listed is None:
        return None
    return {
        "prefix_list_id": listed.prefix_list_id,
        "name": listed.name,
        "address_family": f"IPv{listed.family}",
        "max_entries": listed.max_entries,
        "version": listed.version,
        "state": listed.state,
        "owner_id": listed.owner_id,
        "entries": [{"cidr": prefix, "description": description} for prefix, description in listed.entries],
    }


def of_shown(told: Mapping[str, Any]) -> PrefixList:
    """The reverse of `shown`."""
    return PrefixList(
        told["prefix_list_id"],
        told["name"],
        6 if told["address_family"] == "IPv6" else 4,
        told["max_entries"],
        told["version"],
        told["state"],
        owner_id=told["owner_id"],
        entries=tuple((one["cidr"], one["description"]) for one in told["entries"]),
    )
