# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call on transit gateways: answers as frozen dataclasses, one method per API action.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from .._aws.api import Api, send
from .._aws.errors import AwsError
from .._base import net
from .._route.plan import ACTIVE, BLACKHOLE, CREATE, DELETE, REPLACE
from .plan import LISTED, TransitAction, TransitRoute, TransitTable, Want

FILTER_VALUES = 200  # the most values that one filter takes
GONE = frozenset({"deleting", "deleted", "failed", "rejected", "rejecting"})
"""States of an attachment, and of a route, that is there no more."""

_REFERENCING = "SecurityGroupReferencingSupport"
MISSING = "InvalidRouteTableID.NotFound"

_OPERATION = {
    CREATE: "CreateTransitGatewayRoute",
    REPLACE: "ReplaceTransitGatewayRoute",
    DELETE: "DeleteTransitGatewayRoute",
}
_OF_LISTS = {
    CREATE: "CreateTransitGatewayPrefixListReference",
    REPLACE: "ModifyTransitGatewayPrefixListReference",
    DELETE: "DeleteTransitGatewayPrefixListReference",
}


class TransitGateways:
    """Transit gateways as one caller sees them. Methods raise AwsError.

    With ``missing_ok``, a route table that does not exist any more reads as one without routes: nothing is left to
    remove there. ``gone`` are those that were met.
    """

    called = "transit_gateway_attachment_id"

    def __init__(self, aws: Api, missing_ok: bool = False) -> None:
        self.aws = aws
        self.missing_ok = missing_ok
        self.gone: list[str] = []

    def tables(self, route_table_ids: Sequence[str], destinations: Sequence[str]) -> list[TransitTable]:
        """What the tables do with these destinations; a call for each, since a search is in one table.

        Another one for each where prefix lists are among them: a search shows the list's entries, each a route.
        """
        lists = [one for one in destinations if is_list(one)]
        prefixes = [one for one in destinations if not is_list(one)]
        found = []
        for one in route_table_ids:
            try:
                routes = dict(self.table(one, prefixes).routes) if prefixes else {}
                routes.update(self.references(one, lists) if lists else {})
            except AwsError as err:
                if not (self.missing_ok and err.code == MISSING):
                    raise
                routes = {}
                self.gone += [one] if one not in self.gone else []
            found.append(TransitTable(one, routes))
        return found

    def references(self, route_table_id: str, prefix_list_ids: Sequence[str]) -> dict[str, TransitRoute]:
        """The references to these prefix lists in one table, by list."""
        pages = self.aws.pages(
            "ec2",
            "GetTransitGatewayPrefixListReferences",
            TransitGatewayRouteTableId=route_table_id,
            Filters=[{"Name": "prefix-list-id", "Values": list(prefix_list_ids)}],
        )
        found = (_reference(raw) for page in pages for raw in page["TransitGatewayPrefixListReferences"])
        return {reference.destination: reference for reference in found if reference.state not in GONE}

    def table(self, route_table_id: str, destinations: Sequence[str]) -> TransitTable:
        """What the table does with these very destinations: for each, the route in effect."""
        routes: dict[str, TransitRoute] = {}
        for start in range(0, len(destinations), FILTER_VALUES):
            values = list(destinations[start : start + FILTER_VALUES])
            routes.update(self.search(route_table_id, "route-search.exact-match", values).routes)
        return TransitTable(route_table_id, routes)

    def search(self, route_table_id: str, name: str, values: Sequence[str]) -> TransitTable:
        """The routes that a filter finds, at most a thousand, which is all that one answer holds."""
        answer = self.aws.call(
            "ec2",
            "SearchTransitGatewayRoutes",
            TransitGatewayRouteTableId=route_table_id,
            Filters=[{"Name": name, "Values": list(values)}],
        )
        found = (_route(raw) for raw in answer.get("Routes", ()) if raw.get("DestinationCidrBlock"))
        return TransitTable(route_table_id, {route.destination: route for route in found if route.state not in GONE})

    def longest(self, route_table_id: str, wanted: str) -> TransitRoute | None:
        """The route that a packet takes in a table: that of the longest prefix that holds where it goes."""
        found = self.search(route_table_id, "route-search.longest-prefix-match", [wanted]).routes.values()
        holding = [one for one in found if net.family(one.destination) == net.family(wanted)]
        holding = [one for one in holding if net.within(wanted, one.destination)]
        return max(holding, key=lambda one: ipaddress.ip_network(one.destination).prefixlen, default=None)

    def inner(self, route_table_id: str, wanted: str) -> list[TransitRoute]:
        """The routes of a table for parts of a network."""
        found = self.search(route_table_id, "route-search.subnet-of-match", [wanted]).routes.values()
        return [one for one in found if one.destination != wanted and net.covers(wanted, one.destination)]

    def leading(self, route_table_id: str, transit_gateway_attachment_id: str) -> list[TransitRoute]:
        """The routes of a table that lead to an attachment."""
        name = "attachment.transit-gateway-attachment-id"
        return list(self.search(route_table_id, name, [transit_gateway_attachment_id]).routes.values())

    def tables_of(self, transit_gateway_id: str) -> list[str]:
        """The ids of a gateway's route tables."""
        wanted = [{"Name": "transit-gateway-id", "Values": [transit_gateway_id]}]
        pages = self.aws.pages("ec2", "DescribeTransitGatewayRouteTables", Filters=wanted)
        raws = [raw for page in pages for raw in page["TransitGatewayRouteTables"]]
        return sorted(raw["TransitGatewayRouteTableId"] for raw in raws if raw.get("State") not in GONE)

    def referencing(self, transit_gateway_id: str) -> bool | None:
        """Whether a rule of one attached VPC may name a security group of another; None: an SDK that knows no such."""
        answer = self.aws.call("ec2", "DescribeTransitGateways", TransitGatewayIds=[transit_gateway_id])
        options = [raw.get("Options", {}) for raw in answer["TransitGateways"]]
        said = next((one[_REFERENCING] for one in options if _REFERENCING in one), None)
        return None if said is None else said == "enable"

    def attachment_of(self, vpc_id: str, route_table_ids: Sequence[str]) -> str | None:
        """The attachment of a VPC to the transit gateway of these tables, or None.

        One call where the VPC has one attachment; another that tells the tables' gateway where it has several.
        """
        found = [raw for raw in self.vpc_attachments(vpc_id) if raw["State"] not in GONE]
        if len(found) > 1:
            answer = self.aws.call(
                "ec2", "DescribeTransitGatewayRouteTables", TransitGatewayRouteTableIds=list(route_table_ids)
            )
            gateways = {raw["TransitGatewayId"] for raw in answer["TransitGatewayRouteTables"]}
            found = [raw for raw in found if raw["TransitGatewayId"] in gateways]
        if len(found) > 1:
            several = ", ".join(sorted(raw["TransitGatewayId"] for raw in found))
            raise AwsError(
                "SeveralAttachments",
                f"{vpc_id} is attached to the transit gateways {several},"
                " and the route tables belong to more than one of them: name those of one in a task of its own.",
            )
        return str(found[0]["TransitGatewayAttachmentId"]) if found else None

    def gateway_of(self, route_table_id: str) -> str:
        """The transit gateway of a transit gateway route table."""
        answer = self.aws.call("ec2", "DescribeTransitGatewayRouteTables", TransitGatewayRouteTableIds=[route_table_id])
        found = answer["TransitGatewayRouteTables"]
        if not found:  # as AWS says it of one that never was
            told = (
                f"{route_table_id} does not exist, or is another account's: correct it, or set the role that sees it."
            )
            raise AwsError(MISSING, told)
        return str(found[0]["TransitGatewayId"])

    def attached(self, transit_gateway_attachment_id: str) -> tuple[str, str]:
        """What is attached: its type and id."""
        found = self.attachments(transit_gateway_attachment_id)
        if not found:  # AWS shows a deleted one for hours
            told = (
                f"{transit_gateway_attachment_id} is deleted, or has been rejected: correct"
                " transit_gateway_attachment_id. Nothing was changed."
            )
            raise AwsError("InvalidTransitGatewayAttachmentID.NotFound", told)
        return found[0]["ResourceType"], found[0]["ResourceId"]

    def attachments(
        self, transit_gateway_attachment_id: str = "", resource_id: str | None = None
    ) -> list[Mapping[str, Any]]:
        """Attachments as AWS answers, with their owners and association: one, or those of a VPC or VPN."""
        if transit_gateway_attachment_id:
            return self._attachments(TransitGatewayAttachmentIds=[transit_gateway_attachment_id])
        return self._attachments(Filters=[{"Name": "resource-id", "Values": [resource_id]}])

    def all_of(self, transit_gateway_id: str) -> list[Mapping[str, Any]]:
        """All attachments of a transit gateway that the caller can see."""
        return self._attachments(Filters=[{"Name": "transit-gateway-id", "Values": [transit_gateway_id]}])

    def _attachments(self, **wanted: Any) -> list[Mapping[str, Any]]:
        pages = self.aws.pages("ec2", "DescribeTransitGatewayAttachments", **wanted)
        found = [raw for page in pages for raw in page["TransitGatewayAttachments"]]
        return [raw for raw in found if raw["State"] not in GONE]

    def vpc_attachments(self, vpc_id: str) -> list[Mapping[str, Any]]:
        """The attachments of a VPC, as AWS answers."""
        pages = self.aws.pages(
            "ec2", "DescribeTransitGatewayVpcAttachments", Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
        )
        return [raw for page in pages for raw in page["TransitGatewayVpcAttachments"]]

    def judge(self, want: Want) -> None:
        """A transit gateway's table takes any destination."""

    @staticmethod
    def operation(action: TransitAction) -> str:
        """The API action that carries it out: each has a token bucket of its own."""
        return (_OF_LISTS if is_list(action.destination) else _OPERATION)[action.kind]

    def foretold(self, want: Want) -> TransitRoute:
        """A route to the attachment as it will read: what is attached is asked where that is permitted."""
        kind, resource_id = "vpc", want.vpc_id or ""
        if want.target and not resource_id:
            try:
                kind, resource_id = self.attached(want.target)
            except AwsError as err:
                if not err.denied:
                    raise
                kind = ""
        return TransitRoute("", want.target, resource_type=kind, resource_id=resource_id)

    def write(self, action: TransitAction, *, dry_run: bool = False) -> None:
        """Make, replace or delete one route or reference: exactly one call; with ``dry_run``, see `send`."""
        what = "PrefixListId" if is_list(action.destination) else "DestinationCidrBlock"
        arguments: dict[str, Any] = {"TransitGatewayRouteTableId": action.route_table_id, what: action.destination}
        if action.kind != DELETE:
            arguments["TransitGatewayAttachmentId"] = action.target
        send(self.aws, "ec2", self.operation(action), dry_run=dry_run, **arguments)


def _route(raw: Mapping[str, Any]) -> TransitRoute:
    """A route; its attachments are several where they are equal ways (ECMP of VPNs, and of Connect)."""
    attachments: Sequence[Mapping[str, Any]] = raw.get("TransitGatewayAttachments") or ()
    attachment = attachments[0] if attachments else {}
    return TransitRoute(
        destination=str(ipaddress.ip_network(raw["DestinationCidrBlock"])),
        target=attachment.get("TransitGatewayAttachmentId"),
        kind=LISTED if raw.get("PrefixListId") else raw.get("Type", ""),
        state=raw.get("State", ""),
        resource_type=attachment.get("ResourceType", ""),
        resource_id=attachment.get("ResourceId", ""),
        more=tuple(one["TransitGatewayAttachmentId"] for one in attachments[1:]),
    )


def is_list(destination: str) -> bool:
    """Whether a destination is a managed prefix list."""
    return destination.startswith("pl-")


def _reference(raw: Mapping[str, Any]) -> TransitRoute:
    """A reference as a static route of the whole list; its states are available, pending, modifying and deleting."""
    attachment = raw.get("TransitGatewayAttachment") or {}
    state = BLACKHOLE if raw.get("Blackhole") else ACTIVE if raw["State"] == "available" else raw["State"]
    return TransitRoute(
        destination=raw["PrefixListId"],
        target=attachment.get("TransitGatewayAttachmentId"),
        state=state,
        resource_type=attachment.get("ResourceType", ""),
        resource_id=attachment.get("ResourceId", ""),
    )
