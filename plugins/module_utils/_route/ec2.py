# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every EC2 call that the collection makes: answers as frozen dataclasses, one method per API action.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .._aws.api import Api, send, strange
from .._aws.errors import AwsError
from .._base import net
from .facts import Instance, Interface, Subnet
from .plan import ACTIVE, CREATE, DELETE, REPLACE, Action, Route, Table

PAGE = 100  # the most that one answer of DescribeRouteTables holds
INSTANCES_PAGE = 1000  # and of DescribeInstances
SUBNETS_PAGE = 1000  # and of DescribeSubnets; an account with raised quotas refuses a call that names no number
FILTER_VALUES = 200  # the most values that one filter takes

_OPERATION = {CREATE: "CreateRoute", REPLACE: "ReplaceRoute", DELETE: "DeleteRoute"}
_DESTINATION = {4: "DestinationCidrBlock", 6: "DestinationIpv6CidrBlock", 0: "DestinationPrefixListId"}
_NO_TARGET = frozenset({*_DESTINATION.values(), "InstanceOwnerId", "Origin", "State"})
_TARGET_KEYS = (
    "NetworkInterfaceId",
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "IpAddress",
)
_Thing = TypeVar("_Thing", Instance, Interface)


class Ec2:
    """EC2 as one caller sees it. Methods raise AwsError."""

    def __init__(self, aws: Api) -> None:
        self.aws = aws

    def tables(
        self, route_table_ids: Sequence[str] = (), vpc_id: str | None = None, *, missing_ok: bool = False
    ) -> list[Table]:
        """The named tables in the order given, or all tables of a VPC by id. A missing one is an AwsError.

        Asked by filter, not by RouteTableIds: only so AWS pages the answer, and all missing tables are told at once.
        """
        if vpc_id:
            found = self._tables("vpc-id", [vpc_id])
            if not found:
                raise AwsError(
                    "InvalidVpcID.NotFound", f"VPC {vpc_id} does not exist in {self.aws.region}: check vpc_id."
                )
            return [found[key] for key in sorted(found)]
        found = {}
        for values in _filters(route_table_ids):
            found.update(self._tables("route-table-id", values))
        missing = [rtb for rtb in route_table_ids if rtb not in found]
        if missing and not missing_ok:
            raise AwsError(
                "InvalidRouteTableID.NotFound",
                f"Route table {', '.join(missing)} does not exist in {self.aws.region}: correct route_table_ids.",
                "DescribeRouteTables",
            )
        return [found[rtb] for rtb in dict.fromkeys(route_table_ids) if rtb in found]

    def tables_of(self, vpc_ids: Sequence[str]) -> list[Table]:
        """All tables of several VPCs, by id; none of a VPC that does not exist."""
        found: dict[str, Table] = {}
        for values in _filters(vpc_ids):
            found.update(self._tables("vpc-id", values))
        return [found[key] for key in sorted(found)]

    def _tables(self, name: str, values: Sequence[str]) -> dict[str, Table]:
        pages = self.aws.pages(
            "ec2", "DescribeRouteTables", Filters=[{"Name": name, "Values": list(values)}], MaxResults=PAGE
        )
        return {raw["RouteTableId"]: _table(raw) for page in pages for raw in page["RouteTables"]}

    def instances(self, instance_ids: Sequence[str]) -> list[Instance]:
        """The instances, in the order given, with all their interfaces."""
        answer = self.aws.call("ec2", "DescribeInstances", InstanceIds=list(instance_ids))
        found = {
            raw["InstanceId"]: _instance(raw)
            for reservation in answer["Reservations"]
            for raw in reservation["Instances"]
        }
        return _all_of(found, instance_ids, "DescribeInstances")

    def instances_of_many(self, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """The instances by id, without those that do not exist.

        By filter and page: only so they come out of the large bucket, and one that is gone hides no other.
        """
        pages = (
            page
            for values in _filters(instance_ids)
            for page in self.aws.pages(
                "ec2",
                "DescribeInstances",
                Filters=[{"Name": "instance-id", "Values": list(values)}],
                MaxResults=INSTANCES_PAGE,
            )
        )
        raws = (raw for page in pages for reservation in page["Reservations"] for raw in reservation["Instances"])
        return {raw["InstanceId"]: _instance(raw) for raw in raws}

    def interfaces(self, network_interface_ids: Sequence[str]) -> list[Interface]:
        """The interfaces, in the order given."""
        answer = self.aws.call("ec2", "DescribeNetworkInterfaces", NetworkInterfaceIds=list(network_interface_ids))
        found = {raw["NetworkInterfaceId"]: _interface(raw) for raw in answer["NetworkInterfaces"]}
        return _all_of(found, network_interface_ids, "DescribeNetworkInterfaces")

    def subnets(self, *vpc_ids: str) -> list[Subnet]:
        """The subnets of a VPC, or of several, by id."""
        pages = (
            page
            for values in _filters(vpc_ids)
            for page in self.aws.pages(
                "ec2",
                "DescribeSubnets",
                Filters=[{"Name": "vpc-id", "Values": list(values)}],
                MaxResults=SUBNETS_PAGE,
            )
        )
        found = [
            Subnet(
                raw["SubnetId"],
                raw.get("CidrBlock", ""),
                raw.get("AvailabilityZone", ""),
                raw.get("AvailabilityZoneId", ""),
                raw.get("VpcId", ""),
            )
            for page in pages
            for raw in page["Subnets"]
        ]
        return sorted(found, key=lambda s: s.subnet_id)

    def write(self, action: Action, *, dry_run: bool = False) -> None:
        """Make, replace or delete one route: exactly one call; with ``dry_run``, see `send`."""
        target = {"NetworkInterfaceId": action.network_interface_id}
        write(self.aws, action.kind, action.key, target, dry_run=dry_run)

    def set_source_dest_check(self, network_interface_id: str, enabled: bool) -> None:
        """Switch the check of one interface: the only form that also works where an instance has several."""
        self.aws.call(
            "ec2",
            "ModifyNetworkInterfaceAttribute",
            NetworkInterfaceId=network_interface_id,
            SourceDestCheck={"Value": enabled},
        )


def write(
    aws: Api, kind: str, where: tuple[str, str], target: Mapping[str, str | None], *, dry_run: bool = False
) -> None:
    """Make, replace or delete one route of a VPC's table: ``where`` is table and destination, one call."""
    route_table_id, destination = where
    arguments: dict[str, Any] = {"RouteTableId": route_table_id, _DESTINATION[net.family(destination)]: destination}
    if kind != DELETE:
        arguments.update(target)
    send(aws, "ec2", _OPERATION[kind], dry_run=dry_run, **arguments)


def operation(kind: str) -> str:
    """The API action of a kind of action: each has a token bucket of its own."""
    return _OPERATION[kind]


def _filters(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """The values of as many filters as they need."""
    return (values[start : start + FILTER_VALUES] for start in range(0, len(values), FILTER_VALUES))


def _all_of(found: Mapping[str, _Thing], ids: Iterable[str], operation: str) -> list[_Thing]:
    """What was asked for, in that order: EC2 answers for every id, or with an error."""
    missing = [i for i in ids if i not in found]
    if missing:
        raise strange(operation, f"the answer lacks {', '.join(missing)}, and says no error")
    return [found[i] for i in dict.fromkeys(ids)]


def _table(raw: Mapping[str, Any]) -> Table:
    associations = raw.get("Associations", ())
    return Table(
        route_table_id=raw["RouteTableId"],
        vpc_id=raw["VpcId"],
        owner_id=raw.get("OwnerId", ""),
        main=any(a.get("Main") for a in associations),
        subnet_ids=tuple(sorted(a["SubnetId"] for a in associations if a.get("SubnetId"))),
        edge=any(a.get("GatewayId") for a in associations),
        routes=tuple(_routes(raw.get("Routes", ()))),
    )


def _routes(raws: Iterable[Mapping[str, Any]]) -> Iterable[Route]:
    for raw in raws:
        destination = next((raw[key] for key in _DESTINATION.values() if raw.get(key)), None)
        if destination is None:  # a kind of destination that came after this was written: never an overlay route
            continue
        yield Route(
            destination=destination,
            target=_where(raw),
            state=raw.get("State", ACTIVE),
            origin=raw.get("Origin", ""),
            network_interface_id=raw.get("NetworkInterfaceId"),
            instance_id=raw.get("InstanceId"),
        )


def _where(raw: Mapping[str, Any]) -> str:
    """The id of what a route points at, also of a kind of target that came after this was written."""
    keys = [*_TARGET_KEYS, *(key for key in sorted(raw) if key not in _NO_TARGET)]
    return next((raw[key] for key in keys if raw.get(key) and isinstance(raw[key], str)), "")


def _instance(raw: Mapping[str, Any]) -> Instance:
    instance_id = raw["InstanceId"]
    attached = (i for i in raw.get("NetworkInterfaces", ()) if i.get("Attachment"))
    interfaces = [_interface(i, instance_id) for i in attached]
    return Instance(
        instance_id=instance_id,
        state=raw["State"]["Name"],
        vpc_id=raw.get("VpcId", ""),
        interfaces=tuple(sorted(interfaces, key=lambda i: i.device_index or 0)),
        profile_arn=raw.get("IamInstanceProfile", {}).get("Arn"),
        instance_type=raw.get("InstanceType", ""),
    )


def _interface(raw: Mapping[str, Any], instance_id: str | None = None) -> Interface:
    """An interface; the answer of DescribeInstances leaves out of the attachment whose it is."""
    attachment = raw.get("Attachment", {})
    return Interface(
        network_interface_id=raw["NetworkInterfaceId"],
        vpc_id=raw.get("VpcId", ""),
        subnet_id=raw.get("SubnetId", ""),
        source_dest_check=bool(raw.get("SourceDestCheck", True)),
        status=raw.get("Status", ""),
        private_ip=raw.get("PrivateIpAddress"),
        instance_id=instance_id or attachment.get("InstanceId"),
        device_index=attachment.get("DeviceIndex"),
        owner_id=raw.get("OwnerId", ""),
    )
