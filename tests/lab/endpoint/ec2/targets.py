# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets of routes: exactly one, existing, of the table's VPC; all validated before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..answers import ApiError, LabUnsupported
from ..cloud import Cloud
from ..request import Call
from . import identifiers


@dataclass(frozen=True)
class Target:
    """A resolved target: arguments of moto's Route, and its id for comparison. ``local`` for LocalTarget."""

    id: str
    arguments: dict[str, Any] = field(default_factory=dict)
    local: bool = False

    @property
    def interface(self) -> Any | None:
        """The network interface, if the target is one."""
        return self.arguments.get("interface")


#: Parameter to moto's collection (by id prefix for gateways), the argument of Route, and the error for an unknown id.
_OTHERS: dict[str, tuple[str, str, str]] = {
    "NatGatewayId": ("nat_gateways", "nat_gateway", "NatGatewayNotFound"),
    "EgressOnlyInternetGatewayId": ("egress_only_internet_gateways", "egress_only_igw", "InvalidGatewayID.NotFound"),
    "TransitGatewayId": ("transit_gateways", "transit_gateway", "InvalidTransitGatewayID.NotFound"),
    "VpcPeeringConnectionId": ("vpc_pcxs", "vpc_pcx", "InvalidVpcPeeringConnectionID.NotFound"),
    "CarrierGatewayId": ("carrier_gateways", "carrier_gateway", "InvalidCarrierGatewayID.NotFound"),
    "VpcEndpointId": ("vpc_end_points", "vpc_endpoint_id", "InvalidVpcEndpointId.NotFound"),
}

_GATEWAYS = {
    "igw-": ("internet_gateways", "gateway"),
    "vgw-": ("vpn_gateways", "gateway"),
    "vpce-": ("vpc_end_points", "vpc_endpoint_id"),
}

#: Targets that the API knows and the lab has no state for.
_UNSUPPORTED = ("CoreNetworkArn", "LocalGatewayId", "OdbNetworkArn")

_NAMES = (
    "gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, "
    "transitGatewayId, localGatewayId, carrierGatewayId, vpcEndpointId or instanceId"
)


def target(cloud: Cloud, call: Call, table: Any) -> Target:
    """The one target of a Create/ReplaceRoute call, resolved and checked against the table's VPC."""
    named = ("NetworkInterfaceId", "InstanceId", "GatewayId", *_OTHERS, *_UNSUPPORTED)
    given = [(name, value) for name in named if (value := call.get(name))]
    local = call.action == "ReplaceRoute" and call.flag("LocalTarget")
    if not given and not local:
        raise ApiError("MissingParameter", f"The request must contain exactly one of {_NAMES}")
    if len(given) + local > 1:
        raise ApiError("InvalidParameterCombination", f"The request must contain exactly one of {_NAMES}")
    if local:
        return Target("local", local=True)
    name, value = given[0]
    resolve: dict[str, Callable[[], Target]] = {
        "NetworkInterfaceId": lambda: _interface(identifiers.interface(cloud, call.region, value), table),
        "InstanceId": lambda: _instance(identifiers.instance(cloud, call.region, value), table),
        "GatewayId": lambda: _gateway(cloud, call, value, table),
    }
    return resolve.get(name, lambda: _other(cloud, call, name, value))()


def only_interface(instance: Any) -> Any:
    """The only interface of an instance; several (or none) are InvalidInstanceID, without a suffix."""
    interfaces = list(instance.nics.values())
    if len(interfaces) > 1:
        raise ApiError(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance.id}'. "
            "Please specify an interface ID for the operation instead.",
        )
    if not interfaces:
        raise ApiError("InvalidInstanceID", f"There is no interface attached to instance '{instance.id}'.")
    return interfaces[0]


def _instance(instance: Any, table: Any) -> Target:
    if instance.state == "terminated":
        raise identifiers.not_found("i", instance.id)
    return _interface(only_interface(instance), table)


def _interface(interface: Any, table: Any) -> Target:
    if interface.vpc_id != table.vpc_id:
        raise _other_network(table, f"interface {interface.id}")
    return Target(interface.id, {"interface": interface})


def _gateway(cloud: Cloud, call: Call, gateway_id: str, table: Any) -> Target:
    if gateway_id == "local":
        return Target("local", local=True)
    prefix = next((p for p in _GATEWAYS if gateway_id.startswith(p)), None)
    if prefix is None:
        raise ApiError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
    collection, argument = _GATEWAYS[prefix]
    found = cloud.backing.resource(call.region, collection, gateway_id)
    if found is None:
        raise ApiError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
    vpc_id = getattr(getattr(found, "vpc", None), "id", None)
    if prefix == "igw-" and vpc_id != table.vpc_id:
        raise _other_network(table, f"network gateway {gateway_id}")
    return Target(gateway_id, {argument: gateway_id if argument == "vpc_endpoint_id" else found})


def _other(cloud: Cloud, call: Call, name: str, value: str) -> Target:
    if name in _UNSUPPORTED:
        raise LabUnsupported(f"{name} targets")
    collection, argument, code = _OTHERS[name]
    found = cloud.backing.resource(call.region, collection, value)
    if found is None:
        raise ApiError(code, f"The {name} '{value}' does not exist")
    return Target(value, {argument: value if argument == "vpc_endpoint_id" else found})


def _other_network(table: Any, what: str) -> ApiError:
    """The code and the shape of the text are inferred from EC2's wording for gateways."""
    return ApiError("InvalidParameterValue", f"route table {table.id} and {what} belong to different networks")
