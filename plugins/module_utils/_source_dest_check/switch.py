# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch the source/destination check on or off where it differs, interface by interface.

EC2 drops what arrives at an interface for another address than its own as long as the check is on:
https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws.errors import AwsError
from .._route.ec2 import Ec2
from .._route.facts import Interface


class SwitchError(Exception):
    """A write that was refused; ``result`` says which interfaces are done."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


def chosen(ec2: Ec2, params: Mapping[str, Any]) -> list[Interface]:
    """The interfaces that the options of ``source_dest_check`` name, by one describe call. Raises AwsError."""
    if params["network_interface_ids"]:
        return ec2.interfaces(params["network_interface_ids"])
    instances = ec2.instances(params["instance_ids"])
    if params["all_interfaces"]:
        return [interface for instance in instances for interface in instance.interfaces]
    return [instance.interface(params["device_index"]) for instance in instances]


def switch(ec2: Ec2, interfaces: list[Interface], enabled: bool, check: bool) -> dict[str, Any]:
    """Write what differs, or with ``check`` only foretell it. Raises SwitchError."""
    shown = [
        {
            "network_interface_id": i.network_interface_id,
            "instance_id": i.instance_id,
            "before": i.source_dest_check,
            "after": i.source_dest_check,
        }
        for i in interfaces
    ]
    changed = False
    for interface in shown:
        if interface["before"] == enabled:
            continue
        if not check:
            try:
                ec2.set_source_dest_check(str(interface["network_interface_id"]), enabled)
            except AwsError as err:
                text = f"{interface['network_interface_id']} is unchanged: {err.message}"
                state = {"changed": changed, "interfaces": shown, "api_calls": dict(ec2.aws.calls)}
                raise SwitchError(text, state) from err
        interface["after"] = enabled
        changed = True
    diff = {side: {str(i["network_interface_id"]): i[side] for i in shown} for side in ("before", "after")}
    return {"changed": changed, "interfaces": shown, "api_calls": dict(ec2.aws.calls), "diff": diff}
