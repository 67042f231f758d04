# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""200 pairs on an endpoint with EC2's rules: instances in two zones, two route tables, no machine behind any of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet import look
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet.plan import Pair
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.world import WorldSpec, build
from unit.aws_lab import AwsLab

PAIRS, TABLES = 200, 2
HOME, AWAY = "euc1-az1", "euc1-az2"


def destination(number: int) -> str:
    return f"192.168.{100 + number // 250}.{number % 250 + 1}/32"


class Fleet:
    """The pairs: the first node of each is in HOME, the other in AWAY, and the first holds its overlay IP."""

    def __init__(self, endpoint: Endpoint) -> None:
        world = build(endpoint, WorldSpec(tables=TABLES))
        self.lab = AwsLab(endpoint, world, Control(endpoint.url))
        self.endpoint = endpoint
        found = [self._instances(node.subnet_id) for node in world.nodes]
        self.nodes = [(one["InstanceId"], other["InstanceId"]) for one, other in zip(*found, strict=True)]
        self.interfaces = [
            tuple(i["NetworkInterfaces"][0]["NetworkInterfaceId"] for i in pair) for pair in zip(*found, strict=True)
        ]
        for pair in self.interfaces:
            for interface in pair:
                self.lab.client.modify_network_interface_attribute(
                    NetworkInterfaceId=interface, SourceDestCheck={"Value": False}
                )
        self.lab.wait_state(found[1][-1]["InstanceId"], "running")

    def _instances(self, subnet: str) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.lab.client.run_instances(
            ImageId="ami-0123456789abcdef0", InstanceType="t3.micro", MinCount=PAIRS, MaxCount=PAIRS, SubnetId=subnet
        )["Instances"]
        return made

    def rest(self) -> None:
        """Every pair is held in HOME again."""
        self.endpoint.configure(routes_per_table=1000)
        for number, (interface, _other) in enumerate(self.interfaces):
            for table in self.lab.tables:
                arguments = {"RouteTableId": table, "DestinationCidrBlock": destination(number)}
                known = self.lab.truth(destination(number))[table]
                if known != interface:
                    act = self.lab.client.replace_route if known else self.lab.client.create_route
                    act(NetworkInterfaceId=interface, **arguments)
        self.lab.control.clear()

    def pairs(self, ec2: Ec2) -> list[Pair]:
        """One look at all of them, as the playbook has it before it asks the nodes."""
        asked = [
            look.Pair(f"pair{n}", nodes, (look.Part((destination(n),), tuple(self.lab.tables)),))
            for n, nodes in enumerate(self.nodes)
        ]
        seen = look.look(ec2, asked)
        return [self._pair(n, seen[f"pair{n}"]) for n in range(PAIRS)]

    def _pair(self, number: int, seen: dict[str, Any]) -> Pair:
        names = (f"n{number}a", f"n{number}b")
        overlay = {"address": destination(number)[:-3], "destination": destination(number), "node_addresses": []}
        nodes = {
            name: {"instance_id": i, "network_interface_id": None, "device_index": 0}
            for name, i in zip(names, self.nodes[number], strict=True)
        }
        model = {
            "nodes": nodes,
            "overlays": [overlay],
            "region": "eu-central-1",
            "deployment": "overlay-ip",
            "persistent": True,
            "exclusive": False,
            "failover": "none",
            "mover": "none",
            "api_from": "controller",
            "pre_tasks": None,
            "post_tasks": None,
        }
        said: dict[str, Any] = {name: {"addresses": [], "failover": []} for name in names}
        return Pair(f"pair{number}", model, status.report(model, seen["overlays"], said, None, seen["networks"]), said)
