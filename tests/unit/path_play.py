# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: overlay_path_info from a site in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_path_info
from unit import transit_lab
from unit.aws_lab import OVERLAY, AwsLab, Run, run_module
from unit.path_site import CLIENT, PORT, Site, allow, revoke
from unit.transit_lab import CLIENTS, ON_PREMISES


@pytest.fixture
def site(aws: AwsLab) -> Iterator[Site]:
    transit = transit_lab.build(aws)
    ec2, world = transit.client, aws.world
    aws.point(1)
    transit.point(transit.nodes)
    for machine in world.nodes:
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=machine.network_interface_ids[0], SourceDestCheck={"Value": False}
        )
    for table in aws.tables:
        for network in (CLIENTS, ON_PREMISES):
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, TransitGatewayId=transit.gateway)
    clients_table = transit.clients_table
    ec2.create_route(RouteTableId=clients_table, DestinationCidrBlock=OVERLAY, TransitGatewayId=transit.gateway)
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[aws.eni(1)])["NetworkInterfaces"][0]
    group = interface["Groups"][0]["GroupId"]
    made = Site(transit, group, clients_table, "0.0.0.0/0")
    allow(ec2, group, made.allowed)
    aws.control.clear("calls")
    yield made
    for subnet, acl in made.undo:
        made.associate(subnet, acl)
    revoke(ec2, group, made.allowed)
    transit_lab.remove(transit)


@pytest.fixture
def play(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "from": CLIENT,
            "address": "192.168.10.15",
            "port": PORT,
            "instance_ids": [m.instance_id for m in site.aws.world.nodes],
            **site.aws.options(site.aws.world.owner_admin),
            **params,
        }
        return run_module(overlay_path_info, capsys, check=check, **chosen)

    return run
