# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab in the hands of a test."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

from botocore.exceptions import ClientError

from lab.daemon import control
from lab.daemon.api import client
from lab.daemon.state import Directory, Lab
from lab.endpoint.control import Control
from lab.nodes.base import MARKER
from lab.playbook.run import Run, run_playbook
from lab.probe.session import ProbeSession, who_answers
from lab.world import World


class LabHandle:
    """What a test does with a lab: run playbooks, probe, break machines, look at the API and into the machines."""

    def __init__(self, directory: Directory, lab: Lab) -> None:
        self.directory = directory
        self.lab = lab
        self.world: World = lab.world
        self.control = Control(lab.world.endpoint_url)
        self.ec2 = client(lab.world, "ec2")
        #: The owner of the VPC and its tables; the same account unless the VPC is shared.
        self.owner_ec2 = client(lab.world, "ec2", lab.world.owner_admin)
        self.iam = client(lab.world, "iam")

    def client(self, service: str) -> Any:
        """A client of the nodes' account's administrator."""
        return client(self.world, service)

    # What a user does

    def playbook(
        self,
        name: str,
        *,
        target: str | None = None,
        check: bool = False,
        arguments: tuple[str, ...] = (),
        **extra: Any,
    ) -> Run:
        """Run a playbook of the checkout with the lab's inventory; ``extra`` are variables (``-e``)."""
        variables = {**({"target": target} if target else {}), **extra}
        return run_playbook(name, self.directory.inventory, extra_vars=variables, check=check, arguments=arguments)

    def probe(self, address: str | None = None, source: str = "client1", rate: float = 1000.0) -> ProbeSession:
        """The 1 kHz probe, for a ``with`` block."""
        namespace = self.lab.machine(source).netns
        return ProbeSession(namespace, address or self.lab.overlay, {MARKER: self.lab.lab_id}, rate)

    def who(self, address: str | None = None, source: str = "client1") -> str | None:
        """Who answers there now, as seen from a machine; None for nobody."""
        return who_answers(self.lab.machine(source).netns, address or self.lab.overlay)

    # What a test does to the machines

    def exec(
        self, machine: str, *argv: str, stdin: str = "", timeout: float = 30.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a machine as root."""
        done = self._tell("exec", machine=machine, argv=list(argv), stdin=stdin, seconds=timeout, timeout=timeout + 5.0)
        return subprocess.CompletedProcess(argv, done["returncode"], done["stdout"], done["stderr"])

    def crash(self, machine: str) -> None:
        """Lose a machine between two packets; EC2 goes on calling it running."""
        self._tell("crash", machine=machine)

    def boot(self, machine: str) -> None:
        """Boot a machine that crashed."""
        self._tell("boot", machine=machine)

    def reboot(self, machine: str) -> None:
        """Reboot a machine in an orderly way."""
        self._tell("reboot", machine=machine)

    def stop(self, machine: str) -> None:
        """StopInstances, and wait until the machine is off and the API says stopped."""
        instance_id = self.lab.machine(machine).instance_id
        self.ec2.stop_instances(InstanceIds=[instance_id])
        self._wait("instance_stopped", instance_id)

    def start(self, machine: str) -> None:
        """StartInstances, and wait until the machine answers and the API says running."""
        instance_id = self.lab.machine(machine).instance_id
        self.ec2.start_instances(InstanceIds=[instance_id])
        self._wait("instance_running", instance_id)

    def partition(self, one: str, other: str) -> None:
        """Let no packet through between two machines."""
        self._tell("partition", one=one, other=other)

    def heal(self) -> None:
        """End all partitions."""
        self._tell("heal")

    def outside(self, name: str, address: str, attachment_id: str) -> str:
        """A host behind a transit gateway's attachment, a peering connection (``pcx-``) or a virtual private gateway
        (``vgw-``); its namespace, to probe from.
        """
        return str(self._tell("outside", name=name, address=address, attachment_id=attachment_id))

    def settle(self) -> None:
        """Return when data path and machines have caught up with the endpoint."""
        self._tell("settle")

    # What a test sees or sets in the VPC

    def holders(self, address: str | None = None) -> dict[str, str]:
        """For each route table with a route to ``address``: the machine's name, or the interface if it is nobody's."""
        destination = str(ip_network(address or self.lab.overlay))
        names = {i: m.name for m in self.world.machines for i in m.network_interface_ids}
        holders = {}
        for table in self.owner_ec2.describe_route_tables(RouteTableIds=list(self.world.route_table_ids))[
            "RouteTables"
        ]:
            for route in table["Routes"]:
                if destination in (route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")):
                    interface_id = route.get("NetworkInterfaceId", "")
                    holders[table["RouteTableId"]] = names.get(interface_id, interface_id)
        return holders

    def move(self, machine: str, address: str | None = None, tables: Sequence[str] = ()) -> None:
        """Point the route at a machine behind the collection's back, as a failover does, or make it there."""
        destination = str(ip_network(address or self.lab.overlay))
        key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        interface_id = self.world.machine(machine).network_interface_ids[0]
        for table_id in tables or self.world.route_table_ids:
            arguments = {"RouteTableId": table_id, key: destination, "NetworkInterfaceId": interface_id}
            try:
                self.owner_ec2.replace_route(**arguments)
            except ClientError:
                self.owner_ec2.create_route(**arguments)
        self.settle()

    def delete_routes(self, keep: str = "") -> None:
        """Delete all routes that somebody created, but those to the network ``keep``."""
        tables = self.owner_ec2.describe_route_tables(RouteTableIds=list(self.world.route_table_ids))["RouteTables"]
        for table in tables:
            for route in table["Routes"]:
                keys = {k: v for k, v in route.items() if k in ("DestinationCidrBlock", "DestinationIpv6CidrBlock")}
                if route["Origin"] == "CreateRoute" and keep not in keys.values():
                    self.owner_ec2.delete_route(RouteTableId=table["RouteTableId"], **keys)

    def set_source_dest_check(self, machine: str, enabled: bool) -> None:
        """Set the check on a machine's first interface."""
        interface_id = self.world.machine(machine).network_interface_ids[0]
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, SourceDestCheck={"Value": enabled})
        self.settle()

    def reset(self) -> None:
        """Back to the VPC as it was built: no routes of ours, checks on, no policies, fresh disks, all machines up."""
        self.control.clear()
        self.control.settings(propagation_delay=0.0)
        self._tell("renew")
        self.delete_routes()
        for node in self.world.nodes:
            self._reset_instance(node.instance_id, node.role_name, node.network_interface_ids)
        self.settle()
        self.control.clear()

    def _reset_instance(self, instance_id: str, role_name: str | None, interface_ids: Sequence[str]) -> None:
        for interface_id in interface_ids:
            self.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=interface_id, SourceDestCheck={"Value": True}
            )
        if role_name:
            for policy in self.iam.list_role_policies(RoleName=role_name)["PolicyNames"]:
                self.iam.delete_role_policy(RoleName=role_name, PolicyName=policy)
            for policy in self.iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]:
                self.iam.detach_role_policy(RoleName=role_name, PolicyArn=policy["PolicyArn"])
        with suppress(ClientError):  # running already
            self.ec2.start_instances(InstanceIds=[instance_id])
        self._wait("instance_running", instance_id)

    def _wait(self, state: str, instance_id: str) -> None:
        self.ec2.get_waiter(state).wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
        self.settle()

    def _tell(self, command: str, **arguments: Any) -> Any:
        return control.tell(self.directory.control, command, **arguments)
