# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose credentials a call is signed with: the instance's, renewed in time, or the owner's role."""

from __future__ import annotations

import copy
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import imds as imds_module
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.imds import Imds
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import keys
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.sign import Keys
from unit.bad_server import Asked, BadServer, Play, hang, reply

READ = "<DescribeRouteTablesResponse><routeTableSet/></DescribeRouteTablesResponse>"
FOUND: dict[str, Any] = {"RouteTables": []}
EXPIRED = "<Response><Errors><Error><Code>RequestExpired</Code><Message/></Error></Errors></Response>"


class Service:
    """The metadata service, with a new key at every request for credentials."""

    def __init__(self) -> None:
        self.first: list[Play] = []  # what is done with the first requests instead
        self.role: str | None = "node-role"
        self.lives = 6 * 3600.0
        self.more: dict[str, str] = {}
        self.keys = 0
        self.server = BadServer([self._play])

    def _play(self, sock: socket.socket, asked: Asked) -> bool:
        if self.first:
            return self.first.pop(0)(sock, asked)
        if asked.line.startswith("PUT"):
            return reply("token")(sock, asked)
        path = asked.line.split()[1].removeprefix("/latest/meta-data/iam/security-credentials/")
        if self.role is None:
            return reply("", 404)(sock, asked)
        if not path:
            return reply(self.role)(sock, asked)
        self.keys += 1
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.lives))
        told = {
            "Code": "Success",
            "AccessKeyId": f"KEY{self.keys}",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": ends,
        }
        return reply(json.dumps({**told, **self.more}))(sock, asked)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(keys, "_PAUSE", 0.02)
    made = Service()
    with made.server:
        yield made


def node(service: Service, ec2: BadServer, seconds: float = 20, *, timeout: float = 0.2, role: str = "") -> Wire:
    deadline = Deadline(seconds)
    return Wire(
        AwsOptions(region="eu-central-1", endpoint_url=ec2.url, assume_role_arn=role or None),
        lambda: deadline.left,
        imds=Imds(service.server.url, timeout, left=lambda: deadline.left),
    )


def signers(ec2: BadServer) -> list[str]:
    return [asked.headers["authorization"].partition("Credential=")[2].partition("/")[0] for asked in ec2.asked]


def test_the_instances_credentials_are_asked_for_once(service: Service) -> None:
    with BadServer([reply(READ)]) as ec2, ThreadPoolExecutor(8) as pool:
        aws = node(service, ec2)
        list(pool.map(lambda _n: aws.call("ec2", "DescribeRouteTables"), range(20)))
        assert set(signers(ec2)) == {"KEY1"}
        assert {asked.headers["x-amz-security-token"] for asked in ec2.asked} == {"t"}
    assert [asked.line for asked in service.server.asked] == [
        "PUT /latest/api/token HTTP/1.1",
        "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1",
        "GET /latest/meta-data/iam/security-credentials/node-role HTTP/1.1",
    ]


@pytest.mark.parametrize(
    "trouble",
    [
        [hang] * 3,
        [reply("", 503)] * 3,
        [reply("token"), reply("", 401), reply("token"), reply("", 500)],
        [reply("token"), reply("node-role"), reply("<html>")],
        [reply("token"), reply("node-role"), reply("{}")],
    ],
)
def test_a_metadata_service_that_is_slow_is_asked_again(service: Service, trouble: list[Play]) -> None:
    """Within the deadline: a takeover must not fail for a second and a half of silence."""
    service.first = list(trouble)
    with BadServer([reply(READ)]) as ec2:
        assert node(service, ec2).call("ec2", "DescribeRouteTables") == FOUND


def test_a_metadata_service_that_is_silent(service: Service) -> None:
    service.first = [hang] * 99
    with BadServer([reply(READ)]) as ec2:
        began = time.monotonic()
        with pytest.raises(AwsError) as failed:
            node(service, ec2, 1.0).call("ec2", "DescribeRouteTables")
        assert 0.7 < time.monotonic() - began < 1.3
    assert failed.value.code == "NoCredentials"
    assert failed.value.message == (
        "This instance has no AWS credentials: the instance metadata service at "
        f"{service.server.url} does not answer (no answer in time): this is no EC2 instance, the service is off, or a "
        "firewall or its hop limit is in the way."
    )


def test_a_token_that_is_none_any_more(service: Service) -> None:
    """Asked for once again, and only once."""
    service.first = [reply("old"), reply("", 401)]
    with BadServer([reply(READ)]) as ec2:
        assert node(service, ec2).call("ec2", "DescribeRouteTables") == FOUND
    lines = [asked.line.split()[0] for asked in service.server.asked]
    assert lines == ["PUT", "GET", "PUT", "GET", "GET"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"role": None},
            "This instance has no AWS credentials: it has no instance profile: attach one whose role may move the "
            "routes (docs/iam.md).",
        ),
        (
            {"more": {"Code": "AssumeRoleUnauthorizedAccess"}},
            "This instance has no AWS credentials: EC2 cannot assume the role node-role of its instance profile "
            "(AssumeRoleUnauthorizedAccess): does the role's trust policy name ec2.amazonaws.com?",
        ),
        (
            {"first": [reply("", 403)]},
            "This instance has no AWS credentials: the instance metadata service refused a version 2 token (403): "
            "switch the service on for this instance (modify-instance-metadata-options).",
        ),
    ],
)
def test_no_credentials_and_no_use_in_waiting(service: Service, change: dict[str, Any], sentence: str) -> None:
    again = copy.deepcopy(change)
    for name, value in change.items():
        setattr(service, name, value)
    with BadServer([reply(READ)]) as ec2:
        began = time.monotonic()
        with pytest.raises(AwsError) as failed:
            (aws := node(service, ec2)).call("ec2", "DescribeRouteTables")
        assert time.monotonic() - began < 1
        assert ec2.asked == []
        assert (aws.calls, aws.errors) == ({}, {"NoCredentials": 1})  # an alert counts them
        for name, value in again.items():
            setattr(service, name, value)
        with pytest.raises(AwsError):
            (owner := node(service, ec2, role="arn:aws:iam::1:role/r")).call("ec2", "DescribeRouteTables")
        assert owner.errors == {"NoCredentials": 1}
    assert (failed.value.code, failed.value.message) == ("NoCredentials", sentence)


def test_expired_credentials_are_replaced_once(service: Service) -> None:
    with BadServer([reply(EXPIRED, 400), reply(READ), reply(EXPIRED, 400)]) as ec2:
        aws = node(service, ec2)
        assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert signers(ec2) == ["KEY1", "KEY2"]
        with pytest.raises(AwsError, match="The AWS credentials have expired"):
            aws.call("ec2", "DescribeRouteTables")
        assert signers(ec2) == ["KEY1", "KEY2", "KEY2", "KEY3"]


def test_no_proxy_for_the_metadata(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert Imds(service.server.url).role_name() == "node-role"


def test_the_metadata_by_ipv6(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where IPv4 is silent; whoever answered is asked from then on."""
    with BadServer([hang]) as silent:
        monkeypatch.setattr(imds_module, "BASE", silent.url)
        monkeypatch.setattr(imds_module, "BASE_IPV6", service.server.url)
        monkeypatch.delenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", raising=False)
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        imds = Imds(timeout=0.1)
        assert [imds.role_name(), imds.role_name()] == ["node-role"] * 2
        assert len(silent.asked) == 1
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")
        assert Imds(timeout=0.1).role_name() == "node-role"
        assert len(silent.asked) == 1


def test_the_metadata_may_be_switched_off() -> None:
    """By the environment of these tests, for one."""
    with pytest.raises(imds_module.ImdsError, match=r"^the instance metadata service is not asked: "):
        Imds().role_name()


def test_the_address_by_ipv6() -> None:
    imds = Imds(imds_module.BASE_IPV6, 0.05)
    with pytest.raises(imds_module.ImdsError, match=r"service at http://\[fd00:ec2::254\] does not answer"):
        imds.role_name()


# -- keeping ------------------------------------------------------------------------------------------------------


class Fetched:
    """Makes keys that live so long; fails while it is told to."""

    def __init__(self, lives: float) -> None:
        self.lives, self.fails, self.made = lives, False, 0

    def __call__(self) -> Keys:
        if self.fails:
            raise AwsError("NoCredentials", "none")
        self.made += 1
        return Keys(f"KEY{self.made}", "s", "t", NOW[0] + self.lives)


NOW = [1000.0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    NOW[0] = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: NOW[0])
    return NOW


@pytest.mark.parametrize(("later", "key"), [(0, "KEY1"), (3299, "KEY1"), (3301, "KEY2"), (9999, "KEY2")])
def test_renewed_before_they_end(clock: list[float], later: float, key: str) -> None:
    kept = keys.Kept(Fetched(3600), lambda: clock[0])
    assert kept.get().access_key == "KEY1"
    clock[0] += later
    assert kept.get().access_key == key


def test_old_ones_do_while_there_are_no_new_ones(clock: list[float]) -> None:
    fetch = Fetched(3600)
    kept = keys.Kept(fetch, lambda: clock[0])
    kept.get()
    fetch.fails = True
    clock[0] += 3400
    assert kept.get().access_key == "KEY1"
    clock[0] += 201
    with pytest.raises(AwsError, match="none"):
        kept.get()


def test_those_that_seem_to_have_ended_are_not_asked_for_at_every_call(clock: list[float]) -> None:
    """A clock that is hours ahead."""
    fetch = Fetched(-3600)
    kept = keys.Kept(fetch, lambda: clock[0])
    assert [kept.get().access_key for _ in range(5)] == ["KEY1"] * 5
    clock[0] += 61
    assert kept.get().access_key == "KEY2"


def test_one_thread_replaces_for_all(clock: list[float]) -> None:
    kept = keys.Kept(Fetched(3600), lambda: clock[0])
    first = kept.get()
    assert [kept.instead_of(first).access_key for _ in range(3)] == ["KEY2"] * 3


def test_a_secret_is_not_shown() -> None:
    assert repr(Keys("AKIA", "s3cr3t", "t0k3n", 1.0)) == "Keys(AKIA)"


# -- the owner's role ---------------------------------------------------------------------------------------------

ROLE = "arn:aws:iam::222222222222:role/routing"


def sts_and_ec2(sock: socket.socket, asked: Asked) -> bool:
    if "Action=AssumeRole" in asked.body:
        body = (
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>OWNER</AccessKeyId><SecretAccessKey>s"
            "</SecretAccessKey><SessionToken>o</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
        return reply(body)(sock, asked)
    operation = asked.body.partition("Action=")[2].partition("&")[0]
    sets = {"DescribeRouteTables": "<routeTableSet/>", "DescribeNetworkInterfaces": "<networkInterfaceSet/>"}
    return reply(f"<{operation}Response>{sets.get(operation, '')}</{operation}Response>")(sock, asked)


def test_the_tables_are_the_owners(service: Service) -> None:
    with BadServer([sts_and_ec2]) as ec2:
        aws = node(service, ec2, role=ROLE)
        for operation in ("DescribeRouteTables", "ReplaceRoute", "CreateRoute", "DeleteRoute"):
            aws.call("ec2", operation)
        aws.call("ec2", "DescribeNetworkInterfaces")
        assert signers(ec2) == ["KEY1", *["OWNER"] * 4, "KEY1"]
        assert ec2.asked[0].body == (
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Frouting"
            "&RoleSessionName=overlay-ip"
        )
        assert "/sts/aws4_request" in ec2.asked[0].headers["authorization"]
        assert aws.calls["AssumeRole"] == 1
