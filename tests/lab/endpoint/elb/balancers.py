# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network Load Balancers: an interface with an address in each subnet, security groups only from the beginning.

Sources: NLB guide, "Create a Network Load Balancer", "Security groups" and "Update the Availability Zones"; API
reference.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..answers import Answer, ApiError
from ..cloud import Cloud
from ..request import Call
from .permission import besides, may_name_groups, may_tag
from .store import SERVICE, Balancer, answer, changed, given, numbered, paged, pairs

_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "deletion_protection.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "load_balancing.cross_zone.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_NAME = re.compile(r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)")


def create(cloud: Cloud, call: Call) -> Answer:
    """CreateLoadBalancer: once more with the same settings answers the same one."""
    besides(cloud, call)
    name = call.required("Name")
    if call.get("Type") != "network" or not _NAME.fullmatch(name):
        raise ApiError("ValidationError", f"The load balancer name '{name}' is not valid, or its type is not network")
    wanted = _subnets(cloud, call)
    groups = tuple(call.members("SecurityGroups.member"))
    _known_groups(cloud, call, groups)
    if groups:
        may_name_groups(cloud, call, wanted[0][0].vpc_id)
    account, store = call.by.account_id, cloud.balancers
    prefix = f"arn:{cloud.backing.iam(account, call.region).partition}:{SERVICE}:{call.region}:{account}:loadbalancer"
    may_tag(cloud, call, f"{prefix}/net/{name}/*")
    scheme = call.get("Scheme") or "internet-facing"
    known = next((b for b in store.balancers.values() if b.name == name and b.account == account), None)
    if known is not None:
        if (known.scheme, known.security_groups, set(known.places)) != (scheme, groups, {s.id for s, dummy in wanted}):
            raise ApiError("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists")
        return answer(call, LoadBalancers=[_shown(cloud, known)])
    arn = f"{prefix}/net/{name}/{next(numbered(store))}"
    ready = cloud.clock.now() + cloud.settings.timing.provisioning
    made = Balancer(
        arn, name, account, wanted[0][0].vpc_id, scheme, groups, dict(_ATTRIBUTES), given(call, "Tags"), ready
    )
    for subnet, address in wanted:
        made.places[subnet.id] = _interface(cloud, call, made, subnet, address)
    store.balancers[arn] = made
    return answer(call, LoadBalancers=[_shown(cloud, made)])


def delete(cloud: Cloud, call: Call) -> Answer:
    """DeleteLoadBalancer, with its listeners; one that is not there is no error."""
    arn = call.required("LoadBalancerArn")
    known = cloud.balancers.balancers.get(arn)
    if known is None:
        return answer(call)
    if known.attributes["deletion_protection.enabled"] == "true":
        raise ApiError(
            "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    for listener in cloud.balancers.of(arn):
        del cloud.balancers.listeners[listener.arn]
    for interface in known.places.values():
        _remove(cloud, call, interface)
    del cloud.balancers.balancers[arn]
    return answer(call)


def describe(cloud: Cloud, call: Call) -> Answer:
    """DescribeLoadBalancers: by ARN, by name, or all."""
    arns, names = call.members("LoadBalancerArns.member"), call.members("Names.member")
    found = [b for b in cloud.balancers.balancers.values() if b.account == call.by.account_id]
    if arns or names:
        found = [b for b in found if b.arn in arns or b.name in names]
        if len(found) < len(arns) + len(names):
            missing = sorted({*arns, *names} - {b.arn for b in found} - {b.name for b in found})
            raise ApiError("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
    return paged(call, "LoadBalancers", [_shown(cloud, one) for one in found])


def describe_attributes(cloud: Cloud, call: Call) -> Answer:
    """DescribeLoadBalancerAttributes."""
    return answer(call, Attributes=pairs(cloud.balancers.balancer(call.required("LoadBalancerArn")).attributes))


def modify_attributes(cloud: Cloud, call: Call) -> Answer:
    """ModifyLoadBalancerAttributes."""
    known = cloud.balancers.balancer(call.required("LoadBalancerArn"))
    known.attributes = changed(known.attributes, given(call, "Attributes"), {})
    return answer(call, Attributes=pairs(known.attributes))


def set_security_groups(cloud: Cloud, call: Call) -> Answer:
    """SetSecurityGroups: only where there were some from the beginning (API reference; the text is inferred)."""
    besides(cloud, call)
    known = cloud.balancers.balancer(call.required("LoadBalancerArn"))
    groups = tuple(call.members("SecurityGroups.member"))
    if not known.security_groups:
        raise ApiError(
            "InvalidConfigurationRequest", f"Load balancer '{known.arn}' was created without security groups"
        )
    _known_groups(cloud, call, groups)
    may_name_groups(cloud, call, known.vpc_id)
    known.security_groups = groups
    return answer(call, SecurityGroupIds=list(groups))


def set_subnets(cloud: Cloud, call: Call) -> Answer:
    """SetSubnets: they replace those that there are; one is enough for a Network Load Balancer."""
    besides(cloud, call)
    known = cloud.balancers.balancer(call.required("LoadBalancerArn"))
    wanted = {subnet.id: (subnet, address) for subnet, address in _subnets(cloud, call)}
    for subnet_id in set(known.places) - set(wanted):
        _remove(cloud, call, known.places.pop(subnet_id))
    for subnet_id in set(wanted) - set(known.places):
        known.places[subnet_id] = _interface(cloud, call, known, *wanted[subnet_id])
    return answer(call, AvailabilityZones=_zones(known))


def _subnets(cloud: Cloud, call: Call) -> list[tuple[Any, str | None]]:
    """The subnets, each with the address that was asked for: of one VPC, and one of a zone."""
    named: list[tuple[str, str | None]] = [(one, None) for one in call.members("Subnets.member")]
    named += [(m["SubnetId"], m.get("PrivateIPv4Address")) for m in call.structures("SubnetMappings.member")]
    if not named:
        raise ApiError("ValidationError", "At least one subnet must be specified")
    found = []
    for subnet_id, address in named:
        subnet = cloud.backing.resource(call.region, "subnets", subnet_id)
        if subnet is None:
            raise ApiError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
        found.append((subnet, address))
    if len({subnet.vpc_id for subnet, dummy in found}) > 1:
        raise ApiError("InvalidSubnet", "The subnets are not of one VPC")
    if len({subnet.availability_zone for subnet, dummy in found}) < len(found):
        raise ApiError(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    return found


def _known_groups(cloud: Cloud, call: Call, group_ids: Sequence[str]) -> None:
    for group_id in group_ids:
        if cloud.backing.resource(call.region, "groups", group_id) is None:
            raise ApiError("InvalidSecurityGroup", f"The security group '{group_id}' does not exist")


def _interface(cloud: Cloud, call: Call, known: Balancer, subnet: Any, address: str | None) -> Any:
    """The load balancer's own interface, which nobody can attach or delete."""
    ec2 = subnet.ec2_backend
    if address is None:
        taken = {str(eni.private_ip_address) for eni in ec2.enis.values() if eni.subnet.id == subnet.id}
        hosts = list(ipaddress.ip_network(subnet.cidr_block).hosts())
        address = next(str(host) for host in hosts[199:] + hosts[3:199] if str(host) not in taken)
    description = f"ELB {known.arn.partition(':loadbalancer/')[2]}"
    made = ec2.create_network_interface(subnet, address, group_ids=list(known.security_groups), description=description)
    made.interface_type = "network_load_balancer"
    made.source_dest_check = False
    return made


def _remove(cloud: Cloud, call: Call, interface: Any) -> None:
    interface.subnet.ec2_backend.delete_network_interface(interface.id)


def _zones(known: Balancer) -> list[dict[str, Any]]:
    return [
        {
            "ZoneName": interface.subnet.availability_zone,
            "SubnetId": subnet_id,
            "LoadBalancerAddresses": [],
        }
        for subnet_id, interface in known.places.items()
    ]


def _shown(cloud: Cloud, known: Balancer) -> dict[str, Any]:
    active = cloud.clock.now() >= known.ready
    return {
        "LoadBalancerArn": known.arn,
        "DNSName": f"{known.name}-{known.arn.rpartition('/')[2]}.elb.{cloud.region}.amazonaws.com",
        "CanonicalHostedZoneId": "Z0LAB",
        "LoadBalancerName": known.name,
        "Scheme": known.scheme,
        "VpcId": known.vpc_id,
        "State": {"Code": "active" if active else "provisioning"},
        "Type": "network",
        "AvailabilityZones": _zones(known),
        "SecurityGroups": list(known.security_groups),
        "IpAddressType": "ipv4",
    }


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateLoadBalancer": create,
    "DeleteLoadBalancer": delete,
    "DescribeLoadBalancers": describe,
    "DescribeLoadBalancerAttributes": describe_attributes,
    "ModifyLoadBalancerAttributes": modify_attributes,
    "SetSecurityGroups": set_security_groups,
    "SetSubnets": set_subnets,
}
