# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata client against a server that, like AWS's, hands out nothing without a version 2 token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.imds import Imds, ImdsError

MAC = "network/interfaces/macs"
META = {
    "instance-id": "i-0aaa1111bbb22222c",
    "placement/region": "eu-central-1",
    "iam/security-credentials/": "node-role\n",
    f"{MAC}/": "02:00:00:00:00:0B/\n02:00:00:00:00:0a/\n",
    f"{MAC}/02:00:00:00:00:0B/interface-id": "eni-1",
    f"{MAC}/02:00:00:00:00:0B/device-number": "1",
    f"{MAC}/02:00:00:00:00:0B/subnet-id": "subnet-1",
    f"{MAC}/02:00:00:00:00:0B/vpc-id": "vpc-1",
    f"{MAC}/02:00:00:00:00:0a/interface-id": "eni-0",
    f"{MAC}/02:00:00:00:00:0a/device-number": "0",
    f"{MAC}/02:00:00:00:00:0a/subnet-id": "subnet-0",
    f"{MAC}/02:00:00:00:00:0a/vpc-id": "vpc-1",
    f"{MAC}/02:00:00:00:00:0a/local-ipv4s": "10.0.1.10\n10.0.1.11",
    f"{MAC}/02:00:00:00:00:0a/ipv6s": "2001:db8::10",
    f"{MAC}/02:00:00:00:00:0a/vpc-ipv4-cidr-blocks": "10.0.0.0/16",
}


class Service(ThreadingHTTPServer):
    """``requests`` are what was asked; ``statuses`` overrides the answer to a method."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []
        self.meta = dict(META)
        self.statuses: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_PUT(self) -> None:
        self.server.requests.append("PUT")
        assert self.path == "/latest/api/token"
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "300"
        self._answer(self.server.statuses.get("PUT", 200), f"token-{self.server.requests.count('PUT')}")

    def do_GET(self) -> None:
        path = self.path.removeprefix("/latest/meta-data/")
        self.server.requests.append(path)
        if not (self.headers["X-aws-ec2-metadata-token"] or "").startswith("token-"):
            self._answer(401, "")
        elif "GET" in self.server.statuses:
            self._answer(self.server.statuses["GET"], "")
        else:
            self._answer(200 if path in self.server.meta else 404, self.server.meta.get(path, ""))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_identity(service: Service) -> None:
    imds = Imds(service.url)
    assert imds.instance_id() == "i-0aaa1111bbb22222c"
    assert imds.region() == "eu-central-1"
    assert imds.role_name() == "node-role"
    assert imds.interfaces() == [
        {
            "mac": "02:00:00:00:00:0a",
            "network_interface_id": "eni-0",
            "device_number": 0,
            "subnet_id": "subnet-0",
            "vpc_id": "vpc-1",
            "ipv4": ["10.0.1.10", "10.0.1.11"],
            "ipv6": ["2001:db8::10"],
            "vpc_cidrs": ["10.0.0.0/16"],
        },
        {
            "mac": "02:00:00:00:00:0b",
            "network_interface_id": "eni-1",
            "device_number": 1,
            "subnet_id": "subnet-1",
            "vpc_id": "vpc-1",
            "ipv4": [],
            "ipv6": [],
            "vpc_cidrs": [],
        },
    ]
    assert service.requests.count("PUT") == 1


def test_no_role(service: Service) -> None:
    del service.meta["iam/security-credentials/"]
    assert Imds(service.url).role_name() is None


def test_the_token_is_renewed_at_half_its_life(service: Service) -> None:
    now = [1000.0]
    imds = Imds(service.url, clock=lambda: now[0])
    for elapsed, tokens in ((0.0, 1), (149.0, 1), (150.0, 2), (151.0, 2)):
        now[0] = 1000.0 + elapsed
        imds.instance_id()
        assert service.requests.count("PUT") == tokens


def test_the_environment_names_the_endpoint_and_no_proxy_is_used(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"{service.url}/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Imds().instance_id() == "i-0aaa1111bbb22222c"


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ({"PUT": 403}, "refused a version 2 token (403): switch the service on for this instance"),
        ({"GET": 500}, "answered 500 for meta-data/instance-id"),
        ({"GET": 404}, "has no instance-id: is this an EC2 instance?"),
    ],
)
def test_errors(service: Service, statuses: dict[str, int], sentence: str) -> None:
    if statuses == {"GET": 404}:
        service.meta.clear()
    else:
        service.statuses = statuses
    with pytest.raises(ImdsError) as caught:
        Imds(service.url).instance_id()
    assert sentence in str(caught.value)


def test_nobody_answers(service: Service) -> None:
    with pytest.raises(ImdsError, match=r"does not answer \(.*refused.*\): this is no EC2 instance"):
        Imds("http://127.0.0.1:9", timeout=1.0).instance_id()
