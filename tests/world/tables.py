# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the VPC's route tables while a pair runs, and what must come of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drill.bed import Bed
from lab.daemon.api import client

INTERVAL = 2
"""Seconds between two looks of an engine at the routes in these runs: the default is 10 and 60."""
LOOKS = 4
#: How long two busy cores may take longer than the engine's own times.
PATIENCE = 8.0


def every_table(bed: Bed, **more: Any) -> dict[str, Any]:
    """The variables of an inventory that names no tables, which is the default, and looks often."""
    return {
        "overlay_ips": [{"address": bed.lab.overlay}],
        "overlay_ip_route_interval": INTERVAL,
        "overlay_ip_resource_api_interval": INTERVAL,
        **more,
    }


@contextmanager
def new_table(bed: Bed) -> Iterator[str]:
    """A subnet with a route table of its own, as one `terraform apply` makes it; yields the table's id."""
    vpc = bed.lab.world.vpc_id
    zone = bed.ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    subnet = bed.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.77.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    table: str = bed.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = bed.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    _permit_operator(bed, table)
    try:
        yield table
    finally:
        bed.ec2.disassociate_route_table(AssociationId=association)
        bed.ec2.delete_route_table(RouteTableId=table)
        bed.ec2.delete_subnet(SubnetId=subnet)


def _permit_operator(bed: Bed, table: str) -> None:
    """The lab's operator may write named tables only, as docs/iam.md advises: whoever makes a table adds it there."""
    world = bed.lab.world
    arn = f"arn:aws:ec2:{world.region}:{world.account_id}:route-table/{table}"
    actions = ["ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": arn}]}
    client(world, "iam").put_user_policy(
        UserName="operator", PolicyName="new-table", PolicyDocument=json.dumps(document)
    )


def route_in(bed: Bed, table: str) -> str | None:
    """The node that a table of the VPC, named in the inventory or not, sends the overlay IP to."""
    (raw,) = bed.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    routes = (r for r in raw["Routes"] if r.get("DestinationCidrBlock") == f"{bed.lab.overlay}/32")
    return next((bed.instances.get(route.get("InstanceId", "")) for route in routes), None)


def journal(bed: Bed, node: str) -> str:
    """What the node's program has said there since it was booted."""
    return bed.exec(node, "journalctl", "--boot", "--no-pager", "--identifier=aws-overlay-ip", "--output=cat")


def a_table_appears(bed: Bed) -> None:
    """Nothing is lost, the holder stays, the table is told of; setup adds it, and a failover moves it too."""
    holder = bed.view().holder or ""
    standby = next(node for node in bed.nodes if node != holder)
    bed.play("setup.yml", **every_table(bed))
    bed.rest(holder)
    with new_table(bed) as table:
        with bed.probe() as probe:
            probe.wait_for(holder)
            time.sleep(LOOKS * (INTERVAL + 10 * (bed.engine != "keepalived")))  # so many looks at the routes
        assert probe.report.lost == 0, probe.report
        assert probe.report.who == (holder,)
        assert bed.view().at_rest
        assert table in journal(bed, holder), "nobody was told"
        assert route_in(bed, table) is None, "its policy does not let the node write there"
        bed.play("setup.yml", **every_table(bed))
        assert route_in(bed, table) == holder
        with bed.probe() as probe:
            probe.wait_for(holder)
            bed.crash(holder)
            probe.wait_for(standby, 60)
        assert route_in(bed, table) == standby
        bed.boot(holder)
        bed.rest(standby)


def a_table_is_deleted(bed: Bed) -> None:
    """The holder stays, it is told of, and a failover takes no longer than in a world that stands still."""
    holder = bed.view().holder or ""
    standby = next(node for node in bed.nodes if node != holder)
    bed.play("setup.yml", **every_table(bed))
    with new_table(bed) as table:
        bed.play("setup.yml", **every_table(bed))
        assert route_in(bed, table) == holder
    with bed.probe() as probe:  # the table is gone, and setup did not run
        probe.wait_for(holder)
        time.sleep(LOOKS * INTERVAL)
        bed.crash(holder)
        probe.wait_for(standby, 60)
    assert probe.report.who == (holder, standby)
    assert probe.report.gap_ms / 1000 < 4.0 + PATIENCE, probe.report
    bed.boot(holder)
    bed.rest(standby)
    assert table in journal(bed, standby), "nobody was told"
