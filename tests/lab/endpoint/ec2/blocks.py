# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIDR blocks in canonical form. Pure functions."""

from __future__ import annotations

import ipaddress

from ..answers import ApiError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def canonical(value: str, version: int) -> Network:
    """A CIDR block without its host bits, else InvalidParameterValue."""
    try:
        if "/" not in value:
            raise ValueError(value)
        network = ipaddress.ip_network(value, strict=False)
        if network.version != version:
            raise ValueError(value)
    except ValueError:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter destination{'Ipv6' if version == 6 else ''}CidrBlock is invalid. "
            f"This is not a valid {'IPv6 ' if version == 6 else ''}CIDR block.",
        ) from None
    return network


def within(inner: Network, outer: Network) -> bool:
    """True when ``inner`` lies in ``outer`` (or is it); never across families."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
