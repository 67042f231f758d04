# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client VPN endpoints, which moto does not know: target networks, routes and authorisation rules.

Sources: EC2 API reference and error codes page; Client VPN administrator guide, "Routes" and "Authorization rules". How
many changes may be under way at a time is not documented: see ``client_vpn_changes``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .client_vpn_store import ASSOCIATION, ROUTE, RULE, Association, ClientVpn, Route, Rule, status
from .filters import matching

_numbers = itertools.count(1)


def create_endpoint(cloud: Cloud, call: Call) -> Answer:
    """CreateClientVpnEndpoint, as far as the lab needs it: client addresses, VPC and security groups."""
    call.required("ServerCertificateArn")
    cidr = ip_network(call.required("ClientCidrBlock"))
    if not 12 <= cidr.prefixlen <= 22:
        raise ApiError("InvalidParameterValue", f"The client CIDR {cidr} must have a size between /12 and /22")
    made = ClientVpn(
        f"cvpn-endpoint-{next(_numbers):017x}",
        call.by.account_id,
        str(cidr),
        call.get("VpcId"),
        tuple(call.members("SecurityGroupId")),
    )
    cloud.client_vpns[made.endpoint_id] = made
    inner = element("clientVpnEndpointId", made.endpoint_id) + status("pending-associate")
    return ec2_result(call.action, inner + element("dnsName", f"{made.endpoint_id}.clientvpn.{call.region}.test"))


def associate(cloud: Cloud, call: Call) -> Answer:
    """AssociateClientVpnTargetNetwork: one subnet of a zone, all of one VPC; a route to the VPC comes with it."""
    endpoint, now = _endpoint(cloud, call), cloud.clock.now()
    subnet_id = call.required("SubnetId")
    subnet: Any = cloud.backing.resource(call.region, "subnets", subnet_id)
    if subnet is None:
        raise identifiers.not_found("subnet", subnet_id)
    _judge_subnet(cloud, call, endpoint, subnet)
    if not endpoint.security_groups:
        endpoint.security_groups = tuple(
            group.id for group in subnet.ec2_backend.groups[subnet.vpc_id].values() if group.name == "default"
        )
    endpoint.vpc_id = subnet.vpc_id
    made = Association(now, f"cvpn-assoc-{next(_numbers):017x}", subnet_id, subnet.availability_zone, subnet.vpc_id)
    endpoint.associations.append(made)
    vpc: Any = cloud.backing.resource(call.region, "vpcs", subnet.vpc_id)
    endpoint.routes.append(Route(now, str(vpc.cidr_block), subnet_id, "associate", "Default Route"))
    return ec2_result(call.action, element("associationId", made.association_id) + status("associating"))


def disassociate(cloud: Cloud, call: Call) -> Answer:
    """DisassociateClientVpnTargetNetwork: its routes go with it."""
    endpoint, wanted = _endpoint(cloud, call), call.required("AssociationId")
    found = next((one for one in endpoint.associations if one.association_id == wanted and one.left is None), None)
    if found is None:
        raise ApiError("InvalidClientVpnAssociationIdNotFound", f"Association {wanted} does not exist")
    found.left = cloud.clock.now()
    endpoint.routes = [one for one in endpoint.routes if one.subnet_id != found.subnet_id]
    return ec2_result(call.action, element("associationId", wanted) + status("disassociating"))


def create_route(cloud: Cloud, call: Call) -> Answer:
    """CreateClientVpnRoute: by a subnet that is associated; one route for a destination and a subnet."""
    endpoint = _endpoint(cloud, call)
    block, subnet_id = _cidr(call, "DestinationCidrBlock"), call.required("TargetVpcSubnetId")
    if not endpoint.associations:
        raise ApiError(
            "InvalidClientVpnActiveAssociationNotFound", f"Endpoint {endpoint.endpoint_id} has no target network"
        )
    if all(one.subnet_id != subnet_id for one in endpoint.associations):
        raise ApiError(
            "InvalidClientVpnSubnetId.NotFound",
            f"Subnet {subnet_id} is not associated with {endpoint.endpoint_id}",
        )
    if any((one.destination, one.subnet_id) == (block, subnet_id) for one in endpoint.routes):
        raise ApiError("InvalidClientVpnDuplicateRoute", "Route already exists")
    _one_more(cloud, endpoint)
    endpoint.routes.append(Route(cloud.clock.now(), block, subnet_id, "add-route", call.get("Description")))
    return ec2_result(call.action, status("creating"))


def delete_route(cloud: Cloud, call: Call) -> Answer:
    """DeleteClientVpnRoute: not one that an association brought."""
    endpoint, block, subnet_id = (
        _endpoint(cloud, call),
        _cidr(call, "DestinationCidrBlock"),
        call.get("TargetVpcSubnetId"),
    )
    found = [
        one
        for one in endpoint.routes
        if one.destination == block and subnet_id in (None, one.subnet_id) and one.left is None
    ]
    if not found:
        raise ApiError("InvalidClientVpnRouteNotFound", f"No route to {block} exists")
    if any(one.origin == "associate" for one in found):  # the code is inferred
        raise ApiError("InvalidParameterValue", f"The route to {block} was added automatically and cannot be deleted")
    _one_more(cloud, endpoint)
    for one in found:
        one.left = cloud.clock.now()
    return ec2_result(call.action, status("deleting"))


def authorize(cloud: Cloud, call: Call) -> Answer:
    """AuthorizeClientVpnIngress: for all clients or for one group; once."""
    endpoint, (block, group_id) = _endpoint(cloud, call), _whom(call, "AuthorizeAllGroups")
    if any((one.destination, one.group_id) == (block, group_id) for one in endpoint.rules):
        raise ApiError("InvalidClientVpnDuplicateAuthorizationRule", f"Authorization rule for {block} already exists")
    _one_more(cloud, endpoint)
    endpoint.rules.append(Rule(cloud.clock.now(), block, group_id, call.get("Description")))
    return ec2_result(call.action, status("authorizing"))


def revoke(cloud: Cloud, call: Call) -> Answer:
    """RevokeClientVpnIngress."""
    endpoint, (block, group_id) = _endpoint(cloud, call), _whom(call, "RevokeAllGroups")
    mine = (one for one in endpoint.rules if (one.destination, one.group_id) == (block, group_id) and one.left is None)
    found = next(mine, None)
    if found is None:
        raise ApiError("InvalidClientVpnEndpointAuthorizationRuleNotFound", f"No authorization rule for {block} exists")
    _one_more(cloud, endpoint)
    found.left = cloud.clock.now()
    return ec2_result(call.action, status("revoking"))


def describe_target_networks(cloud: Cloud, call: Call) -> Answer:
    """DescribeClientVpnTargetNetworks."""
    endpoint = _endpoint(cloud, call)
    facts: dict[str, Callable[[Association], Iterable[str]]] = {
        "association-id": lambda one: [one.association_id],
        "target-network-id": lambda one: [one.subnet_id],
        "vpc-id": lambda one: [one.vpc_id],
    }
    groups = "".join(f"<item>{one}</item>" for one in endpoint.security_groups)
    items = [
        element("associationId", one.association_id)
        + element("vpcId", one.vpc_id)
        + element("targetNetworkId", one.subnet_id)
        + element("clientVpnEndpointId", endpoint.endpoint_id)
        + status(_state(cloud, one, ASSOCIATION))
        + f"<securityGroups>{groups}</securityGroups>"
        for one in matching(endpoint.associations, call.filters(), facts)
    ]
    return _paged(call, "clientVpnTargetNetworks", items)


def describe_routes(cloud: Cloud, call: Call) -> Answer:
    """DescribeClientVpnRoutes."""
    endpoint = _endpoint(cloud, call)
    facts: dict[str, Callable[[Route], Iterable[str]]] = {
        "destination-cidr": lambda one: [one.destination],
        "origin": lambda one: [one.origin],
        "target-subnet": lambda one: [one.subnet_id],
    }
    items = [
        element("clientVpnEndpointId", endpoint.endpoint_id)
        + element("destinationCidr", one.destination)
        + element("targetSubnet", one.subnet_id)
        + element("type", "Nat")
        + element("origin", one.origin)
        + status(_state(cloud, one, ROUTE))
        + element("description", one.description)
        for one in matching(endpoint.routes, call.filters(), facts)
    ]
    return _paged(call, "routes", items)


def describe_rules(cloud: Cloud, call: Call) -> Answer:
    """DescribeClientVpnAuthorizationRules."""
    endpoint = _endpoint(cloud, call)
    facts: dict[str, Callable[[Rule], Iterable[str]]] = {
        "description": lambda one: [one.description or ""],
        "destination-cidr": lambda one: [one.destination],
        "group-id": lambda one: [one.group_id or ""],
    }
    items = [
        element("clientVpnEndpointId", endpoint.endpoint_id)
        + element("description", one.description)
        + f"<groupId>{one.group_id or ''}</groupId>"
        + element("accessAll", one.group_id is None)
        + element("destinationCidr", one.destination)
        + status(_state(cloud, one, RULE))
        for one in matching(endpoint.rules, call.filters(), facts)
    ]
    return _paged(call, "authorizationRule", items)


def _endpoint(cloud: Cloud, call: Call) -> ClientVpn:
    endpoint_id = call.required("ClientVpnEndpointId")
    found = cloud.client_vpns.get(endpoint_id)
    if found is None or found.account != call.by.account_id:
        raise ApiError("InvalidClientVpnEndpointId.NotFound", f"Endpoint {endpoint_id} does not exist")
    found.settle(cloud.clock.now(), cloud.settings.timing.client_vpn)
    return found


def _judge_subnet(cloud: Cloud, call: Call, endpoint: ClientVpn, subnet: Any) -> None:
    if any(one.subnet_id == subnet.id for one in endpoint.associations):
        raise ApiError("InvalidClientVpnDuplicateAssociationException", f"{subnet.id} is already associated")
    if endpoint.vpc_id not in (None, subnet.vpc_id):
        raise ApiError("InvalidClientVpnSubnetId.NotFound", f"{subnet.id} is not in {endpoint.vpc_id}")
    if any(one.zone == subnet.availability_zone for one in endpoint.associations):
        raise ApiError(
            "InvalidClientVpnSubnetId.DuplicateAz", f"A subnet of {subnet.availability_zone} is associated already"
        )
    vpc: Any = cloud.backing.resource(call.region, "vpcs", subnet.vpc_id)
    if ip_network(vpc.cidr_block).overlaps(ip_network(endpoint.client_cidr)):
        raise ApiError(
            "InvalidClientVpnSubnetId.OverlappingCidr", f"{vpc.cidr_block} overlaps with {endpoint.client_cidr}"
        )


def _one_more(cloud: Cloud, endpoint: ClientVpn) -> None:
    under_way = endpoint.changes(cloud.clock.now(), cloud.settings.timing.client_vpn)
    if under_way >= cloud.settings.strict.client_vpn_changes:
        text = "Cannot initiate another change for this endpoint at this time. Please try again later."
        raise ApiError("ConcurrentMutationLimitExceeded", text)


def _cidr(call: Call, name: str) -> str:
    text = call.required(name)
    try:
        return str(ip_network(text))
    except ValueError:
        raise ApiError("InvalidParameterValue", f"Value ({text}) for parameter {name} is invalid.") from None


def _whom(call: Call, everybody: str) -> tuple[str, str | None]:
    """The network of a rule, and its group; None for all clients."""
    block, group_id = _cidr(call, "TargetNetworkCidr"), call.get("AccessGroupId")
    if (group_id is None) != call.flag(everybody):
        raise ApiError("InvalidParameterCombination", f"Give either AccessGroupId or {everybody}")
    return block, group_id


def _state(cloud: Cloud, part: Association | Route | Rule, names: tuple[str, str, str]) -> str:
    return part.state(names, cloud.clock.now(), cloud.settings.timing.client_vpn)


def _paged(call: Call, name: str, items: list[str]) -> Answer:
    size, start = int(call.get("MaxResults") or 1000), int(call.get("NextToken") or 0)
    listed = "".join(f"<item>{one}</item>" for one in items[start : start + size])
    following = element("nextToken", start + size if start + size < len(items) else None)
    return ec2_result(call.action, f"<{name}>{listed}</{name}>{following}")


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateClientVpnEndpoint": create_endpoint,
    "AssociateClientVpnTargetNetwork": associate,
    "DisassociateClientVpnTargetNetwork": disassociate,
    "CreateClientVpnRoute": create_route,
    "DeleteClientVpnRoute": delete_route,
    "AuthorizeClientVpnIngress": authorize,
    "RevokeClientVpnIngress": revoke,
    "DescribeClientVpnTargetNetworks": describe_target_networks,
    "DescribeClientVpnRoutes": describe_routes,
    "DescribeClientVpnAuthorizationRules": describe_rules,
}
