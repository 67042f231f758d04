# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed prefix lists as the destinations of routes: what is in them, and which ones to look at.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._aws.api import Api
from .._aws.errors import AwsError
from .._base import net
from .._base.finding import Finding
from .facts import PrefixList
from .findings import unseen
from .plan import Table

PAGE = 100  # the most that one answer holds


def around(tables: Iterable[Table], destinations: Iterable[str]) -> list[str]:
    """The lists that matter to some destinations: they themselves, and those that the same tables route.

    Not those of gateway endpoints, which are in most tables: they have AWS's own addresses, and count for one route.
    """
    routed = {name for table in tables for name, target in table.lists if not target.startswith("vpce-")}
    return sorted(routed | {d for d in destinations if net.is_list(d)})


def read(aws: Api, wanted: Sequence[str]) -> dict[str, PrefixList]:
    """The lists by id, with what is in them; without those that do not exist, or are not shared with the caller.

    Raises:
        AwsError: not allowed, or no answer.
    """
    if not wanted:
        return {}
    pages = aws.pages(
        "ec2",
        "DescribeManagedPrefixLists",
        Filters=[{"Name": "prefix-list-id", "Values": list(wanted)}],
        MaxResults=PAGE,
    )
    return {raw["PrefixListId"]: of(raw, entries(aws, raw)) for page in pages for raw in page["PrefixLists"]}


def entries(aws: Api, raw: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is in a list, in the version that was described: so that both are of one moment."""
    version = {"TargetVersion": raw["Version"]} if raw.get("Version") else {}
    pages = aws.pages(
        "ec2", "GetManagedPrefixListEntries", PrefixListId=raw["PrefixListId"], MaxResults=PAGE, **version
    )
    return tuple((one["Cidr"], one.get("Description") or "") for page in pages for one in page["Entries"])


def looked_at(aws: Api, wanted: Sequence[str]) -> tuple[dict[str, PrefixList] | None, list[Finding]]:
    """As `read`, for warnings alone: who may not look at them still sees, and moves, what leads where."""
    try:
        return read(aws, wanted), []
    except AwsError as err:
        return None, [unseen("managed prefix lists", err)]


def of(raw: Mapping[str, Any], held: Sequence[tuple[str, str]]) -> PrefixList:
    """A list as EC2 describes it."""
    return PrefixList(
        prefix_list_id=raw["PrefixListId"],
        name=raw.get("PrefixListName", ""),
        family=6 if raw.get("AddressFamily") == "IPv6" else 4,
        max_entries=raw.get("MaxEntries"),
        version=raw.get("Version", 1),
        state=raw.get("State", ""),
        state_message=raw.get("StateMessage") or "",
        owner_id=raw.get("OwnerId", ""),
        entries=tuple(held),
    )
