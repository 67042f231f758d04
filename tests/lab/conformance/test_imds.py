# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service: version 2 only, the right answers per node, and credentials that work, expire and rotate."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import boto3
import pytest
from botocore.config import Config

from lab.endpoint import Credentials, Endpoint
from lab.endpoint.control import Control
from lab.endpoint.imds import ImdsApp
from lab.endpoint.serving import Server, loopback_socket
from lab.world import World, WorldSpec, build

from .bench import REGION, allow, policy, refused

_TTL, _TOKEN = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"


@pytest.fixture
def world(endpoint: Endpoint) -> World:
    """Nodes with two interfaces each, and IPv6."""
    return build(endpoint, WorldSpec(extra_interfaces=1, ipv6=True))


@dataclass
class Metadata:
    """A client of the service; ``peer`` says which machine asks."""

    url: str
    peer: list[str | None] = field(default_factory=lambda: [None])

    def status(self, path: str, method: str = "GET", **headers: str) -> int:
        """The HTTP status of a request."""
        try:
            return self._open(path, method, headers)[0]
        except urllib.error.HTTPError as error:
            return error.code

    def token(self, seconds: int = 60) -> str:
        """A session token."""
        return self._open("/latest/api/token", "PUT", {_TTL: str(seconds)})[1]

    def get(self, path: str) -> str:
        """What is at ``path``."""
        return self._open(path, "GET", {_TOKEN: self.token()})[1]

    def credentials(self, role: str) -> dict[str, str]:
        """The instance profile's credentials."""
        return dict(json.loads(self.get(f"/latest/meta-data/iam/security-credentials/{role}")))

    def _open(self, path: str, method: str, headers: dict[str, str]) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture
def metadata(endpoint: Endpoint, world: World) -> Iterator[Metadata]:
    """The service as node1 sees it."""
    listener = loopback_socket()
    service = Metadata("http://{}:{}".format(*listener.getsockname()), [world.nodes[0].instance_id])
    server = Server(ImdsApp(endpoint, lambda _: service.peer[0]), [listener])
    server.start()
    yield service
    server.stop()


def _keys(given: dict[str, str]) -> Credentials:
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])


def test_nothing_is_told_without_a_token(metadata: Metadata) -> None:
    path = "/latest/meta-data/instance-id"
    assert metadata.status(path) == 401
    assert metadata.status(path, **{_TOKEN: "nonsense"}) == 401
    assert metadata.status(path, **{_TOKEN: metadata.token()}) == 200


@pytest.mark.parametrize("seconds", ["", "0", "21601", "-1", "soon"])
def test_a_token_needs_a_sensible_life(metadata: Metadata, seconds: str) -> None:
    headers = {_TTL: seconds} if seconds else {}
    assert metadata.status("/latest/api/token", "PUT", **headers) == 400


def test_a_token_is_put_and_never_through_a_proxy(metadata: Metadata) -> None:
    assert metadata.status("/latest/api/token", "GET", **{_TTL: "60"}) == 405
    assert metadata.status("/latest/api/token", "PUT", **{_TTL: "60", "X-Forwarded-For": "10.0.0.1"}) == 403


def test_a_token_expires_and_is_another_instances_business(metadata: Metadata, control: Control, world: World) -> None:
    token = metadata.token(10)
    path = "/latest/meta-data/instance-id"
    control.advance(11)
    assert metadata.status(path, **{_TOKEN: token}) == 401
    token = metadata.token()
    metadata.peer[0] = world.nodes[1].instance_id
    assert metadata.status(path, **{_TOKEN: token}) == 401
    metadata.peer[0] = None
    assert metadata.status(path, **{_TOKEN: token}) == 404


def test_each_node_is_told_who_and_where_it_is(metadata: Metadata, world: World) -> None:
    for node in world.nodes:
        metadata.peer[0] = node.instance_id
        assert metadata.get("/latest/meta-data/instance-id") == node.instance_id
        assert metadata.get("/latest/meta-data/placement/region") == REGION
        assert metadata.get("/latest/meta-data/placement/availability-zone") == node.availability_zone
        assert metadata.get("/latest/meta-data/local-ipv4") == node.addresses[0]
        document = json.loads(metadata.get("/latest/dynamic/instance-identity/document"))
        assert (document["region"], document["instanceId"]) == (REGION, node.instance_id)
        assert document["accountId"] == world.account_id


def test_the_mac_tree_names_every_interface(metadata: Metadata, endpoint: Endpoint, world: World) -> None:
    node = world.nodes[0]
    shown = {i.network_interface_id: i for i in endpoint.snapshot(world.vpc_id).interfaces}
    base = "/latest/meta-data/network/interfaces/macs/"
    macs = metadata.get(base).split("\n")
    assert macs == [f"{shown[eni].mac}/" for eni in node.network_interface_ids]
    for index, (mac, eni) in enumerate(zip(macs, node.network_interface_ids, strict=True)):
        assert metadata.get(f"{base}{mac}interface-id") == eni
        assert metadata.get(f"{base}{mac}device-number") == str(index)
        assert metadata.get(f"{base}{mac}subnet-id") == node.subnet_id
        assert metadata.get(f"{base}{mac}vpc-id") == world.vpc_id
        assert metadata.get(f"{base}{mac}local-ipv4s") == node.addresses[index]
    assert metadata.get("/latest/meta-data/mac") + "/" == macs[0]
    assert metadata.get(f"{base}{macs[0]}ipv6s") in shown[node.network_interface_ids[0]].private_ips
    assert metadata.status(f"{base}{macs[0]}colour", **{_TOKEN: metadata.token()}) == 404


def test_directories_are_listed(metadata: Metadata, world: World) -> None:
    assert {"instance-id", "mac", "network/", "placement/", "iam/"} <= set(metadata.get("/latest/meta-data/").split())
    assert metadata.get("/latest/meta-data/iam/security-credentials/") == world.nodes[0].role_name


def test_the_credentials_work_as_the_nodes_role(metadata: Metadata, endpoint: Endpoint, world: World) -> None:
    node = world.nodes[0]
    assert node.role_name is not None
    keys = _keys(metadata.credentials(node.role_name))
    arn = endpoint.client("sts", keys).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{world.account_id}:assumed-role/{node.role_name}/{node.instance_id}"
    ec2 = endpoint.client("ec2", keys)
    refused("UnauthorizedOperation", ec2.describe_route_tables, status=403)
    instance = f"arn:aws:ec2:{REGION}:{world.account_id}:instance/{node.instance_id}"
    endpoint.client("iam").put_role_policy(
        RoleName=node.role_name,
        PolicyName="p",
        PolicyDocument=policy(allow("ec2:DescribeRouteTables", ArnEquals={"ec2:SourceInstanceARN": instance})),
    )
    assert ec2.describe_route_tables()


def test_the_credentials_expire_and_rotate_before_they_do(
    metadata: Metadata, endpoint: Endpoint, control: Control, world: World
) -> None:
    role = world.nodes[0].role_name
    assert role is not None
    control.settings(credentials=3600)
    first = metadata.credentials(role)
    assert metadata.credentials(role) == first
    life = datetime.fromisoformat(first["Expiration"]) - datetime.fromisoformat(first["LastUpdated"])
    assert life.total_seconds() == 3600
    control.advance(3600 - 290)  # inside the last five minutes
    second = metadata.credentials(role)
    assert second["AccessKeyId"] != first["AccessKeyId"]
    sts = endpoint.client("sts", _keys(first))
    assert sts.get_caller_identity()
    control.advance(300)
    refused("ExpiredToken", sts.get_caller_identity, status=403)
    assert endpoint.client("sts", _keys(second)).get_caller_identity()


def test_a_role_that_does_not_trust_ec2_gives_no_credentials(
    metadata: Metadata, endpoint: Endpoint, world: World
) -> None:
    role = world.nodes[0].role_name
    assert role is not None
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": world.account_id}}
    endpoint.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=policy(trust))
    assert metadata.credentials(role)["Code"] == "AssumeRoleUnauthorizedAccess"


def test_a_machine_without_a_profile_has_no_iam_tree(metadata: Metadata, world: World) -> None:
    metadata.peer[0] = world.clients[0].instance_id
    assert metadata.status("/latest/meta-data/iam/security-credentials/", **{_TOKEN: metadata.token()}) == 404


def test_boto3_takes_its_credentials_from_it(
    metadata: Metadata, endpoint: Endpoint, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    session = boto3.session.Session()
    sts = session.client(
        "sts", region_name=REGION, endpoint_url=endpoint.url, config=Config(retries={"total_max_attempts": 1})
    )
    assert sts.get_caller_identity()["Arn"].endswith(f"/{world.nodes[0].instance_id}")
