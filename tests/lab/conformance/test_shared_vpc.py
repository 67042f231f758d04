# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared VPC: the owner's tables, a participant's nodes, and the role by which the participant may move a route."""

from __future__ import annotations

from typing import Any

import pytest

from lab.endpoint import Credentials, Endpoint
from lab.endpoint.control import Control, ControlError
from lab.world import World, WorldSpec, build

from .bench import OVERLAY, refused


@pytest.fixture
def shared(endpoint: Endpoint) -> World:
    """A world whose VPC belongs to another account than its nodes."""
    return build(endpoint, WorldSpec(shared_vpc=True))


def _route(world: World, node: int = 0) -> dict[str, Any]:
    return {
        "RouteTableId": world.main_route_table_id,
        "DestinationCidrBlock": OVERLAY,
        "NetworkInterfaceId": world.nodes[node].network_interface_ids[0],
    }


def _assumed(endpoint: Endpoint, world: World) -> Any:
    sts = endpoint.client("sts", world.operator.credentials())
    keys = sts.assume_role(RoleArn=world.routing_role_arn, RoleSessionName="switch")["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return endpoint.client("ec2", session)


def test_the_accounts_differ(shared: World) -> None:
    assert shared.account_id != shared.owner_account_id


def test_a_participant_sees_the_owners_tables_vpc_and_subnets(endpoint: Endpoint, shared: World) -> None:
    ec2 = endpoint.client("ec2", shared.operator.credentials())
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [shared.vpc_id]}])["RouteTables"]
    assert {t["RouteTableId"] for t in tables} == set(shared.route_table_ids)
    assert {t["OwnerId"] for t in tables} == {shared.owner_account_id}
    [vpc] = ec2.describe_vpcs(VpcIds=[shared.vpc_id])["Vpcs"]
    assert vpc["OwnerId"] == shared.owner_account_id
    [subnet] = ec2.describe_subnets(SubnetIds=[shared.nodes[0].subnet_id])["Subnets"]
    assert subnet["OwnerId"] == shared.owner_account_id


def test_a_stranger_sees_nothing_of_it(endpoint: Endpoint, shared: World) -> None:
    dummy, keys = endpoint.add_account()
    ec2 = endpoint.client("ec2", keys)
    assert not ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [shared.vpc_id]}])["RouteTables"]
    refused("InvalidRouteTableID.NotFound", ec2.describe_route_tables, RouteTableIds=[shared.main_route_table_id])


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_a_participant_cannot_move_a_route_however_mighty(endpoint: Endpoint, shared: World, who: str) -> None:
    ec2 = endpoint.client("ec2", getattr(shared, who).credentials())
    arn = f"arn:aws:ec2:{endpoint.region}:{shared.owner_account_id}:route-table/{shared.main_route_table_id}"
    refused("UnauthorizedOperation", ec2.create_route, status=403, text=arn, **_route(shared))


def test_the_owners_role_moves_it_to_the_participants_interface(endpoint: Endpoint, shared: World) -> None:
    ec2 = _assumed(endpoint, shared)
    ec2.create_route(**_route(shared))
    ec2.replace_route(**_route(shared, node=1))
    [table] = ec2.describe_route_tables(RouteTableIds=[shared.main_route_table_id])["RouteTables"]
    [route] = [r for r in table["Routes"] if r["DestinationCidrBlock"] == OVERLAY]
    assert route["NetworkInterfaceId"] == shared.nodes[1].network_interface_ids[0]
    assert (route["InstanceId"], route["InstanceOwnerId"]) == (shared.nodes[1].instance_id, shared.account_id)
    refused("UnauthorizedOperation", ec2.describe_instance_status, status=403)


def test_the_owner_sees_a_participants_interface_and_cannot_change_it(endpoint: Endpoint, shared: World) -> None:
    owner = endpoint.client("ec2", shared.owner_admin.credentials())
    [eni] = shared.nodes[0].network_interface_ids
    [shown] = owner.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
    assert shown["OwnerId"] == shared.account_id
    off: dict[str, Any] = {"NetworkInterfaceId": eni, "SourceDestCheck": {"Value": False}}
    refused("UnauthorizedOperation", owner.modify_network_interface_attribute, status=403, **off)
    endpoint.client("ec2", shared.operator.credentials()).modify_network_interface_attribute(**off)


def test_the_snapshot_has_both_accounts_parts(endpoint: Endpoint, shared: World) -> None:
    _assumed(endpoint, shared).create_route(**_route(shared))
    snapshot = endpoint.snapshot(shared.vpc_id)
    assert {i.instance_id for i in snapshot.instances} == {m.instance_id for m in shared.machines}
    assert len(snapshot.interfaces) == len(shared.machines)
    [main] = [table for table in snapshot.tables if table.route_table_id == shared.main_route_table_id]
    assert [r.state for r in main.routes if r.destination == OVERLAY] == ["active"]


def test_a_participants_terminated_interface_leaves_the_owners_list(endpoint: Endpoint, shared: World) -> None:
    admin = endpoint.client("ec2", shared.admin.credentials())
    owner = endpoint.client("ec2", shared.owner_admin.credentials())
    admin.terminate_instances(InstanceIds=[shared.nodes[0].instance_id])
    admin.get_waiter("instance_terminated").wait(
        InstanceIds=[shared.nodes[0].instance_id], WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )
    refused(
        "InvalidNetworkInterfaceID.NotFound",
        owner.describe_network_interfaces,
        NetworkInterfaceIds=list(shared.nodes[0].network_interface_ids),
    )


def test_sharing_over_http_is_by_subnet_and_of_one_vpc(endpoint: Endpoint, control: Control) -> None:
    ec2 = endpoint.client("ec2")
    participant, keys = endpoint.add_account()
    subnets = []
    for block in ("10.0", "10.1"):
        vpc = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
        subnets += [ec2.create_subnet(VpcId=vpc, CidrBlock=f"{block}.{n}.0/24")["Subnet"]["SubnetId"] for n in (1, 2)]
    with pytest.raises(ControlError, match="must belong to one VPC"):
        control.share(endpoint.account_id, participant, subnets)
    with pytest.raises(ControlError, match="does not exist"):
        control.share(endpoint.account_id, participant, ["subnet-0123456789abcdef0"])
    control.share(endpoint.account_id, participant, subnets[:1])
    other = endpoint.client("ec2", keys)
    assert other.describe_subnets(SubnetIds=subnets[:1])["Subnets"]
    refused("InvalidSubnetID.NotFound", other.describe_subnets, SubnetIds=subnets[1:2])
