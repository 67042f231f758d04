# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Auto Scaling group does to a node: its instance is terminated, and another one is launched in its place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.world import Machine, World, wait_for

if TYPE_CHECKING:
    from lab.endpoint import Endpoint

_PATIENCE = 30.0
#: The new instance has another private address than the old one.
_FURTHER = 50


def terminate(endpoint: Endpoint, world: World, name: str) -> None:
    """Terminate a machine's instance, and with it the interface and the disk."""
    ec2, instance_id = endpoint.client("ec2", world.admin.credentials()), world.machine(name).instance_id
    ec2.terminate_instances(InstanceIds=[instance_id])
    _await(endpoint, world, instance_id, "terminated")


def launch_again(endpoint: Endpoint, world: World, name: str) -> World:
    """Launch another instance of that name: same subnet and role, another address. Returns the world with it.

    The operator, whose policy names interfaces, may do with the new one what was allowed with the old one.
    """
    old = world.machine(name)
    if len(old.network_interface_ids) != 1:
        raise ValueError(f"{name} has {len(old.network_interface_ids)} network interfaces: only one can be replaced")
    ec2 = endpoint.client("ec2", world.admin.credentials())
    network, _dot, host = old.addresses[0].rpartition(".")
    address = f"{network}.{int(host) + _FURTHER}"
    image = ec2.describe_instances(InstanceIds=[old.instance_id])["Reservations"][0]["Instances"][0]
    started = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType=image["InstanceType"],
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": old.subnet_id, "PrivateIpAddress": address, "DeleteOnTermination": True}
        ],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        **({"IamInstanceProfile": {"Name": old.role_name}} if old.role_name else {}),
    )["Instances"][0]
    interface = started["NetworkInterfaces"][0]["NetworkInterfaceId"]
    new = replace(old, instance_id=started["InstanceId"], network_interface_ids=(interface,), addresses=(address,))
    _await(endpoint, world, new.instance_id, "running")
    _allow(endpoint, world, old.network_interface_ids[0], interface)
    return replace(world, nodes=_with(world.nodes, new), clients=_with(world.clients, new))


def _with(machines: tuple[Machine, ...], new: Machine) -> tuple[Machine, ...]:
    return tuple(new if machine.name == new.name else machine for machine in machines)


def _await(endpoint: Endpoint, world: World, instance_id: str, state: str) -> None:
    ec2 = endpoint.client("ec2", world.admin.credentials())

    def reached() -> bool:
        found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return bool(found["State"]["Name"] == state)

    wait_for(reached, f"{instance_id} to be {state}", _PATIENCE)


def _allow(endpoint: Endpoint, world: World, old: str, new: str) -> None:
    iam, name = endpoint.client("iam", world.admin.credentials()), world.operator_name
    document = json.dumps(iam.get_user_policy(UserName=name, PolicyName=name)["PolicyDocument"])
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document.replace(old, new))
