# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of transit gateway route tables to managed prefix lists, which moto does not know.

A reference routes every entry that its list has, also those that come later. Of equal prefixes, static routes are
preferred to it, and it to what attachments announce. Source: transit gateway guide, "Route evaluation order" and
"Prefix lists". The codes of a reference that exists already, or does not, are inferred.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..cloud import Cloud
from ..request import Call
from . import attachments, prefixes
from .filters import matching

Reference = dict[str, Any]


def create_reference(cloud: Cloud, call: Call) -> Answer:
    """CreateTransitGatewayPrefixListReference."""
    table = attachments.table_of(cloud, call)
    found = prefixes.find(cloud, call)
    if found.id in references(table):
        raise ApiError(
            "InvalidPrefixListReference.Duplicate", f"{found.id} is already referenced in Transit Gateway {table.id}"
        )
    return _put(cloud, call, table, found)


def modify_reference(cloud: Cloud, call: Call) -> Answer:
    """ModifyTransitGatewayPrefixListReference."""
    table = attachments.table_of(cloud, call)
    _existing(table, call)
    return _put(cloud, call, table, prefixes.find(cloud, call))


def delete_reference(cloud: Cloud, call: Call) -> Answer:
    """DeleteTransitGatewayPrefixListReference."""
    table = attachments.table_of(cloud, call)
    reference = _existing(table, call)
    del references(table)[call.required("PrefixListId")]
    return _answer(call, table, {**reference, "state": "deleting"})


def get_references(cloud: Cloud, call: Call) -> Answer:
    """GetTransitGatewayPrefixListReferences."""
    table = attachments.table_of(cloud, call)
    found = matching(list(references(table).values()), call.filters(), _FACTS)
    items = "".join(f"<item>{_render(table, one)}</item>" for one in found)
    inner = f"<transitGatewayPrefixListReferenceSet>{items}</transitGatewayPrefixListReferenceSet>"
    return ec2_result(call.action, inner)


def references(table: Any) -> dict[str, Reference]:
    """The references of a transit gateway route table, by list; kept with moto's table."""
    kept: dict[str, Reference] = vars(table).setdefault("prefix_list_references", {})
    return kept


def routed(table: Any) -> list[dict[str, Any]]:
    """The entries of all lists as routes of the table."""
    return [
        {
            "destinationCidrBlock": entry["Cidr"],
            "attachment": reference["attachment"],
            "type": "static",
            "state": "active" if reference["attachment"] is not None else "blackhole",
            "prefixListId": list_id,
        }
        for list_id, reference in references(table).items()
        for entry in prefixes.entries_of(reference["list"])
    ]


def _existing(table: Any, call: Call) -> Reference:
    list_id = call.required("PrefixListId")
    if list_id not in references(table):
        raise ApiError(
            "InvalidPrefixListReference.NotFound", f"{list_id} is not referenced in Transit Gateway {table.id}"
        )
    return references(table)[list_id]


def _put(cloud: Cloud, call: Call, table: Any, found: Any) -> Answer:
    attachment = attachments.chosen(cloud, call, table)
    references(table)[found.id] = {"list": found, "attachment": attachment, "state": "available"}
    return _answer(call, table, references(table)[found.id])


def _answer(call: Call, table: Any, reference: Reference) -> Answer:
    inner = f"<transitGatewayPrefixListReference>{_render(table, reference)}</transitGatewayPrefixListReference>"
    return ec2_result(call.action, inner)


def _blackhole(reference: Reference) -> bool:
    return reference["attachment"] is None or reference["attachment"].state != "available"


def _render(table: Any, reference: Reference) -> str:
    attachment, listed = reference["attachment"], reference["list"]
    inner = (
        ""
        if attachment is None
        else "<transitGatewayAttachment>"
        + element("transitGatewayAttachmentId", attachment.id)
        + element("resourceType", attachment.resource_type)
        + element("resourceId", attachment.resource_id)
        + "</transitGatewayAttachment>"
    )
    return (
        element("transitGatewayRouteTableId", table.id)
        + element("prefixListId", listed.id)
        + element("prefixListOwnerId", listed.owner_id)
        + element("state", reference["state"])
        + element("blackhole", _blackhole(reference))
        + inner
    )


_FACTS: dict[str, Callable[[Reference], list[str]]] = {
    "prefix-list-id": lambda one: [one["list"].id],
    "prefix-list-owner-id": lambda one: [one["list"].owner_id],
    "state": lambda one: [one["state"]],
    "is-blackhole": lambda one: ["true" if _blackhole(one) else "false"],
    "attachment.transit-gateway-attachment-id": lambda one: [one["attachment"].id] if one["attachment"] else [],
    "attachment.resource-id": lambda one: [one["attachment"].resource_id] if one["attachment"] else [],
}

HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateTransitGatewayPrefixListReference": create_reference,
    "ModifyTransitGatewayPrefixListReference": modify_reference,
    "DeleteTransitGatewayPrefixListReference": delete_reference,
    "GetTransitGatewayPrefixListReferences": get_references,
}
