# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read where in a VPC a source is, by which interface, and what kind of a client it is.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import PlanError
from . import look_vpc
from .look_vpc import Vpc
from .model import CLIENT, LINUX, TRANSLATED, WINDOWS, Ephemeral, Host, Tunnel, subnet_of
from .owners import Sight

_TRANSLATING = frozenset({"network_load_balancer", "load_balancer", "nat_gateway", "lambda", "gateway_load_balancer"})


class Wanted(Protocol):
    """What of a request is asked here, see `look.Request`."""

    @property
    def source(self) -> str:
        """A prefix."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def tunnel(self) -> Tunnel | None:
        """By what it comes into its subnet."""

    @property
    def group_ids(self) -> tuple[str, ...]:
        """The groups that it has there."""

    @property
    def ephemeral(self) -> Ephemeral | None:
        """What is known of its own ports."""


def located(ec2: Ec2, request: Wanted, source: Host, vpc: Vpc, sight: Sight) -> Host:
    """The source in a VPC that can be seen, with the interface that has this address, if one has.

    Raises:
        PlanError: one address, and no subnet of the VPC holds it: it is nobody's.
        AwsError: what cannot be read for another reason than a missing permission.
    """
    subnet = subnet_of(vpc.nets, request.source)
    block = ipaddress.ip_network(request.source)
    if subnet is None and look_vpc.partial(vpc.nets, vpc.account_id):
        remedy = "Let the owner of that VPC look, or look from an address in a subnet that is shared."
        sight.add(f"the subnet of {request.name} in {vpc.vpc_id}", "it is not shared with this account", remedy)
    elif subnet is None and block.num_addresses == 1:
        blocks = ", ".join(sorted(cidr for one in vpc.nets.values() for cidr in (one.cidr, *one.more) if cidr))
        raise PlanError(
            f"{request.name} belongs to nothing: it lies in the block of {vpc.vpc_id}, and in none of its subnets"
            f" ({blocks}). Correct from."
        )
    source = replace(source, net=subnet)
    if request.tunnel:
        return replace(source, group_ids=request.group_ids)
    if block.num_addresses > 1:
        return source
    raw = sight.ask("the interface of the source", lambda: _interface(ec2, vpc.vpc_id, request.source), None)
    if raw is None:
        return source
    return replace(
        source,
        group_ids=tuple(g["GroupId"] for g in raw.get("Groups", ())),
        network_interface_id=raw["NetworkInterfaceId"],
        ephemeral=request.ephemeral or _kind(ec2, raw),
    )


def _interface(ec2: Ec2, vpc_id: str, source: str) -> Mapping[str, Any] | None:
    """The interface that has an address in a VPC."""
    name = "ipv6-addresses.ipv6-address" if net.family(source) == 6 else "addresses.private-ip-address"
    wanted = {"vpc-id": vpc_id, name: net.bare(source)}
    filters = [{"Name": key, "Values": [value]} for key, value in wanted.items()]
    answer = ec2.aws.call("ec2", "DescribeNetworkInterfaces", Filters=filters)
    return next(iter(answer["NetworkInterfaces"]), None)


def _kind(ec2: Ec2, raw: Mapping[str, Any]) -> Ephemeral:
    """Which ports of its own a client takes, by what has the interface; by its instance's system, if that is seen."""
    if raw.get("InterfaceType") in _TRANSLATING or raw.get("Description", "").startswith("ELB "):
        return TRANSLATED
    instance_id = raw.get("Attachment", {}).get("InstanceId")
    if not instance_id:
        return CLIENT
    try:
        answer = ec2.aws.call("ec2", "DescribeInstances", InstanceIds=[instance_id])
    except AwsError as err:
        if not (err.denied or err.code.endswith(".NotFound")):
            raise
        return CLIENT
    found = [one for group in answer["Reservations"] for one in group["Instances"]]
    system = {str(one.get("Platform") or "").lower() for one in found}
    return WINDOWS if system == {"windows"} else LINUX if found else CLIENT
