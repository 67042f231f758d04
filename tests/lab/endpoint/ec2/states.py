# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a route, as EC2 reports it: when a target cannot receive, and not before.

Source: reference part 1.2. Blackhole when the instance is stopped or terminated (reported, and agreed by AWSnycast's
maintainer: not while stopping or shutting-down), when the interface is deleted (VPC user guide); when it is detached
is inferred. A hung system is none of EC2's business: the route stays active.
"""

from __future__ import annotations

from typing import Any

#: Instance states in which a route to the instance is a blackhole.
_DOWN = ("stopped", "terminated")


def route_state(route: Any) -> str:
    """``active`` or ``blackhole``."""
    return "active" if _can_receive(route) else "blackhole"


def _can_receive(route: Any) -> bool:
    interface = route.interface
    if interface is not None:
        exists = interface.id in interface.ec2_backend.enis
        return exists and interface.instance is not None and interface.instance.state not in _DOWN
    ec2 = route.route_table.ec2_backend
    gateway = route.gateway
    if gateway is not None:
        known = gateway.id in ec2.internet_gateways or gateway.id in ec2.vpn_gateways
        return known and (not gateway.id.startswith("igw-") or gateway.vpc is not None)
    if route.nat_gateway is not None:
        return route.nat_gateway.state in ("pending", "available")
    if route.transit_gateway is not None:
        return route.transit_gateway.id in ec2.transit_gateways
    if route.vpc_pcx is not None:
        return bool(route.vpc_pcx._status.code == "active")
    return True
