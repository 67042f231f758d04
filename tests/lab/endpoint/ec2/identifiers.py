# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource ids: ``.Malformed`` before ``.NotFound``. Source: EC2 error codes page; the exact texts are moto's."""

from __future__ import annotations

import re
from typing import Any

from ..answers import ApiError
from ..cloud import Cloud
from ..request import Call

#: Prefix to the error codes for a malformed and for an unknown id. EC2 really spells them differently.
_CODES = {
    "rtb": ("InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound", "routeTable ID"),
    "eni": ("InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    "i": ("InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "instance ID"),
    "vpc": ("InvalidVpcID.Malformed", "InvalidVpcID.NotFound", "vpc ID"),
    "subnet": ("InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound", "subnet ID"),
}

#: Parameters (without ``.N``) to the prefix that their values must have.
_PARAMETERS = {
    "RouteTableId": "rtb",
    "NetworkInterfaceId": "eni",
    "InstanceId": "i",
    "SubnetId": "subnet",
    "VpcId": "vpc",
}


def check(call: Call) -> None:
    """Refuse a call with a malformed id in any of its parameters."""
    for name, value in call.params.items():
        prefix = _PARAMETERS.get(name.partition(".")[0])
        if prefix and value and not re.fullmatch(rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
            raise ApiError(_CODES[prefix][0], f'Invalid id: "{value}" (expecting "{prefix}-...")')


def not_found(prefix: str, resource_id: str) -> ApiError:
    """The error for an id that is well-formed and unknown."""
    dummy, code, noun = _CODES[prefix]
    return ApiError(code, f"The {noun} '{resource_id}' does not exist")


def table(cloud: Cloud, call: Call, table_id: str) -> Any:
    """The route table, whoever owns it (the judge has decided whether the caller may)."""
    found = cloud.backing.table(call.region, table_id)
    if found is None:
        raise not_found("rtb", table_id)
    return found


def interface(cloud: Cloud, region: str, interface_id: str) -> Any:
    """The network interface."""
    found = cloud.backing.interface(region, interface_id)
    if found is None:
        raise not_found("eni", interface_id)
    return found


def instance(cloud: Cloud, region: str, instance_id: str) -> Any:
    """The instance."""
    found = cloud.backing.instance(region, instance_id)
    if found is None:
        raise not_found("i", instance_id)
    return found
