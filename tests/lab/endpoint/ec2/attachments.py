# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attachments of transit gateways: default association and propagation, one subnet per zone, two accounts.

An attachment lives with the gateway's owner; the owner of its VPC sees the same object. moto's tables keep who is
associated and who propagates. Source: transit gateway guide, "VPC attachments" and "Route tables"; EC2 API model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..backing import TransitGatewayAttachment, TransitGatewayVpcAttachment, forward
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .filters import Facts, matching

#: Types that announce routes, most preferred first. Source: transit gateway guide, "Route evaluation order".
PREFERENCE = ("vpc", "direct-connect-gateway", "connect", "vpn")


def create_vpc_attachment(cloud: Cloud, call: Call) -> Answer:
    """CreateTransitGatewayVpcAttachment. The code for two subnets of one zone is inferred."""
    gateway = _gateway(cloud, call.region, call.required("TransitGatewayId"))
    vpc_id = call.required("VpcId")
    vpc = cloud.backing.resource(call.region, "vpcs", vpc_id)
    if vpc is None:
        raise identifiers.not_found("vpc", vpc_id)
    if any(a.resource_id == vpc_id for a in _of(gateway)):
        raise ApiError(
            "DuplicateTransitGatewayAttachment",
            f"{gateway.id} has non-deleted Transit Gateway Attachments with same VPC ID.",
        )
    subnet_ids = call.members("SubnetIds")
    _check_subnets(cloud, call.region, vpc_id, subnet_ids)
    options = {name.removeprefix("Options."): v for name, v in call.params.items() if name.startswith("Options.")}
    attachment = TransitGatewayVpcAttachment(gateway.ec2_backend, gateway, vpc_id, subnet_ids, options=options)
    attachment.resource_owner_id = vpc.ec2_backend.account_id
    for ec2 in (gateway.ec2_backend, vpc.ec2_backend):
        ec2.transit_gateway_attachments[attachment.id] = attachment
    _defaults(gateway, attachment)
    inner = _render_vpc(attachment)
    return ec2_result(call.action, f"<transitGatewayVpcAttachment>{inner}</transitGatewayVpcAttachment>")


def modify_vpc_attachment(cloud: Cloud, call: Call) -> Answer:
    """ModifyTransitGatewayVpcAttachment."""
    attachment = find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    removed = call.members("RemoveSubnetIds")
    wanted = [s for s in attachment.subnet_ids if s not in removed] + call.members("AddSubnetIds")
    _check_subnets(cloud, call.region, attachment.vpc_id, wanted)
    attachment.subnet_ids = wanted
    for name, value in call.params.items():
        if name.startswith("Options."):
            attachment.options[name.removeprefix("Options.")] = value
    inner = _render_vpc(attachment)
    return ec2_result(call.action, f"<transitGatewayVpcAttachment>{inner}</transitGatewayVpcAttachment>")


def delete_vpc_attachment(cloud: Cloud, call: Call) -> Answer:
    """DeleteTransitGatewayVpcAttachment: its static routes stay, as blackholes; what it announced is gone."""
    attachment = find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    for _region, ec2 in cloud.backing.all_ec2():
        ec2.transit_gateway_attachments.pop(attachment.id, None)
    attachment.state = "deleted"
    for table in _tables(attachment):
        table.route_table_associations.pop(attachment.id, None)
        table.route_table_propagation = [
            p for p in table.route_table_propagation if p.transitGatewayAttachmentId != attachment.id
        ]
    inner = _render_vpc(attachment)
    return ec2_result(call.action, f"<transitGatewayVpcAttachment>{inner}</transitGatewayVpcAttachment>")


def describe_attachments(cloud: Cloud, call: Call) -> Answer:
    """DescribeTransitGatewayAttachments."""
    items = "".join(f"<item>{_render(a)}</item>" for a in _selected(cloud, call, ""))
    return ec2_result(call.action, f"<transitGatewayAttachments>{items}</transitGatewayAttachments>")


def describe_vpc_attachments(cloud: Cloud, call: Call) -> Answer:
    """DescribeTransitGatewayVpcAttachments: those of VPCs alone."""
    items = "".join(f"<item>{_render_vpc(a)}</item>" for a in _selected(cloud, call, "vpc"))
    return ec2_result(call.action, f"<transitGatewayVpcAttachments>{items}</transitGatewayVpcAttachments>")


def associate(cloud: Cloud, call: Call) -> Answer:
    """AssociateTransitGatewayRouteTable: an attachment has one table."""
    table, attachment = table_of(cloud, call), find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    if _association(attachment) is not None:
        raise ApiError(
            "Resource.AlreadyAssociated",
            f"Transit Gateway Attachment {attachment.id} is already associated to a route table.",
        )
    table.ec2_backend.set_route_table_association(attachment.id, table.id)
    return ec2_result(call.action, _relation("association", attachment, table, "associating"))


def disassociate(cloud: Cloud, call: Call) -> Answer:
    """DisassociateTransitGatewayRouteTable."""
    table, attachment = table_of(cloud, call), find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    if table.route_table_associations.pop(attachment.id, None) is None:
        raise ApiError("InvalidAssociation.NotFound", f"{attachment.id} is not associated with {table.id}")
    return ec2_result(call.action, _relation("association", attachment, table, "disassociating"))


def enable_propagation(cloud: Cloud, call: Call) -> Answer:
    """EnableTransitGatewayRouteTablePropagation."""
    table, attachment = table_of(cloud, call), find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    if any(p.transitGatewayAttachmentId == attachment.id for p in table.route_table_propagation):
        raise ApiError(
            "TransitGatewayRouteTablePropagation.Duplicate", f"Propagation for {attachment.id} is already enabled"
        )
    table.ec2_backend.set_route_table_propagation(attachment.id, table.id)
    return ec2_result(call.action, _relation("propagation", attachment, table, "enabled"))


def disable_propagation(cloud: Cloud, call: Call) -> Answer:
    """DisableTransitGatewayRouteTablePropagation."""
    table, attachment = table_of(cloud, call), find(cloud, call.region, call.required("TransitGatewayAttachmentId"))
    table.ec2_backend.disable_route_table_propagation(attachment.id, table.id)
    return ec2_result(call.action, _relation("propagation", attachment, table, "disabled"))


def plant(cloud: Cloud, region: str, gateway_id: str, kind: str, resource_id: str, prefixes: list[str]) -> str:
    """Attach a VPN or a Direct Connect gateway that announces ``prefixes`` (the lab's own door); its id."""
    gateway = _gateway(cloud, region, gateway_id)
    attachment: Any = TransitGatewayAttachment(gateway.ec2_backend, resource_id, kind, gateway)
    attachment.lab_prefixes = tuple(prefixes)
    gateway.ec2_backend.transit_gateway_attachments[attachment.id] = attachment
    _defaults(gateway, attachment)
    return str(attachment.id)


def find(cloud: Cloud, region: str, attachment_id: str) -> Any:
    """The attachment, whoever owns it."""
    attachment = cloud.backing.resource(region, "transit_gateway_attachments", attachment_id)
    if attachment is None:
        raise _no_attachment(attachment_id)
    return attachment


def chosen(cloud: Cloud, call: Call, table: Any) -> Any | None:
    """The attachment that a route of the table is to lead to; None for a blackhole."""
    attachment_id, blackhole = call.get("TransitGatewayAttachmentId"), call.flag("Blackhole")
    if (attachment_id is None) != blackhole:
        raise ApiError(
            "InvalidParameterCombination", "A route has either a transitGatewayAttachmentId or is a blackhole"
        )
    if attachment_id is None:
        return None
    attachment = find(cloud, call.region, attachment_id)
    if attachment.transit_gateway_id != table.transit_gateway_id:  # the code is inferred
        raise ApiError(
            "InvalidParameterValue", f"{attachment_id} is not attached to {table.transit_gateway_id}, {table.id}'s"
        )
    if attachment.state != "available":
        raise ApiError("IncorrectState", f"{attachment_id} is in invalid state")
    return attachment


def table_of(cloud: Cloud, call: Call) -> Any:
    """The transit gateway route table that the call names."""
    return _table(cloud, call, call.required("TransitGatewayRouteTableId"))


def _table(cloud: Cloud, call: Call, table_id: str) -> Any:
    table = cloud.backing.resource(call.region, "transit_gateways_route_tables", table_id)
    if table is None or table.state == "deleted":
        raise ApiError(
            "InvalidRouteTableID.NotFound", f"Transit Gateway Route Table {table_id} was deleted or does not exist."
        )
    return table


def describe_tables(cloud: Cloud, call: Call) -> Answer:
    """DescribeTransitGatewayRouteTables: moto's, and one that is not there is an error."""
    for table_id in call.members("TransitGatewayRouteTableIds"):
        _table(cloud, call, table_id)
    return forward(call, call.by.account_id)


def announced(cloud: Cloud, region: str, table: Any) -> Iterator[tuple[str, Any]]:
    """(prefix, attachment) of every route that is propagated to the table, the preferred attachment first."""
    attachments = [
        cloud.backing.resource(region, "transit_gateway_attachments", p.transitGatewayAttachmentId)
        for p in table.route_table_propagation
    ]
    for attachment in sorted(filter(None, attachments), key=_preference):
        for prefix in _prefixes(cloud, region, attachment):
            yield prefix, attachment


def _no_attachment(attachment_id: str) -> ApiError:
    return ApiError(
        "InvalidTransitGatewayAttachmentID.NotFound",
        f"Transit Gateway Attachment {attachment_id} was deleted or does not exist.",
    )


def _preference(attachment: Any) -> int:
    kind = attachment.resource_type
    return PREFERENCE.index(kind) if kind in PREFERENCE else len(PREFERENCE)


def _prefixes(cloud: Cloud, region: str, attachment: Any) -> list[str]:
    if attachment.resource_type != "vpc":
        return list(getattr(attachment, "lab_prefixes", ()))
    vpc: Any = cloud.backing.resource(region, "vpcs", attachment.resource_id)
    families = (False, True) if attachment.options.get("Ipv6Support") == "enable" else (False,)
    return [str(a["cidr_block"]) for ipv6 in families for a in vpc.get_cidr_block_association_set(ipv6=ipv6)]


def _gateway(cloud: Cloud, region: str, gateway_id: str) -> Any:
    gateway = cloud.backing.resource(region, "transit_gateways", gateway_id)
    if gateway is None:
        raise ApiError(
            "InvalidTransitGatewayID.NotFound", f"Transit Gateway {gateway_id} was deleted or does not exist."
        )
    return gateway


def _of(gateway: Any) -> list[Any]:
    known = gateway.ec2_backend.transit_gateway_attachments.values()
    return [a for a in known if a.transit_gateway_id == gateway.id]


def _defaults(gateway: Any, attachment: Any) -> None:
    ec2, table_id = gateway.ec2_backend, gateway.default_route_table.id
    if gateway.options.get("DefaultRouteTableAssociation") != "disable":
        ec2.set_route_table_association(attachment.id, table_id)
    if gateway.options.get("DefaultRouteTablePropagation") != "disable":
        ec2.set_route_table_propagation(attachment.id, table_id)


def _check_subnets(cloud: Cloud, region: str, vpc_id: str, subnet_ids: list[str]) -> None:
    if not subnet_ids:
        raise ApiError("MissingParameter", "The request must contain the parameter SubnetIds")
    zones: set[str] = set()
    for subnet_id in subnet_ids:
        subnet = cloud.backing.resource(region, "subnets", subnet_id)
        if subnet is None or subnet.vpc_id != vpc_id:
            raise identifiers.not_found("subnet", subnet_id)
        if subnet.availability_zone in zones:
            raise ApiError("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")
        zones.add(subnet.availability_zone)


def _tables(attachment: Any) -> list[Any]:
    return list(attachment.ec2_backend.transit_gateways_route_tables.values())


def _association(attachment: Any) -> str | None:
    return next((str(t.id) for t in _tables(attachment) if attachment.id in t.route_table_associations), None)


_FACTS: Facts[Any] = {
    "transit-gateway-attachment-id": lambda a: [a.id],
    "transit-gateway-id": lambda a: [a.transit_gateway_id],
    "resource-id": lambda a: [a.resource_id],
    "resource-type": lambda a: [a.resource_type],
    "state": lambda a: [a.state],
    "vpc-id": lambda a: [a.resource_id] if a.resource_type == "vpc" else [],
    "association.transit-gateway-route-table-id": lambda a: list(filter(None, [_association(a)])),
}


def _selected(cloud: Cloud, call: Call, kind: str) -> list[Any]:
    known = cloud.backing.ec2(call.by.account_id, call.region).transit_gateway_attachments
    wanted = call.members("TransitGatewayAttachmentIds")
    for attachment_id in wanted:
        if attachment_id not in known:
            raise _no_attachment(attachment_id)
    chosen = [a for a in known.values() if (not wanted or a.id in wanted) and kind in ("", a.resource_type)]
    return matching(chosen, call.filters(), _FACTS)


def _render(attachment: Any) -> str:
    table_id = _association(attachment)
    association = (
        ""
        if table_id is None
        else f"<association>{element('transitGatewayRouteTableId', table_id)}<state>associated</state></association>"
    )
    return (
        _head(attachment)
        + element("resourceOwnerId", attachment.resource_owner_id)
        + element("resourceType", attachment.resource_type)
        + element("resourceId", attachment.resource_id)
        + association
    )


def _render_vpc(attachment: Any) -> str:
    subnets = "".join(element("item", subnet_id) for subnet_id in attachment.subnet_ids)
    options = "".join(element(name[0].lower() + name[1:], value) for name, value in attachment.options.items())
    return (
        _head(attachment)
        + element("vpcId", attachment.vpc_id)
        + element("vpcOwnerId", attachment.resource_owner_id)
        + f"<subnetIds>{subnets}</subnetIds><options>{options}</options>"
    )


def _head(attachment: Any) -> str:
    tags = "".join(
        f"<item>{element('key', t['key'])}{element('value', t['value'])}</item>" for t in attachment.get_tags()
    )
    return (
        element("transitGatewayAttachmentId", attachment.id)
        + element("transitGatewayId", attachment.transit_gateway_id)
        + element("transitGatewayOwnerId", attachment.ec2_backend.account_id)
        + element("state", attachment.state)
        + element("creationTime", attachment.create_time)
        + f"<tagSet>{tags}</tagSet>"
    )


def _relation(name: str, attachment: Any, table: Any, state: str) -> str:
    return (
        f"<{name}>"
        + element("transitGatewayAttachmentId", attachment.id)
        + element("transitGatewayRouteTableId", table.id)
        + element("resourceId", attachment.resource_id)
        + element("resourceType", attachment.resource_type)
        + element("state", state)
        + f"</{name}>"
    )


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateTransitGatewayVpcAttachment": create_vpc_attachment,
    "ModifyTransitGatewayVpcAttachment": modify_vpc_attachment,
    "DeleteTransitGatewayVpcAttachment": delete_vpc_attachment,
    "DescribeTransitGatewayAttachments": describe_attachments,
    "DescribeTransitGatewayVpcAttachments": describe_vpc_attachments,
    "DescribeTransitGatewayRouteTables": describe_tables,
    "AssociateTransitGatewayRouteTable": associate,
    "DisassociateTransitGatewayRouteTable": disassociate,
    "EnableTransitGatewayRouteTablePropagation": enable_propagation,
    "DisableTransitGatewayRouteTablePropagation": disable_propagation,
}
