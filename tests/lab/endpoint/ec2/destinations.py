# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of routes: exactly one, in canonical form, and none that a VPC refuses. Pure functions.

Source: VPC user guide "Route tables" (ranges, VPC CIDR), EC2 API model (canonical form), reference part 1.1 (texts).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..answers import ApiError
from ..cloud import Cloud
from ..request import Call
from . import prefixes
from .blocks import Network, canonical, within

_PARAMETERS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

#: Documented as reserved: no route may lie inside them.
_RESERVED = (ipaddress.ip_network("169.254.168.0/22"), ipaddress.ip_network("fd00:ec2::/32"))
#: Refused as well; that EC2 does so is inferred.
_UNROUTABLE = tuple(
    ipaddress.ip_network(block)
    for block in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1/128", "fe80::/10", "ff00::/8")
)


@dataclass(frozen=True)
class Destination:
    """A destination block in canonical form, or a managed prefix list (moto's) with what is in it."""

    networks: tuple[Network, ...]
    listed: Any = None

    @property
    def text(self) -> str:
        """The form in which EC2 stores and shows it."""
        return str(self.listed.id if self.listed else self.networks[0])

    @property
    def ipv6(self) -> bool:
        """True for IPv6."""
        return self.listed.address_family == "IPv6" if self.listed else self.networks[0].version == 6


def destination(cloud: Cloud, call: Call) -> Destination:
    """The one destination of a route call, canonicalised: 100.68.0.18/18 is stored as 100.68.0.0/18."""
    given = [(name, value) for name in _PARAMETERS if (value := call.get(name))]
    names = ", ".join(f"{name[0].lower()}{name[1:]}" for name in _PARAMETERS)
    if not given:
        raise ApiError("MissingParameter", f"The request must contain exactly one of {names}")
    if len(given) > 1:
        raise ApiError("InvalidParameterCombination", f"The request must contain exactly one of {names}")
    name, value = given[0]
    if name == "DestinationPrefixListId":
        return of_list(prefixes.find(cloud, call, name))
    return Destination((canonical(value, 4 if name == "DestinationCidrBlock" else 6),))


def of_list(found: Any) -> Destination:
    """A list as a destination."""
    return Destination(tuple(ipaddress.ip_network(one["Cidr"]) for one in prefixes.entries_of(found)), found)


def of_route(route: Any) -> Destination:
    """The destination of a route that there is."""
    if route.destination_prefix_list is not None:
        return of_list(route.destination_prefix_list)
    return Destination((ipaddress.ip_network(route.destination_cidr_block or route.destination_ipv6_cidr_block),))


def check_range(network: Network) -> None:
    """Refuse destinations that no VPC routes."""
    for reserved in (*_RESERVED, *_UNROUTABLE):
        if within(network, reserved):
            raise ApiError("InvalidParameterValue", f"The destination CIDR block {network} is in a reserved range.")


def check_local(network: Network, vpc_cidrs: Iterable[Network], subnet_cidrs: Iterable[Network], to_eni: bool) -> None:
    """Refuse a more specific route inside the VPC, except one for exactly a subnet that points at an interface."""
    if not any(within(network, cidr) for cidr in vpc_cidrs):
        return
    if not to_eni:
        raise ApiError(
            "InvalidParameterValue",
            f"The destination CIDR block {network} is equal to or more specific than one of this VPC's CIDR blocks. "
            "This route can target only an interface or an instance.",
        )
    if network not in set(subnet_cidrs):
        raise ApiError("InvalidParameterValue", "Route destination doesn't match any subnet CIDR blocks.")


def already_exists(text: str) -> ApiError:
    """CreateRoute for a destination that the table has. Source: EC2 error codes, and real error texts."""
    return ApiError("RouteAlreadyExists", f"The route identified by {text} already exists.")
