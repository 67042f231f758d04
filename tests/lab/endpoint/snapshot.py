# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VPC at one instant, as the fabric needs it: frozen values, read under the endpoint's mutation lock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subnet:
    """A subnet and the route table in effect: its own association's, or the VPC's main table."""

    subnet_id: str
    cidr: str
    route_table_id: str
    ipv6_cidr: str | None = None
    zone: str = ""


@dataclass(frozen=True)
class RouteSnap:
    """One route; for a target that is no interface, only ``target`` names it (``local``, ``igw-...``)."""

    destination: str
    network_interface_id: str | None
    target: str
    state: str


@dataclass(frozen=True)
class TableSnap:
    """A route table with all its routes."""

    route_table_id: str
    routes: tuple[RouteSnap, ...]


@dataclass(frozen=True)
class InboundSnap:
    """An inbound rule: who is let in, as a prefix, to which ports; ``protocol`` is tcp, udp, icmp or -1 for all."""

    protocol: str
    low: int
    high: int
    peer: str


@dataclass(frozen=True)
class InterfaceSnap:
    """A network interface, attached or not; ``private_ips`` has the primary IPv4 address first, IPv6 addresses last."""

    network_interface_id: str
    subnet_id: str
    private_ips: tuple[str, ...]
    mac: str
    source_dest_check: bool
    instance_id: str | None
    device_index: int | None
    #: Seconds that an idle connection is remembered, where that was set.
    tcp_established_timeout: int | None = None
    #: What its security groups let in; None where the lab does not enforce that.
    inbound: tuple[InboundSnap, ...] | None = None


@dataclass(frozen=True)
class InstanceSnap:
    """An instance and its state: pending, running, stopping, stopped, shutting-down or terminated."""

    instance_id: str
    state: str


@dataclass(frozen=True)
class TransitSnap:
    """The transit gateway of a VPC.

    ``entries`` are the VPC's attachment subnets; ``inward`` are the prefixes that lead to the VPC, by the attachment
    that a packet comes in by; ``outward`` the prefixes that lead elsewhere for what comes from the VPC, and whither.
    """

    gateway_id: str
    entries: tuple[str, ...]
    inward: tuple[tuple[str, str], ...]
    outward: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CheckSnap:
    """A health check; ``port`` is None for the target's own, the others are AWS's seconds and counts."""

    port: int | None
    interval: int
    timeout: int
    healthy: int
    unhealthy: int


@dataclass(frozen=True)
class ListenerSnap:
    """A listener with its target group; ``closes``: connections of a target that becomes unhealthy are closed.

    ``drain`` is how many seconds those of a target that is registered no more have left; None: as long as they like.
    """

    port: int
    idle_timeout: int
    group_arn: str
    targets: tuple[tuple[str, int], ...]
    check: CheckSnap
    closes: bool
    drain: int | None = None


@dataclass(frozen=True)
class BalancerSnap:
    """A load balancer that is active."""

    arn: str
    network_interface_ids: tuple[str, ...]
    listeners: tuple[ListenerSnap, ...]


@dataclass(frozen=True)
class VpcSnapshot:
    """Everything about a VPC that moves packets."""

    vpc_id: str
    cidrs: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    tables: tuple[TableSnap, ...]
    interfaces: tuple[InterfaceSnap, ...]
    instances: tuple[InstanceSnap, ...]
    transit: TransitSnap | None = None
    balancers: tuple[BalancerSnap, ...] = ()
    #: How long a second of a load balancer's takes (see switches.py).
    balancer_second: float = 1.0
