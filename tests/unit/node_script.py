# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node and the calls that it makes of AWS, in one list with what it does to its address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError
from unit.script import Call, Script

OVERLAY = "192.168.10.15/32"
TABLES = ("rtb-1", "rtb-2")
ONE = ("rtb-1",)


def named(destination: str) -> str:
    """The part of a route in which it is."""
    return "DestinationPrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock"


def read(*holders: str | None, error: str = "", tables: Sequence[str] = TABLES, destination: str = OVERLAY) -> Call:
    """One DescribeRouteTables and its answer: who holds each table."""
    raw = [
        {
            "RouteTableId": table,
            "VpcId": "vpc-1",
            "OwnerId": "1",
            "Routes": [{named(destination): destination, "NetworkInterfaceId": eni, "State": "active",
                        "Origin": "CreateRoute"}] if eni else [],
        }
        for table, eni in zip(tables, holders, strict=True)
    ] if not error else []  # fmt: skip
    filters = [{"Name": "route-table-id", "Values": list(tables)}]
    return Call("ec2", "DescribeRouteTables", {"Filters": filters, "MaxResults": 100}, {"RouteTables": raw}, error)


def replace(table: str, eni: str = "eni-me", error: str = "", **more: Any) -> Call:
    params = {"RouteTableId": table, "DestinationCidrBlock": OVERLAY, "NetworkInterfaceId": eni, **more}
    return Call("ec2", "ReplaceRoute", params, {"Return": True}, error)


class Address:
    """The node's address; its deeds go to the same list as the calls to AWS."""

    def __init__(self, deeds: list[str], up: bool = False) -> None:
        self.config = Config(
            "n1", (Overlay(OVERLAY, (OVERLAY,), route_table_ids=TABLES),),
            network_interface_id="eni-me", peers={"n2": "eni-peer"},
        )  # fmt: skip
        self.deeds, self.is_up = deeds, up
        self.troubles: list[str] = []

    def up(self) -> bool:
        changed, self.is_up = not self.is_up, True
        self.deeds += ["up"] if changed else []
        return changed

    def down(self, destinations: Any = None) -> bool:
        if destinations is not None and not destinations:
            return False
        changed, self.is_up = self.is_up, False
        self.deeds += ["down"] if changed else []
        return changed

    def live(self) -> dict[str, str]:
        return {OVERLAY: "eth0"} if self.is_up else {}

    def foresee(self) -> None:
        pass


class Told(Script):
    """A script that writes its calls down."""

    def __init__(self, deeds: list[str], *expected: Call) -> None:
        super().__init__(*expected)
        self.deeds = deeds

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        self.deeds.append(operation)
        # Writes are sent side by side: of those that are next, whichever comes first.
        for index, play in enumerate(self.expected):
            if (play.operation, play.params) == (operation, params):
                self.expected.insert(0, self.expected.pop(index))
                break
            if play.operation != operation:
                break
        return super().call(service, operation, **params)


def play(run: Callable[[Node], Any], *expected: Call, up: bool = False) -> tuple[Any, list[str], Address]:
    deeds: list[str] = []
    address: Any = Address(deeds, up)
    with Told(deeds, *expected) as aws:
        result = run(Node(address, ec2=lambda opts: Ec2(aws)))
    return result, deeds, address


def take(node: Node) -> Any:
    try:
        return node.take(Deadline(0.5))
    except (AwsError, JobError) as exc:
        return exc
