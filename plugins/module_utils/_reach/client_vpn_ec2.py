# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call on Client VPN endpoints: answers as frozen dataclasses, one method per API action.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._aws.api import Api, send
from .._route.plan import CREATE
from .client_vpn import ROUTE, RULE, Held, Item, Network, Seen

_OPERATIONS = {
    (CREATE, ROUTE): "CreateClientVpnRoute",
    (CREATE, RULE): "AuthorizeClientVpnIngress",
    ("delete", ROUTE): "DeleteClientVpnRoute",
    ("delete", RULE): "RevokeClientVpnIngress",
}


class ClientVpns:
    """Client VPN endpoints as one caller sees them. Methods raise AwsError."""

    def __init__(self, aws: Api) -> None:
        self.aws = aws

    def networks(self, endpoint_id: str) -> tuple[Network, ...]:
        """The target networks; an endpoint on a transit gateway has none with a subnet."""
        raws = self._pages("DescribeClientVpnTargetNetworks", "ClientVpnTargetNetworks", endpoint_id)
        return tuple(
            Network(
                raw["TargetNetworkId"],
                raw.get("VpcId", ""),
                raw.get("Status", {}).get("Code", ""),
                tuple(raw.get("SecurityGroups", ())),
            )
            for raw in raws
            if raw.get("TargetNetworkId")
        )

    def items(self, endpoint_id: str, destinations: Sequence[str] = ()) -> dict[Item, Held]:
        """Routes and authorisation rules, all or those of these very destinations: two calls."""
        chosen: dict[str, Any] = {}
        if destinations:
            chosen["Filters"] = [{"Name": "destination-cidr", "Values": list(destinations)}]
        raws = self._pages("DescribeClientVpnRoutes", "Routes", endpoint_id, **chosen)
        found = [_held(ROUTE, raw, raw.get("TargetSubnet", "")) for raw in raws]
        raws = self._pages("DescribeClientVpnAuthorizationRules", "AuthorizationRules", endpoint_id, **chosen)
        found += [_held(RULE, raw, "" if raw.get("AccessAll") else raw.get("GroupId", "")) for raw in raws]
        # Of what was deleted and made anew, both may be shown for a moment: the living one counts.
        return {held.item: held for held in sorted(found, key=lambda one: one.phase != "going")}

    def seen(self, endpoint_id: str, destinations: Sequence[str]) -> Seen:
        """What there is of these destinations: three calls."""
        return Seen(self.networks(endpoint_id), self.items(endpoint_id, destinations))

    @staticmethod
    def operation(kind: str, item: Item) -> str:
        """The API action that makes or removes an item."""
        return _OPERATIONS[kind, item.kind]

    def write(self, endpoint_id: str, kind: str, item: Item, description: str, *, dry_run: bool = False) -> None:
        """Make or remove one item: exactly one call; with ``dry_run``, see `send`."""
        arguments: dict[str, Any] = {"ClientVpnEndpointId": endpoint_id}
        if item.kind == ROUTE:
            arguments.update(DestinationCidrBlock=item.destination, TargetVpcSubnetId=item.by)
        else:
            everybody = "AuthorizeAllGroups" if kind == CREATE else "RevokeAllGroups"
            arguments.update(TargetNetworkCidr=item.destination)
            arguments.update({"AccessGroupId": item.by} if item.by else {everybody: True})
        if kind == CREATE:
            arguments["Description"] = description
        send(self.aws, "ec2", self.operation(kind, item), dry_run=dry_run, **arguments)

    def _pages(self, operation: str, name: str, endpoint_id: str, **wanted: Any) -> Iterator[Mapping[str, Any]]:
        for page in self.aws.pages("ec2", operation, ClientVpnEndpointId=endpoint_id, **wanted):
            yield from page[name]


def _held(kind: str, raw: Mapping[str, Any], by: str) -> Held:
    status = raw.get("Status", {})
    return Held(
        Item(kind, str(ipaddress.ip_network(raw["DestinationCidr"], strict=False)), by),
        status.get("Code", ""),
        raw.get("Description") or "",
        raw.get("Origin", ""),
        status.get("Message", ""),
    )
