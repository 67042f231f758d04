# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a snapshot of a VPC from moto's state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any

from .cloud import Cloud
from .ec2.destinations import of_route
from .ec2.routes import FOREIGN, target_id
from .ec2.states import route_state
from .ec2.transit import effective, state_of
from .elb.store import Balancer, Listener
from .snapshot import (
    BalancerSnap,
    CheckSnap,
    InboundSnap,
    InstanceSnap,
    InterfaceSnap,
    ListenerSnap,
    RouteSnap,
    Subnet,
    TableSnap,
    TransitSnap,
    VpcSnapshot,
)

_DRAIN = "deregistration_delay"


def take(cloud: Cloud, vpc_id: str) -> VpcSnapshot:
    """Everything that the packets of ``vpc_id`` depend on, whichever account owns it; KeyError for an unknown VPC."""
    with cloud.lock:
        backends = [ec2 for dummy, ec2 in cloud.backing.all_ec2()]
        owner = next((ec2 for ec2 in backends if vpc_id in ec2.vpcs and ec2.vpcs[vpc_id].ec2_backend is ec2), None)
        if owner is None:
            raise KeyError(f"no VPC {vpc_id}")
        tables = [table for table in owner.route_tables.values() if table.vpc_id == vpc_id]
        interfaces = {eni.id: eni for ec2 in backends for eni in ec2.enis.values() if eni.subnet.vpc_id == vpc_id}
        instances = {eni.instance.id: eni.instance for eni in interfaces.values() if eni.instance is not None}
        return VpcSnapshot(
            vpc_id=vpc_id,
            cidrs=tuple(
                association["cidr_block"]
                for ipv6 in (False, True)
                for association in owner.vpcs[vpc_id].get_cidr_block_association_set(ipv6=ipv6)
            ),
            subnets=_subnets(owner, vpc_id, tables),
            tables=tuple(TableSnap(table.id, tuple(_routes(table))) for table in tables),
            interfaces=tuple(
                _interface(eni, interfaces.values() if cloud.settings.strict.security_groups else ())
                for eni in interfaces.values()
            ),
            instances=tuple(InstanceSnap(instance.id, instance.state) for instance in instances.values()),
            transit=_transit(cloud, owner, vpc_id),
            balancers=tuple(
                _balancer(cloud, one) for one in cloud.balancers.balancers.values() if one.vpc_id == vpc_id
            ),
            balancer_second=cloud.settings.timing.balancer_second,
        )


def _subnets(ec2: Any, vpc_id: str, tables: list[Any]) -> tuple[Subnet, ...]:
    main = next(table.id for table in tables if table.main_association_id is not None)
    explicit = {target: table.id for table in tables for target in table._associations.values()}
    return tuple(
        Subnet(
            subnet.id, subnet.cidr_block, explicit.get(subnet.id, main), _ipv6_cidr(subnet), subnet.availability_zone
        )
        for zone in ec2.subnets.values()
        for subnet in zone.values()
        if subnet.vpc_id == vpc_id
    )


def _transit(cloud: Cloud, ec2: Any, vpc_id: str) -> TransitSnap | None:
    """The first transit gateway that the VPC is attached to, and what its tables do with packets from and to it."""
    known = ec2.transit_gateway_attachments.values()
    mine = next((a for a in known if a.resource_id == vpc_id and a.state == "available"), None)
    if mine is None:
        return None
    tables = [t for t in mine.ec2_backend.transit_gateways_route_tables.values() if t.route_table_associations]
    inward, outward = [], []
    for table in tables:
        for route in effective(cloud, mine.ec2_backend.region_name, table):
            target, prefix = route["attachment"], route["destinationCidrBlock"]
            if target is None or state_of(route) != "active":
                continue
            if mine.id in table.route_table_associations and target.id != mine.id:
                outward.append((prefix, target.id))
            if target.id == mine.id:
                others = [near for near in table.route_table_associations if near != mine.id]
                inward += [(near, part) for near in others for part in _sent(ec2, near, prefix)]
    return TransitSnap(mine.transit_gateway_id, tuple(mine.subnet_ids), tuple(inward), tuple(outward))


def _balancer(cloud: Cloud, balancer: Balancer) -> BalancerSnap:
    return BalancerSnap(
        balancer.arn,
        tuple(interface.id for interface in balancer.places.values()),
        tuple(_listener(cloud, listener) for listener in cloud.balancers.of(balancer.arn)),
    )


def _listener(cloud: Cloud, listener: Listener) -> ListenerSnap:
    group = cloud.balancers.group(listener.group_arn)
    health, port = group.health, str(group.health["HealthCheckPort"])
    return ListenerSnap(
        listener.port,
        int(listener.attributes.get("tcp.idle_timeout.seconds", "350")),
        group.arn,
        tuple(key for key, target in group.targets.items() if target.left is None),
        CheckSnap(
            int(port) if port.isdigit() else None,
            health["HealthCheckIntervalSeconds"],
            health["HealthCheckTimeoutSeconds"],
            health["HealthyThresholdCount"],
            health["UnhealthyThresholdCount"],
        ),
        group.attributes["target_health_state.unhealthy.connection_termination.enabled"] == "true",
        int(group.attributes[f"{_DRAIN}.timeout_seconds"])
        if group.attributes[f"{_DRAIN}.connection_termination.enabled"] == "true"
        else None,
    )


def _sent(ec2: Any, attachment_id: str, prefix: str) -> list[str]:
    """What part of a prefix the network behind an attachment sends to the gateway: of a VPC, what its tables say."""
    attachment = ec2.transit_gateway_attachments.get(attachment_id)
    if attachment is None or attachment.resource_type != "vpc":
        return [prefix]
    owner, vpc_id = attachment.ec2_backend, attachment.resource_id
    tables = [table for table in owner.route_tables.values() if table.vpc_id == vpc_id]
    used = {subnet.route_table_id for subnet in _subnets(owner, vpc_id, tables)}
    blocks = [
        ip_network(route.destination_cidr_block)
        for table in tables
        for route in table.routes
        if table.id in used and route.destination_cidr_block and target_id(route) == attachment.transit_gateway_id
    ]
    whole = ip_network(prefix)
    parts = {max(whole, block, key=lambda one: one.prefixlen) for block in blocks if whole.overlaps(block)}
    return [str(part) for part in parts]


def _ipv6_cidr(subnet: Any) -> str | None:
    return next((a["ipv6CidrBlock"] for a in subnet.ipv6_cidr_block_associations.values()), None)


def _routes(table: Any) -> Iterator[RouteSnap]:
    """The routes, a list's entries one by one; of one prefix the last is in effect.

    A list is preferred to what is propagated, and a static route to a list (VPC user guide, "Route priority").
    """
    for route in sorted(table.routes, key=_rank):
        for network in of_route(route).networks:
            yield RouteSnap(str(network), route.network_interface_id, target_id(route), route_state(route))


def _rank(route: Any) -> int:
    if route.destination_prefix_list is not None:
        return 1
    return 0 if route.origin in FOREIGN else 2


def _interface(eni: Any, members: Iterable[Any]) -> InterfaceSnap:
    """With what its security groups let in, where their members are given."""
    return InterfaceSnap(
        network_interface_id=eni.id,
        subnet_id=eni.subnet.id,
        private_ips=(
            *(str(address["PrivateIpAddress"]) for address in eni.private_ip_addresses),
            *(str(address) for address in eni.ipv6_addresses),
        ),
        mac=eni.mac_address,
        source_dest_check=bool(eni.source_dest_check),
        instance_id=eni.instance.id if eni.instance else None,
        device_index=eni.device_index or 0,
        tcp_established_timeout=getattr(eni, "tcp_established_timeout", None),
        inbound=tuple(_inbound(eni, list(members))) if members else None,
    )


def _inbound(eni: Any, members: list[Any]) -> Iterator[InboundSnap]:
    """The rules for IPv4; one that names a group means the addresses of all interfaces in it."""
    for rule in (rule for group in eni.group_set for rule in group.ingress_rules):
        whole = rule.ip_protocol == "-1" or rule.from_port in (None, -1)
        low, high = (0, 65535) if whole else (rule.from_port, rule.to_port)
        peers = [rule.ip_range["CidrIp"]] if rule.ip_range.get("CidrIp") else []
        named = rule.source_group.get("GroupId")
        inside = (other for other in members if named and named in {group.id for group in other.group_set})
        peers += [f"{address['PrivateIpAddress']}/32" for other in inside for address in other.private_ip_addresses]
        yield from (InboundSnap(rule.ip_protocol, low, high, peer) for peer in peers)
