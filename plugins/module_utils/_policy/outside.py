# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements for what is in front of an overlay IP: load balancers and Client VPN endpoints. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .statement import Ec2Ref, Place, allow

BALANCING = (
    "DescribeAccountAttributes",
    "DescribeAddresses",
    "DescribeInstanceTypes",
    "DescribeInternetGateways",
    "DescribeVpcs",
)
"""Besides what a path needs: what Elastic Load Balancing asks EC2 in the caller's name (its user guide, "API
permissions"), and how long the nodes' interfaces track by themselves."""
_BALANCER_READ = (
    "DescribeListenerAttributes",
    "DescribeListeners",
    "DescribeLoadBalancers",
    "DescribeTags",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
)
_BALANCER_WRITE: dict[tuple[str, ...], tuple[str, ...]] = {
    ("listener/net/{}/*/*",): ("AddTags", "DeleteListener", "ModifyListener", "ModifyListenerAttributes"),
    ("loadbalancer/net/{}/*",): (
        "AddTags",
        "CreateListener",
        "CreateLoadBalancer",
        "DeleteLoadBalancer",
        "SetSecurityGroups",
        "SetSubnets",
    ),
    tuple(f"targetgroup/{{}}-{'?' * digits}/*" for digits in range(1, 6)): (
        "AddTags",
        "CreateTargetGroup",
        "DeleteTargetGroup",
        "DeregisterTargets",
        "ModifyTargetGroup",
        "ModifyTargetGroupAttributes",
        "RegisterTargets",
    ),
}
_VPN_READ = (
    "DescribeClientVpnAuthorizationRules",
    "DescribeClientVpnRoutes",
    "DescribeClientVpnTargetNetworks",
)
_VPN_RULES = ("AuthorizeClientVpnIngress", "RevokeClientVpnIngress")
_VPN_ROUTES = ("CreateClientVpnRoute", "DeleteClientVpnRoute")


@dataclass(frozen=True)
class Balancers:
    """Load balancers by their names, and the nodes' interfaces, which are of the same account; at least one of each."""

    names: Sequence[str]
    interfaces: Sequence[Ec2Ref]


@dataclass(frozen=True)
class ClientVpns:
    """Client VPN endpoints and the subnets that they are associated with, by their ids; all of one account."""

    account: str
    endpoints: Sequence[str]
    subnets: Sequence[str]


def balancing(place: Place, balancers: Balancers) -> Iterable[dict[str, Any]]:
    """By the names of load balancers, which those of listeners and target groups begin with.

    A target group is called after its load balancer and a port, and a port has five digits at most: so those of
    ``sap-prd`` are fenced off from ``sap``, but where what follows ``sap-`` has five characters, such as ``a-443``.
    Whose target group is registered where is no resource of any action: the names are the only fence.
    """
    service, account = "elasticloadbalancing", balancers.interfaces[0].account
    reads = [f"{service}:{name}" for name in _BALANCER_READ]
    yield allow(reads, ["*"], StringEquals={"aws:RequestedRegion": place.region})
    for shapes, actions in _BALANCER_WRITE.items():
        named = [shape.format(name) for name in balancers.names for shape in shapes]
        yield allow(
            [f"{service}:{name}" for name in actions],
            [f"arn:{place.partition}:{service}:{place.region}:{account}:{one}" for one in named],
        )
    # AWS's own policy ElasticLoadBalancingFullAccess has this since October 2024; whoever owns the VPC.
    vpcs = [place.ec2("*", "vpc", vpc_id) for vpc_id in {eni.vpc_id for eni in balancers.interfaces}]
    yield allow(["ec2:GetSecurityGroupsForVpc"], vpcs)
    yield allow(
        ["ec2:ModifyNetworkInterfaceAttribute"],
        [place.ec2(eni.account, "network-interface", eni.resource_id) for eni in balancers.interfaces],
    )


def client_vpns(place: Place, vpns: ClientVpns) -> Iterable[dict[str, Any]]:
    """A route is judged on its endpoint and its subnet, everything else on the endpoint; reading, too."""
    endpoints = [place.ec2(vpns.account, "client-vpn-endpoint", one) for one in vpns.endpoints]
    subnets = [place.ec2(vpns.account, "subnet", one) for one in vpns.subnets]
    yield allow([f"ec2:{name}" for name in _VPN_READ + _VPN_RULES], endpoints)
    yield allow([f"ec2:{name}" for name in _VPN_ROUTES], endpoints + subnets)
