# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two overlay IPs on opposite nodes, as ASCS and ERS have them: the second one leaves where the first one comes.

The lab's own overlay IP is ASCS's. A cluster of Pacemaker that setup makes, of two nodes or of more.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from drill.bed import Bed, DrillError
from lab.daemon import process
from lab.daemon.api import client
from lab.daemon.state import LabError

ERS = "192.168.10.77"


class Opposite(Bed):
    """The nodes with both overlay IPs, each at its home."""

    @property
    def ascs(self) -> str:
        """The address that the other one gives way to."""
        return self.lab.overlay

    def variables(self) -> dict[str, Any]:
        """The inventory."""
        overlays = [{"address": self.ascs, "home": "node1"}, {"address": ERS, "home": "node2", "apart_from": self.ascs}]
        return {**super().variables(), "overlay_ips": overlays}

    def apart(self, ascs: str, ers: str, seconds: float = 60.0) -> None:
        """Wait until each is at its node, by the routes, the address and the cluster alike. Raises DrillError."""
        deadline, want = time.monotonic() + seconds, {self.ascs: (ascs, ascs, ascs), ERS: (ers, ers, ers)}
        while (seen := {address: self.place(address) for address in want}) != want:
            if time.monotonic() > deadline:
                raise DrillError(f"{want} did not come in {seconds:.0f} s: {seen}")
            time.sleep(0.3)

    def home(self) -> None:
        """Each at its home, whatever a test has left."""
        if self.place(self.ascs)[0] != self.nodes[0]:
            self.exec("node1", "crm_resource", "--move", "--resource", f"overlay-ip-{self.ascs}", "--node", "node1")
            self.exec("node1", "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
            self.exec("node1", "crm_resource", "--clear", "--resource", f"overlay-ip-{self.ascs}")
        self.apart("node1", "node2")

    def spread(self, seconds: float = 60.0) -> dict[str, str]:
        """Wait until each is at one node, by all accounts, and the two at different ones; who has which."""
        deadline = time.monotonic() + seconds
        while True:
            seen = {address: self.place(address) for address in (self.ascs, ERS)}
            found = {address: places[0] for address, places in seen.items()}
            if (
                all(set(places) == {found[address]} for address, places in seen.items())
                and len(set(found.values())) == 2
            ):
                return found
            if time.monotonic() > deadline:
                raise DrillError(f"the two did not come to rest on two nodes in {seconds:.0f} s: {seen}")
            time.sleep(0.3)

    def place(self, address: str) -> tuple[str, str, str]:
        """Where its routes point, where it is up, and where the cluster has it; several with a blank between them."""
        raw = self.ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))["RouteTables"]
        routes = [r for table in raw for r in table["Routes"] if r.get("DestinationCidrBlock") == f"{address}/32"]
        points = {self.instances.get(route.get("InstanceId", ""), "nobody") for route in routes}
        asked = [node for node in self.nodes if node not in self._off]
        up = [node for node in asked if self.exec(node, "ip", "-o", "address", "show", "to", address)]
        said = self.exec(asked[0], "crm_resource", "--locate", "--resource", f"overlay-ip-{address}")
        return " ".join(sorted(points)), " ".join(up), " ".join(re.findall(r"running on: (\S+)", said))

    def back(self, node: str, seconds: float = 180.0) -> None:
        """Wait until a node that lost its power is in the cluster again: fencing has switched it on, or this does."""
        deadline = time.monotonic() + seconds
        while True:
            state = self._states()[node]
            if state == "stopped":
                self.ec2.start_instances(InstanceIds=[self._ids[node]])
            try:
                if state == "running" and self.exec(node, "systemctl", "is-active", "pacemaker") == "active":
                    break
            except LabError:
                pass
            if time.monotonic() > deadline:
                raise DrillError(f"{node} did not come back within {seconds:.0f} s: it is {state}")
            time.sleep(1.0)
        self._off.discard(node)
        self.settle(seconds)

    def settle(self, seconds: float = 180.0) -> None:
        """Wait until every node is on and in the cluster, and that has nothing to do."""
        deadline = time.monotonic() + seconds
        while set(self._states().values()) != {"running"} or self._online() < len(self.nodes):
            if time.monotonic() > deadline:
                raise DrillError(f"{len(self.nodes)} nodes were not online within {seconds:.0f} s")
            time.sleep(0.5)
        self.exec(self.nodes[0], "crm_resource", "--wait", "--timeout=60s", timeout=90.0)

    def _online(self) -> int:
        text = self.exec(self.nodes[0], "crm_mon", "--one-shot", "--output-as=xml")
        return text.count('online="true"') if 'pending="true"' not in text else 0

    def group(self) -> None:
        """Put each into a group of its own with an application, as an operator does, without stopping it."""
        if "grp_ASCS" in self.exec("node1", "cibadmin", "--query", "--scope", "resources"):
            return
        setting = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
        self.exec("node1", *setting, "--update", "true")
        resources = ElementTree.fromstring(self.exec("node1", "cibadmin", "--query", "--scope", "resources"))
        for address, name in ((self.ascs, "ASCS"), (ERS, "ERS")):
            overlay = next(one for one in resources if one.get("id") == f"overlay-ip-{address}")
            resources.remove(overlay)
            group = ElementTree.SubElement(resources, "group", {"id": f"grp_{name}"})
            group.append(overlay)
            dummy = {"id": f"rsc_{name}", "class": "ocf", "provider": "pacemaker", "type": "Dummy"}
            ElementTree.SubElement(group, "primitive", dummy)
        text = ElementTree.tostring(resources, encoding="unicode")
        self.exec("node1", "cibadmin", "--replace", "--scope", "resources", "--xml-pipe", stdin=text)
        self.exec("node1", *setting, "--delete")
        self.exec("node1", "crm_resource", "--wait", "--timeout=60s", timeout=90.0)

    def by_hand(self, address: str) -> None:
        """What is done once for all nodes where no setup does it: policy, source/destination check and routes."""
        world = self.lab.world
        for machine in world.nodes:
            policy = {"Effect": "Allow", "Action": ["ec2:DescribeRouteTables", "ec2:ReplaceRoute"], "Resource": "*"}
            client(world, "iam").put_role_policy(
                RoleName=self.roles[machine.name],
                PolicyName="by-hand",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
            )
            self.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=machine.network_interface_ids[0], SourceDestCheck={"Value": False}
            )
        for table in world.route_table_ids:
            self.ec2.create_route(
                RouteTableId=table,
                DestinationCidrBlock=f"{address}/32",
                NetworkInterfaceId=world.nodes[0].network_interface_ids[0],
            )

    def rest_at(self, address: str, node: str, seconds: float = 60.0) -> None:
        """Wait until an address is at this node, by the routes and by the node."""
        deadline = time.monotonic() + seconds
        while (seen := self.place(address)[:2]) != (node, node):
            if time.monotonic() > deadline:
                raise DrillError(f"{address} did not come to {node} in {seconds:.0f} s: {seen}")
            time.sleep(0.3)

    def constraints(self) -> str:
        """The cluster's, as XML."""
        return self.exec("node1", "cibadmin", "--query", "--scope", "constraints")


@contextmanager
def opposite(count: int = 2, kind: type[Opposite] = Opposite) -> Iterator[Opposite]:
    """A lab with these nodes, set up and at rest; removed afterwards."""
    directory, lab = process.up("full:ha", ["--tables=2", f"--count={count}"])
    try:
        made = kind(directory, lab, "pacemaker")
        made.prepare()
        made.play("setup.yml")
        made.apart("node1", "node2")
        yield made
    finally:
        process.down(directory)
