# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed prefix lists: versions that are compared and swapped, changes that take their time, a size that is refused.

Until a change is complete, its list shows the old version and the old entries, as in the example of the AWS CLI's
``modify-managed-prefix-list``. Source: EC2 API model and error codes; VPC user guide, "Work with customer-managed
prefix lists" and "Amazon VPC quotas"; texts as reports about Terraform's provider have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..answers import Answer, ApiError, LabUnsupported, ec2_result, element
from ..backing import ManagedPrefixList
from ..cloud import Cloud
from ..request import Call
from .blocks import canonical
from .filters import matching
from .paging import page

#: Of one call; of one list. Sources: EC2 API model; VPC quotas.
_CHANGES, _LARGEST = 100, 1000
_FAMILIES = {"IPv4": 4, "IPv6": 6}


def create(cloud: Cloud, call: Call) -> Answer:
    """CreateManagedPrefixList: its first version has its entries."""
    family, maximum = call.required("AddressFamily"), _size(call.required("MaxEntries"))
    if family not in _FAMILIES:
        raise ApiError("InvalidParameterValue", f"Value ({family}) for parameter addressFamily is invalid.")
    entries = list(_added(call, "Entry", family))
    _check_size(len(entries), maximum)
    tags = {
        tag["Key"]: tag.get("Value", "")
        for specification in range(1, 3)
        for tag in call.structures(f"TagSpecification.{specification}.Tag")
    }
    ec2 = cloud.backing.ec2(call.by.account_id, call.region)
    made: Any = ManagedPrefixList(ec2, call.region, family, entries, None, call.required("PrefixListName"), tags)
    made.max_entries, made.entries = maximum, {1: entries}
    ec2.managed_prefix_lists[made.id] = made
    _pass(cloud, made, "create", lambda: None)
    return _answer(call, made)


def modify(cloud: Cloud, call: Call) -> Answer:
    """ModifyManagedPrefixList: refused where somebody else has changed the list since it was read."""
    found = find(cloud, call)
    if found.owner_id == "AWS":
        raise LabUnsupported("changes of lists that AWS has")
    adds, removes = list(_added(call, "AddEntry", found.address_family)), _removed(call, found.address_family)
    size = call.get("MaxEntries")
    if size and (adds or removes):
        raise ApiError(
            "InvalidParameterCombination",
            "You cannot modify the entries and the maximum entries for the prefix list in the same request.",
        )
    if found.state.endswith("-in-progress"):
        raise ApiError(
            "IncorrectState",
            f"The request cannot be completed: the prefix list ({found.id}) is in the current state ({found.state}).",
        )
    version = call.get("CurrentVersion")
    if version is not None and version != str(found.version):
        raise ApiError("PrefixListVersionMismatch", "The prefix list has the incorrect version number.")
    found.prefix_list_name = call.get("PrefixListName") or found.prefix_list_name
    if size:
        _resize(cloud, found, _size(size))
    elif adds or removes:
        changed = _changed(found, adds, removes)

        def swap() -> None:
            found.version += 1
            found.entries[found.version] = changed

        _pass(cloud, found, "modify", swap)
    return _answer(call, found)


def delete(cloud: Cloud, call: Call) -> Answer:
    """DeleteManagedPrefixList. AWS refuses it while a resource refers to the list; how, no source says."""
    found = find(cloud, call)
    if list(_referring(cloud, found)):
        raise LabUnsupported("deletion of a list that a route table refers to")
    found.ec2_backend.managed_prefix_lists.pop(found.id)
    found.state = "delete-in-progress"
    return _answer(call, found)


def describe(cloud: Cloud, call: Call) -> Answer:
    """DescribeManagedPrefixLists."""
    known = cloud.backing.ec2(call.by.account_id, call.region).managed_prefix_lists
    wanted = call.members("PrefixListId")
    missing = [list_id for list_id in wanted if list_id not in known]
    if missing:
        raise _not_found(missing[0])
    chosen = [known[list_id] for list_id in wanted] if wanted else list(known.values())
    found, token = page(call, matching(chosen, call.filters(), _FACTS), 1, 100)
    items = "".join(f"<item>{_render(one)}</item>" for one in found)
    return ec2_result(call.action, f"<prefixListSet>{items}</prefixListSet>{element('nextToken', token)}")


def get_entries(cloud: Cloud, call: Call) -> Answer:
    """GetManagedPrefixListEntries, 100 of them at a time."""
    found = find(cloud, call)
    version = call.get("TargetVersion")
    chosen = found.entries.get(int(version)) if version else entries_of(found)
    if chosen is None:
        raise LabUnsupported("versions of a list that there are not")
    shown, token = page(call, chosen, 1, 100, usual=100)
    items = "".join(
        f"<item>{element('cidr', one['Cidr'])}{element('description', one.get('Description'))}</item>" for one in shown
    )
    return ec2_result(call.action, f"<entrySet>{items}</entrySet>{element('nextToken', token)}")


def find(cloud: Cloud, call: Call, parameter: str = "PrefixListId") -> Any:
    """The list that a call names, whoever owns it (the judge has decided whether the caller may)."""
    list_id = call.required(parameter)
    found = cloud.backing.resource(call.region, "managed_prefix_lists", list_id)
    if found is None:
        raise _not_found(list_id)
    return found


def entries_of(found: Any) -> list[dict[str, str]]:
    """The entries of the current version; of one of AWS's own, which shows no version, the only ones there are."""
    entries: list[dict[str, str]] = found.entries.get(found.version or 1) or []
    return entries


def weight(found: Any) -> int:
    """For how many routes of a table it counts: its maximum, however few entries it has (VPC quotas)."""
    return int(found.max_entries or 1)


def _not_found(list_id: str) -> ApiError:
    return ApiError("InvalidPrefixListID.NotFound", f"The prefix list ID '{list_id}' does not exist.")


def _size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST:
        raise ApiError("InvalidParameterValue", f"Must specify a max size between 1 and {_LARGEST}.")
    return int(text)


def _check_size(count: int, size: int) -> None:
    """The code is one that a client retries; the text is inferred."""
    if count > size:
        raise ApiError("PrefixListMaxEntriesExceeded", f"The prefix list would have {count} entries, of {size}.")


def _added(call: Call, name: str, family: str) -> Iterator[dict[str, str]]:
    given = call.structures(name)
    _check_changes(given)
    for one in given:
        yield {**one, "Cidr": str(canonical(one["Cidr"], _FAMILIES[family]))}


def _removed(call: Call, family: str) -> list[str]:
    given = call.structures("RemoveEntry")
    _check_changes(given)
    return [str(canonical(one["Cidr"], _FAMILIES[family])) for one in given]


def _check_changes(given: list[dict[str, str]]) -> None:
    if len(given) > _CHANGES:
        raise ApiError("InvalidParameterValue", f"The number of entries per request cannot exceeds limit ({_CHANGES}).")


def _changed(found: Any, adds: list[dict[str, str]], removes: list[str]) -> list[dict[str, str]]:
    """The entries of the next version. The code for an entry that is not there is inferred."""
    old = {one["Cidr"]: one for one in entries_of(found)}
    for cidr in removes:
        if old.pop(cidr, None) is None:
            raise ApiError("InvalidPrefixListModification", f"An entry with the CIDR ({cidr}) does not exist.")
    for one in adds:
        there = old.get(one["Cidr"])
        if there is not None and there.get("Description") != one.get("Description"):
            raise LabUnsupported("another description of an entry that is there")
        if there is not None:
            about = f"the CIDR ({one['Cidr']}) and description ({one.get('Description')})"
            raise ApiError("InvalidPrefixListModification", f"An entry with {about} already exists.")
        old[one["Cidr"]] = one
    _check_size(len(old), found.max_entries)
    return list(old.values())


def _resize(cloud: Cloud, found: Any, size: int) -> None:
    """A new maximum: fails, and says so in the list's state, where a table that refers to it has no room."""
    _check_size(len(entries_of(found)), size)
    limit = cloud.settings.strict.routes_per_table
    full = [
        table.id
        for table in _referring(cloud, found)
        if size - weight(found) + counted(table, found.address_family == "IPv6") > limit
    ]

    def swap() -> None:
        if full:
            found.state, found.state_message = "modify-failed", f"No room for it in {', '.join(full[:10])}"
        else:
            found.max_entries = size

    _pass(cloud, found, "modify", swap)


def counted(table: Any, ipv6: bool) -> int:
    """For how many routes of one family the static ones of a table count."""
    return sum(
        weight(route.destination_prefix_list) if route.destination_prefix_list else 1
        for route in table.routes
        if route.origin == "CreateRoute" and _ipv6(route) == ipv6
    )


def _ipv6(route: Any) -> bool:
    listed = route.destination_prefix_list
    return bool(listed.address_family == "IPv6" if listed else route.destination_ipv6_cidr_block)


def _referring(cloud: Cloud, found: Any) -> Iterator[Any]:
    for _region, ec2 in cloud.backing.all_ec2():
        for table in ec2.route_tables.values():
            if any(route.destination_prefix_list is found for route in table.routes):
                yield table


def _pass(cloud: Cloud, found: Any, verb: str, then: Callable[[], None]) -> None:
    found.state, found.state_message = f"{verb}-in-progress", None

    def done() -> None:
        found.state = f"{verb}-complete"
        then()

    cloud.life.later(cloud.settings.timing.prefix_list, done)


def _answer(call: Call, found: Any) -> Answer:
    return ec2_result(call.action, f"<prefixList>{_render(found)}</prefixList>")


def _render(found: Any) -> str:
    tags = "".join(
        f"<item>{element('key', one['key'])}{element('value', one['value'])}</item>" for one in found.get_tags()
    )
    return (
        element("prefixListId", found.id)
        + element("addressFamily", found.address_family)
        + element("state", found.state)
        + element("stateMessage", found.state_message)
        + element("prefixListArn", found.prefix_list_arn)
        + element("prefixListName", found.prefix_list_name)
        + element("maxEntries", found.max_entries)
        + element("version", found.version)
        + f"<tagSet>{tags}</tagSet>"
        + element("ownerId", found.owner_id)
    )


_FACTS: dict[str, Callable[[Any], Iterable[str]]] = {
    "owner-id": lambda one: [one.owner_id],
    "prefix-list-id": lambda one: [one.id],
    "prefix-list-name": lambda one: [one.prefix_list_name],
}

HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateManagedPrefixList": create,
    "ModifyManagedPrefixList": modify,
    "DeleteManagedPrefixList": delete,
    "DescribeManagedPrefixLists": describe,
    "GetManagedPrefixListEntries": get_entries,
}
