# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups and their targets, by id and port.

Sources: NLB guide, "Target groups", "Register targets", "Target group health"; API reference; texts in part reported.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ..answers import Answer, ApiError
from ..cloud import Cloud
from ..request import Call
from .permission import besides, may_tag
from .store import SERVICE, Group, Target, answer, changed, given, numbered, paged, pairs, whole_number

_PRIVATE = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
_UNHEALTHY = "target_health_state.unhealthy"
#: Of a target group of type ip for a Network Load Balancer.
_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "deregistration_delay.connection_termination.enabled": "false",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.enabled": "false",
    "stickiness.type": "source_ip",
    f"{_UNHEALTHY}.connection_termination.enabled": "true",
    f"{_UNHEALTHY}.draining_interval_seconds": "0",
}
_RANGES = {
    "deregistration_delay.timeout_seconds": (0, 3600),
    f"{_UNHEALTHY}.draining_interval_seconds": (0, 360_000),
}
#: Of the health check: name, default, range.
_NUMBERS = (
    ("HealthCheckIntervalSeconds", 30, (5, 300)),
    ("HealthCheckTimeoutSeconds", 10, (2, 120)),
    ("HealthyThresholdCount", 5, (2, 10)),
    ("UnhealthyThresholdCount", 2, (2, 10)),
)


def create(cloud: Cloud, call: Call) -> Answer:
    """CreateTargetGroup: once more with the same settings answers the same group."""
    besides(cloud, call)
    name, protocol = call.required("Name"), call.required("Protocol")
    if call.get("TargetType") != "ip" or protocol not in _PROTOCOLS:
        raise ApiError("ValidationError", "The lab knows target groups of type ip and protocol TCP, TLS or UDP alone")
    vpc_id = call.required("VpcId")
    if cloud.backing.resource(call.region, "vpcs", vpc_id) is None:
        raise ApiError("ValidationError", f"The VPC ID '{vpc_id}' is not found")
    port = whole_number("Port", call.required("Port"), 1, 65535)
    health = _health(call, {"HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port"})
    store, account = cloud.balancers, call.by.account_id
    prefix = f"arn:{cloud.backing.iam(account, call.region).partition}:{SERVICE}:{call.region}:{account}:targetgroup"
    may_tag(cloud, call, f"{prefix}/{name}/*")
    known = next((g for g in store.groups.values() if g.arn.startswith(f"{prefix}/{name}/")), None)
    if known is None:
        preserved = "true" if protocol in ("UDP", "TCP_UDP") else "false"
        attributes = {**_ATTRIBUTES, "preserve_client_ip.enabled": preserved}
        arn = f"{prefix}/{name}/{next(numbered(store))}"
        known = Group(arn, name, vpc_id, protocol, port, health, attributes, given(call, "Tags"))
        store.groups[arn] = known
    elif (known.vpc_id, known.protocol, known.port, known.health) != (vpc_id, protocol, port, health):
        raise ApiError("DuplicateTargetGroupName", f"A target group with the same name '{name}' exists")
    return answer(call, TargetGroups=[_shown(cloud, known)])


def modify(cloud: Cloud, call: Call) -> Answer:
    """ModifyTargetGroup: its health check."""
    group = cloud.balancers.group(call.required("TargetGroupArn"))
    group.health = _health(call, group.health)
    return answer(call, TargetGroups=[_shown(cloud, group)])


def delete(cloud: Cloud, call: Call) -> Answer:
    """DeleteTargetGroup: not while a listener forwards to it."""
    arn = call.required("TargetGroupArn")
    if cloud.balancers.using(arn):
        raise ApiError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
    cloud.balancers.groups.pop(arn, None)
    return answer(call)


def describe(cloud: Cloud, call: Call) -> Answer:
    """DescribeTargetGroups: of a load balancer, by ARN, by name, or all."""
    arns, names, balancer = call.members("TargetGroupArns.member"), call.members("Names.member"), None
    account = call.by.account_id
    found = [group for group in cloud.balancers.groups.values() if group.arn.split(":")[4] == account]
    if call.get("LoadBalancerArn"):
        balancer = cloud.balancers.balancer(call.required("LoadBalancerArn"))
        used = {listener.group_arn for listener in cloud.balancers.of(balancer.arn)}
        found = [group for group in found if group.arn in used]
    elif arns or names:
        found = [group for group in found if group.arn in arns or group.name in names]
        if len(found) < len(arns) + len(names):
            raise ApiError("TargetGroupNotFound", "One or more target groups not found")
    return paged(call, "TargetGroups", [_shown(cloud, group) for group in found])


def describe_attributes(cloud: Cloud, call: Call) -> Answer:
    """DescribeTargetGroupAttributes."""
    return answer(call, Attributes=pairs(cloud.balancers.group(call.required("TargetGroupArn")).attributes))


def modify_attributes(cloud: Cloud, call: Call) -> Answer:
    """ModifyTargetGroupAttributes: a draining interval only where unhealthy targets keep their connections."""
    group = cloud.balancers.group(call.required("TargetGroupArn"))
    wanted = changed(group.attributes, given(call, "Attributes"), _RANGES)
    closes = wanted[f"{_UNHEALTHY}.connection_termination.enabled"] == "true"
    if closes and wanted[f"{_UNHEALTHY}.draining_interval_seconds"] != "0":
        raise ApiError(
            "InvalidConfigurationRequest",
            f"'{_UNHEALTHY}.draining_interval_seconds' requires connection termination for unhealthy targets to be off",
        )
    group.attributes = wanted
    return answer(call, Attributes=pairs(wanted))


def register(cloud: Cloud, call: Call) -> Answer:
    """RegisterTargets: an address outside the VPC needs a zone, one inside has its own; nothing public."""
    besides(cloud, call)
    group = cloud.balancers.group(call.required("TargetGroupArn"))
    wanted = [_target(cloud, call, group, raw) for raw in call.structures("Targets.member")]
    for target in wanted:
        known = group.targets.setdefault((target.id, target.port), target)
        known.zone, known.left = target.zone, None
    return answer(call)


def deregister(cloud: Cloud, call: Call) -> Answer:
    """DeregisterTargets: without a port, the group's own is meant; a target that is used drains first."""
    group = cloud.balancers.group(call.required("TargetGroupArn"))
    for raw in call.structures("Targets.member"):
        key = raw["Id"], int(raw.get("Port") or group.port)
        if key not in group.targets:
            raise ApiError("InvalidTarget", f"The target '{key[0]}:{key[1]}' is not registered with the target group")
        group.targets[key].left = cloud.clock.now()
        if not cloud.balancers.using(group.arn):
            del group.targets[key]
    return answer(call)


def health(cloud: Cloud, call: Call) -> Answer:
    """DescribeTargetHealth: ``initial`` until it was measured, ``unused`` where no listener forwards to the group."""
    group = cloud.balancers.group(call.required("TargetGroupArn"))
    second = cloud.settings.timing.balancer_second
    delay = float(group.attributes["deregistration_delay.timeout_seconds"]) * second
    for key, target in list(group.targets.items()):
        if target.left is not None and target.left + delay <= cloud.clock.now():
            del group.targets[key]
    asked = {(raw["Id"], int(raw.get("Port") or group.port)) for raw in call.structures("Targets.member")}
    return answer(
        call,
        TargetHealthDescriptions=[
            {
                "Target": {"Id": t.id, "Port": t.port, "AvailabilityZone": t.zone or None},
                "HealthCheckPort": _health_port(group, t),
                "TargetHealth": _state(cloud, group, t),
            }
            for key, t in group.targets.items()
            if not asked or key in asked
        ],
    )


def _health_port(group: Group, target: Target) -> str:
    port = str(group.health["HealthCheckPort"])
    return str(target.port) if port == "traffic-port" else port


def _state(cloud: Cloud, group: Group, target: Target) -> dict[str, str]:
    if target.left is not None:
        return {"State": "draining", "Reason": "Target.DeregistrationInProgress"}
    if not cloud.balancers.using(group.arn):
        return {"State": "unused", "Reason": "Target.NotInUse"}
    if target.healthy is None:
        return {"State": "initial", "Reason": "Elb.RegistrationInProgress"}
    return {"State": "healthy"} if target.healthy else {"State": "unhealthy", "Reason": "Target.FailedHealthChecks"}


def _target(cloud: Cloud, call: Call, group: Group, raw: dict[str, str]) -> Target:
    text, zone = raw.get("Id", ""), raw.get("AvailabilityZone", "")
    port = whole_number("Port", raw.get("Port") or str(group.port), 1, 65535)
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise ApiError("ValidationError", f"The IP address '{text}' is not a valid IPv4 address") from None
    zones = cloud.backing.ec2(call.by.account_id, call.region).subnets.values()
    subnets = [s for held in zones for s in held.values() if s.vpc_id == group.vpc_id]
    inside = next((s for s in subnets if address in ipaddress.ip_network(s.cidr_block)), None)
    if inside is not None:
        own = inside.availability_zone
        if zone not in ("", own):
            raise ApiError(
                "ValidationError",
                f"The IP address '{text}' is within the VPC, and cannot have its Availability Zone overridden to"
                f" '{zone}' from '{own}'",
            )
        return Target(text, port, own)
    if not any(address in network for network in _PRIVATE):  # the text is inferred
        raise ApiError("ValidationError", f"The IP address '{text}' is not in a range that targets may be of")
    if not zone:
        raise ApiError(
            "ValidationError",
            f"The Availability Zone is required for IP address '{text}' because it is not in the VPC",
        )
    if zone != "all" and zone not in {s.availability_zone for s in subnets}:
        raise ApiError("ValidationError", f"The Availability Zone '{zone}' is not valid")
    return Target(text, port, zone)


def _health(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """The health check as it is to be."""
    wanted = dict(kept)
    wanted["HealthCheckProtocol"] = call.get("HealthCheckProtocol") or kept["HealthCheckProtocol"]
    port = call.get("HealthCheckPort") or kept["HealthCheckPort"]
    if port != "traffic-port":
        whole_number("HealthCheckPort", str(port), 1, 65535)
    wanted["HealthCheckPort"] = str(port)
    for name, default, limits in _NUMBERS:
        wanted[name] = whole_number(name, call.get(name) or str(kept.get(name, default)), *limits)
    if wanted["HealthCheckTimeoutSeconds"] > wanted["HealthCheckIntervalSeconds"]:
        raise ApiError("ValidationError", "Health check timeout must be smaller than the interval")
    return wanted


def _shown(cloud: Cloud, group: Group) -> dict[str, Any]:
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": group.protocol,
        "Port": group.port,
        "VpcId": group.vpc_id,
        "HealthCheckEnabled": True,
        **group.health,
        "LoadBalancerArns": sorted({listener.balancer_arn for listener in cloud.balancers.using(group.arn)}),
        "TargetType": "ip",
        "IpAddressType": "ipv4",
    }


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateTargetGroup": create,
    "ModifyTargetGroup": modify,
    "DeleteTargetGroup": delete,
    "DescribeTargetGroups": describe,
    "DescribeTargetGroupAttributes": describe_attributes,
    "ModifyTargetGroupAttributes": modify_attributes,
    "RegisterTargets": register,
    "DeregisterTargets": deregister,
    "DescribeTargetHealth": health,
}
