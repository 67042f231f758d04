# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces: one SourceDestCheck flag, held by the interface; and what EC2 refuses and moto does not."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..answers import Answer, ApiError, ec2_result, element
from ..backing import forward
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .targets import only_interface

_TRACKING = "ConnectionTrackingSpecification"


def mirror_source_dest_check(instance: Any) -> None:
    """Let the instance show the flag of its primary interface: moto keeps a copy of its own in each instance."""
    primary = instance.nics.get(0)
    if primary is not None:
        instance.source_dest_check = primary.source_dest_check


def modify_instance_attribute(cloud: Cloud, call: Call) -> Answer:
    """ModifyInstanceAttribute; SourceDestCheck goes to the only interface, else InvalidInstanceID."""
    value = call.get("SourceDestCheck.Value")
    if value is None and call.get("Attribute") == "sourceDestCheck":
        value = call.required("Value")
    if value is None:
        return forward(call, call.by.account_id)
    instance = identifiers.instance(cloud, call.region, call.required("InstanceId"))
    only_interface(instance).source_dest_check = _boolean("sourceDestCheck", value)
    mirror_source_dest_check(instance)
    return ec2_result(call.action)


def modify_network_interface_attribute(cloud: Cloud, call: Call) -> Answer:
    """ModifyNetworkInterfaceAttribute: one attribute at a time; the flag is the interface's."""
    interface = identifiers.interface(cloud, call.region, call.required("NetworkInterfaceId"))
    value = call.get("SourceDestCheck.Value")
    others = [n for n in ("Description.Value", "Attachment.AttachmentId", "SecurityGroupId.1") if call.get(n)]
    if (value is not None) + len(others) > 1:
        raise ApiError(
            "InvalidParameterCombination", "Only one attribute of a network interface may be modified at a time"
        )
    tracking = call.get(f"{_TRACKING}.TcpEstablishedTimeout")
    if tracking is not None:
        if not tracking.isdigit() or not 60 <= int(tracking) <= 432_000:
            raise ApiError("InvalidParameterValue", f"Value ({tracking}) for {_TRACKING} is invalid: 60 to 432000")
        interface.tcp_established_timeout = int(tracking)
        return ec2_result(call.action)
    if value is None:
        return forward(call, call.by.account_id)
    interface.source_dest_check = _boolean("sourceDestCheck", value)
    if interface.instance is not None:
        mirror_source_dest_check(interface.instance)
    return ec2_result(call.action)


def describe_network_interfaces(cloud: Cloud, call: Call) -> Answer:
    """DescribeNetworkInterfaces: moto's, with the connection tracking that was set; the default is not shown."""
    answer = forward(call, call.by.account_id)
    body = answer.body.decode()
    for account in cloud.backing.accounts:
        for interface in cloud.backing.ec2(account, call.region).enis.values():
            seconds = getattr(interface, "tcp_established_timeout", None)
            if seconds is not None:
                own = f"<networkInterfaceId>{interface.id}</networkInterfaceId>"
                shown, inner = "connectionTrackingConfiguration", element("tcpEstablishedTimeout", seconds)
                body = body.replace(own, f"{own}<{shown}>{inner}</{shown}>")
    return replace(answer, body=body.encode())


def attach_network_interface(cloud: Cloud, call: Call) -> Answer:
    """AttachNetworkInterface: only a free interface, only to a free device index."""
    interface = identifiers.interface(cloud, call.region, call.required("NetworkInterfaceId"))
    instance = identifiers.instance(cloud, call.region, call.required("InstanceId"))
    index = int(call.required("DeviceIndex"))
    if interface.instance is not None:
        raise ApiError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
    if index in instance.nics:
        raise ApiError(
            "InvalidParameterValue",
            f"Instance '{instance.id}' already has an interface attached at device index '{index}'.",
        )
    if interface.subnet.availability_zone != instance.availability_zone:
        raise ApiError(
            "InvalidParameterCombination",
            "You may not attach a network interface to an instance if they are not in the same availability zone",
        )
    answer = forward(call, call.by.account_id)
    mirror_source_dest_check(instance)
    return answer


def detach_network_interface(cloud: Cloud, call: Call) -> Answer:
    """DetachNetworkInterface: never the primary one."""
    attachment = call.required("AttachmentId")
    enis = cloud.backing.ec2(call.by.account_id, call.region).enis.values()
    interface = next((eni for eni in enis if eni.attachment_id == attachment), None)
    if interface is not None and interface.device_index == 0:
        raise ApiError("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
    return forward(call, call.by.account_id)


def delete_network_interface(cloud: Cloud, call: Call) -> Answer:
    """DeleteNetworkInterface: not while it is attached."""
    interface = identifiers.interface(cloud, call.region, call.required("NetworkInterfaceId"))
    if interface.instance is not None:
        raise ApiError("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
    answer = forward(call, call.by.account_id)
    cloud.shares.mirror_interfaces()
    return answer


def create_network_interface(cloud: Cloud, call: Call) -> Answer:
    """CreateNetworkInterface: moto's; an owner of a shared subnet then sees it."""
    answer = forward(call, call.by.account_id)
    cloud.shares.mirror_interfaces()
    return answer


def assign_private_ip_addresses(cloud: Cloud, call: Call) -> Answer:
    """AssignPrivateIpAddresses: only addresses of the interface's subnet (the error code is inferred)."""
    interface = identifiers.interface(cloud, call.region, call.required("NetworkInterfaceId"))
    for address in call.members("PrivateIpAddress"):
        if ipaddress.ip_address(address) not in ipaddress.ip_network(interface.subnet.cidr_block):
            raise ApiError("InvalidParameterValue", f"Address {address} does not fall within the subnet's range")
    return forward(call, call.by.account_id)


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ApiError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")
    return value.lower() == "true"


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "DescribeNetworkInterfaces": describe_network_interfaces,
    "ModifyInstanceAttribute": modify_instance_attribute,
    "ModifyNetworkInterfaceAttribute": modify_network_interface_attribute,
    "CreateNetworkInterface": create_network_interface,
    "AttachNetworkInterface": attach_network_interface,
    "DetachNetworkInterface": detach_network_interface,
    "DeleteNetworkInterface": delete_network_interface,
    "AssignPrivateIpAddresses": assign_private_ip_addresses,
}
