# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with nothing but its instance role: it moves the route, and needs all of its policy for that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from integration.policies.stage import Denied, Stage, Steps, play, without_one

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import grant
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab.endpoint.imds import ImdsApp
from lab.endpoint.serving import Server, loopback_socket


@pytest.fixture
def node(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ec2]:
    """EC2 as node2 sees it: keys from its metadata service, as the SDK finds them."""
    listener = loopback_socket()
    host, port = listener.getsockname()[:2]
    server = Server(ImdsApp(stage.endpoint, lambda _peer: stage.instances[1]), [listener])
    server.start()
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://{host}:{port}")
    yield Ec2(Aws(AwsOptions(region=stage.world.region, endpoint_url=stage.endpoint.url)))
    server.stop()


def test_node_policy_is_enough_and_minimal(stage: Stage, node: Ec2) -> None:
    steps, admin = Steps(stage), stage.ec2(stage.world.admin)
    play(admin, steps.setup)
    one, other = stage.interfaces

    def take_over(ec2: Ec2) -> None:
        stage.point(ec2, other, verify_permissions=True)

    play(node, take_over)
    assert stage.holders(stage.world.admin) == {other}

    refused = {}
    for taken, rest in without_one(stage.rendered(route_table_ids=stage.tables)):
        stage.point(admin, one)
        stage.iam.put_role_policy(
            RoleName=stage.profiles[1], PolicyName="overlay-ip", PolicyDocument=policy_document.text(rest)
        )
        with pytest.raises(Denied) as told:
            play(node, take_over)
        refused[taken] = f"{taken} " in str(told.value) and stage.holders(stage.world.admin) == {one}
    play(admin, steps.teardown)
    table = f"arn:aws:ec2:{stage.world.region}:{stage.world.account_id}:route-table/"
    assert refused == {
        "ec2:DescribeRouteTables": True,
        "ec2:ReplaceRoute": True,
        **{table + name: True for name in stage.tables},
    }


def test_the_policy_of_the_whole_vpc_serves_a_new_table_and_no_other_vpc(stage: Stage, node: Ec2) -> None:
    """Create and replace in every table of this VPC, also one made later; each element is needed, none is wider."""
    steps, admin = Steps(stage), stage.ec2(stage.world.admin)
    play(admin, steps.setup)
    other, client = stage.interfaces[1], stage.endpoint.client("ec2", stage.world.admin.credentials())
    document = stage.rendered(route_table_ids=stage.tables, scope="vpc")
    (write,) = [s for s in document["Statement"] if "ec2:CreateRoute" in s["Action"]]
    assert write["Resource"] == f"arn:aws:ec2:{stage.world.region}:{stage.world.account_id}:route-table/*"

    def grant_node(granted: policy_document.Document) -> None:
        text = policy_document.text(granted)
        stage.iam.put_role_policy(RoleName=stage.profiles[1], PolicyName="overlay-ip", PolicyDocument=text)

    def write_to(table: str, vpc_route: str = "create") -> str:
        action = plan.Action(vpc_route, table, "192.168.10.15/32", None, other)
        try:
            node.write(action, dry_run=True)
        except AwsError as err:
            return err.code
        return "allowed"

    made = client.create_route_table(VpcId=stage.world.vpc_id)["RouteTable"]["RouteTableId"]
    foreign_vpc = client.create_vpc(CidrBlock="10.200.0.0/16")["Vpc"]["VpcId"]
    foreign = client.create_route_table(VpcId=foreign_vpc)["RouteTable"]["RouteTableId"]
    grant_node(document)
    assert [write_to(made, "create"), write_to(made, "replace"), write_to(foreign)] == [
        "allowed",
        "allowed",
        "UnauthorizedOperation",
    ]
    without = dict(without_one(document))
    grant_node(without["ec2:CreateRoute"])
    assert [write_to(made, "create"), write_to(made, "replace")] == ["UnauthorizedOperation", "allowed"]
    grant_node(without["ec2:ReplaceRoute"])
    assert [write_to(made, "create"), write_to(made, "replace")] == ["allowed", "UnauthorizedOperation"]
    open_wide = [{key: part for key, part in s.items() if key != "Condition"} for s in document["Statement"]]
    grant_node({**document, "Statement": open_wide})
    assert write_to(foreign) == "allowed", "the condition is what keeps other VPCs out"
    for table in (made, foreign):
        client.delete_route_table(RouteTableId=table)
    client.delete_vpc(VpcId=foreign_vpc)
    play(admin, steps.teardown)


def test_a_node_cannot_give_itself_more(stage: Stage, node: Ec2) -> None:
    play(stage.ec2(stage.world.admin), Steps(stage).setup)

    def write_policy(ec2: Ec2) -> None:
        grant.run(ec2, grant.Request(role_name=stage.profiles[1], purpose="status"))

    with pytest.raises(Denied, match=r"iam:ListRolePolicies on arn:aws:iam::\d+:role/overlay-node2 is not permitted"):
        play(node, write_policy)
    play(stage.ec2(stage.world.admin), Steps(stage).teardown)


def test_status_policy_is_enough_and_minimal(stage: Stage) -> None:
    """Also where an interface that is no node's holds the overlay IP."""
    steps, judged, admin = Steps(stage), stage.judged(), stage.ec2(stage.world.admin)
    play(admin, steps.setup)
    stage.point(admin, stage.world.clients[0].network_interface_ids[0])
    document = stage.rendered(purpose="status")
    stage.grant(document)
    play(judged, steps.status)
    refused = {}
    for taken, rest in without_one(document):
        stage.grant(rest)
        if taken in (
            "ec2:DescribeSubnets",
            "ec2:DescribeNetworkInterfaces",
        ):  # for warnings only
            play(judged, steps.status)
            continue
        with pytest.raises(Denied) as told:
            play(judged, steps.status)
        refused[taken] = f"{taken} on * is not permitted" in str(told.value)
    play(admin, steps.teardown)
    assert refused == {f"ec2:Describe{what}": True for what in ("Instances", "RouteTables")}


def test_a_node_that_may_see_its_interface_may_do_no_more(stage: Stage, node: Ec2) -> None:
    """The look at its source/destination check is allowed, and needed; switching it is not."""
    steps, admin, mine = Steps(stage), stage.ec2(stage.world.admin), stage.interfaces[1]
    play(admin, steps.setup)

    def look(granted: policy_document.Document) -> str:
        text = policy_document.text(granted)
        stage.iam.put_role_policy(RoleName=stage.profiles[1], PolicyName="overlay-ip", PolicyDocument=text)
        try:
            (found,) = node.interfaces([mine])
        except AwsError as err:
            return err.code
        return found.network_interface_id

    document = stage.rendered(route_table_ids=stage.tables, see_interfaces=True)
    assert look(stage.rendered(route_table_ids=stage.tables)) == "UnauthorizedOperation"
    assert look(dict(without_one(document))["ec2:DescribeNetworkInterfaces"]) == "UnauthorizedOperation"
    assert look(document) == mine
    with pytest.raises(AwsError) as refused:
        node.aws.call(
            "ec2", "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=mine, SourceDestCheck={"Value": True}
        )
    assert refused.value.code == "UnauthorizedOperation"
