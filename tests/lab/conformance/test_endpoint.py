# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint's own doors: snapshots, subscriptions, several at once, and tests that fail when the lab does."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lab import fixtures
from lab.endpoint import Endpoint
from lab.endpoint.control import Control
from lab.endpoint.serving import loopback_socket
from lab.world import Keys, World, WorldSpec, build

from .bench import OVERLAY, Bench, refused

#: What the fixture says of moto's failure at an unknown filter.
_FAILURE = r"(?s)ec2:DescribeNetworkInterfaces: .*FilterNotImplementedError"
REGIONS = {
    "eu-central-1": "aws",
    "cn-north-1": "aws-cn",
    "us-gov-west-1": "aws-us-gov",
    "eusc-de-east-1": "aws-eusc",
    "us-iso-east-1": "aws-iso",
}


@pytest.mark.parametrize("region", REGIONS)
def test_a_world_in_every_partition(region: str) -> None:
    with Endpoint(region=region) as endpoint:
        world = build(endpoint, WorldSpec(tables=6, nodes=3, extra_interfaces=1, ipv6=True))
        assert World.from_json(world.to_json()) == world
        assert len(world.route_table_ids) == 6
        assert {m.name for m in world.machines} == {"node1", "node2", "node3", "client1"}
        arn = endpoint.client("sts", world.operator.credentials()).get_caller_identity()["Arn"]
        assert arn.split(":")[1] == REGIONS[region]
        ec2 = endpoint.client("ec2", world.operator.credentials())
        for table in world.route_table_ids:
            ec2.create_route(
                RouteTableId=table,
                DestinationCidrBlock=OVERLAY,
                NetworkInterfaceId=world.nodes[0].network_interface_ids[0],
            )
        snapshot = endpoint.snapshot(world.vpc_id)
        # Every table serves a subnet: nothing of the world is idle.
        assert {s.route_table_id for s in snapshot.subnets} | {world.main_route_table_id} == set(world.route_table_ids)
        assert endpoint.problems == []


def test_a_snapshot_is_what_the_packets_see(endpoint: Endpoint, world: World) -> None:
    ec2 = endpoint.client("ec2")
    [one], [two] = (node.network_interface_ids for node in world.nodes)
    ec2.create_route(RouteTableId=world.main_route_table_id, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=one)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=two, SourceDestCheck={"Value": False})
    snapshot = endpoint.snapshot(world.vpc_id)
    assert snapshot.cidrs == ("10.0.0.0/16",)
    subnets = {s.subnet_id: s.route_table_id for s in snapshot.subnets}
    assert subnets[world.clients[0].subnet_id] == world.route_table_ids[1]
    assert {subnets[node.subnet_id] for node in world.nodes} == {world.main_route_table_id}
    [main] = [t for t in snapshot.tables if t.route_table_id == world.main_route_table_id]
    assert [(r.destination, r.network_interface_id, r.target, r.state) for r in main.routes] == [
        ("10.0.0.0/16", None, "local", "active"),
        (OVERLAY, one, one, "active"),
    ]
    checks = {i.network_interface_id: i.source_dest_check for i in snapshot.interfaces}
    assert (checks[one], checks[two]) == (True, False)
    with pytest.raises(KeyError, match="no VPC"):
        endpoint.snapshot("vpc-0123456789abcdef0")


def test_subscribers_hear_of_changes_and_of_nothing_else(endpoint: Endpoint, world: World) -> None:
    heard: list[None] = []
    endpoint.subscribe(lambda: heard.append(None))
    ec2 = endpoint.client("ec2")
    ec2.describe_route_tables()
    route: dict[str, Any] = {
        "RouteTableId": world.main_route_table_id,
        "DestinationCidrBlock": OVERLAY,
        "NetworkInterfaceId": world.nodes[0].network_interface_ids[0],
    }
    refused("DryRunOperation", ec2.create_route, status=412, DryRun=True, **route)
    refused("InvalidParameterValue", ec2.replace_route, **route)
    assert len(heard) == 0
    ec2.create_route(**route)
    assert len(heard) == 1


def test_two_endpoints_share_nothing() -> None:
    with Endpoint() as one, Endpoint() as two:
        vpc = one.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert one.account_id != two.account_id
        refused("InvalidVpcID.NotFound", two.client("ec2").describe_vpcs, VpcIds=[vpc])
        refused("AuthFailure", two.client("ec2", one.admin).describe_vpcs, status=401)


def test_several_sockets_serve_one_state() -> None:
    sockets = [loopback_socket(), loopback_socket()]
    ports = [s.getsockname()[1] for s in sockets]
    endpoint = Endpoint().start(sockets)
    Control(f"http://127.0.0.1:{ports[0]}").settings(propagation_delay=2)
    assert Control(f"http://127.0.0.1:{ports[1]}").settings()["propagation_delay"] == 2
    assert endpoint.url.endswith(str(ports[0]))
    endpoint.stop()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/_lab/settings", timeout=1)


def test_the_fixture_fails_a_test_that_met_an_http_500_of_moto() -> None:
    def meet(endpoint: Endpoint) -> None:
        bench = Bench(endpoint.url, endpoint.admin, Control(endpoint.url))
        bench.interface()
        with pytest.raises(bench.ec2.exceptions.ClientError, match="InternalError"):
            bench.ec2.describe_network_interfaces(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])

    with pytest.raises(AssertionError, match=_FAILURE), fixtures.trusted() as endpoint:
        meet(endpoint)
    with fixtures.trusted() as endpoint:  # an injected error is no failure of the lab
        endpoint.faults.add([{"do": "error", "status": 500, "times": 1}])
        with pytest.raises(endpoint.client("ec2").exceptions.ClientError):
            endpoint.client("ec2").describe_vpcs()


def test_an_endpoint_runs_in_the_foreground() -> None:
    tests = Path(fixtures.__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.endpoint", "--tables", "1"], stdout=subprocess.PIPE, text=True, cwd=tests
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    world = json.loads("".join(lines))
    with urllib.request.urlopen(world["endpoint_url"] + "/_lab/calls", timeout=30) as answer:
        assert json.load(answer)
    assert Keys(**world["operator"]).access_key.startswith("AKIA")
    process.terminate()
    assert process.wait(timeout=30) == 0
