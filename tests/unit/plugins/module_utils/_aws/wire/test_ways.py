# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to AWS: TLS and whom it trusts, proxies from the configuration alone, and settings."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.origin import Origin
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.settings import Settings, settings
from unit.bad_server import Authority, BadServer, Play, drip, gone, hang, raw, reply, tunnel

READ = "<DescribeRouteTablesResponse><routeTableSet/></DescribeRouteTablesResponse>"
FOUND: dict[str, Any] = {"RouteTables": []}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("strangers"))


@pytest.fixture
def server(authority: Authority) -> Iterator[BadServer]:
    with BadServer([reply(READ)], authority.server()) as server:
        yield server


def wire(url: str, bundle: Path | None = None, *, verify: bool = True, **config: Any) -> Wire:
    bounds = {"connect_timeout": 0.5, "read_timeout": 0.5, "retries": {"total_max_attempts": 1}, **config}
    return Wire(
        AwsOptions(
            region="eu-central-1",
            access_key="A",
            secret_key="S",
            endpoint_url=url,
            aws_ca_bundle=str(bundle) if bundle else None,
            validate_certs=verify,
            aws_config=bounds,
        )
    )


def read(aws: Wire) -> dict[str, Any]:
    return aws.call("ec2", "DescribeRouteTables")


def failure(aws: Wire) -> AwsError:
    with pytest.raises(AwsError) as failed:
        read(aws)
    return failed.value


# -- TLS ----------------------------------------------------------------------------------------------------------


def test_tls_with_a_bundle(server: BadServer, authority: Authority) -> None:
    aws = wire(server.url, authority.file)
    assert [read(aws), read(aws)] == [FOUND, FOUND]
    assert server.connections == 1


def test_tls_with_a_directory_of_authorities(server: BadServer, authority: Authority, tmp_path: Path) -> None:
    """As OpenSSL wants it: by the hash of the name."""
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(authority.file)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / f"{name}.0").write_bytes(authority.file.read_bytes())
    assert read(wire(server.url, tmp_path)) == FOUND


def test_anybody_where_that_is_asked_for(server: BadServer) -> None:
    assert read(wire(server.url, verify=False)) == FOUND


def test_a_stranger_is_refused(server: BadServer, strangers: Authority) -> None:
    """Also where the system's own authorities are asked: by their hash, and then all of them."""
    for bundle in (None, strangers.file):
        failed = failure(wire(server.url, bundle))
        assert failed.code == "Tls"
        assert failed.message.startswith("DescribeRouteTables: the endpoint's certificate was refused (")
        assert failed.message.endswith(f"; {server.url}): check aws_ca_bundle.")
    assert server.asked == []


def test_the_systems_bundle_where_its_directory_is_not_enough(
    server: BadServer, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tried with what is in the directory first; then OpenSSL's whole default, and that from then on."""
    (tmp_path / "01234567.0").write_text("")
    real = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: real._replace(capath=str(tmp_path)))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    aws = wire(server.url)
    assert read(aws) == FOUND
    server.close_idle()
    assert read(aws) == FOUND
    assert server.connections == 3


def test_another_name_is_refused(authority: Authority) -> None:
    with BadServer([reply(READ)], authority.server(["ec2.example"])) as server:
        failed = failure(wire(server.url, authority.file))
        assert failed.code == "Tls"
        assert "certificate is not valid for 'localhost'" in failed.message


def test_an_expired_certificate_may_be_a_wrong_clock(authority: Authority) -> None:
    with BadServer([reply(READ)], authority.server(expired=True)) as server:
        failed = failure(wire(server.url, authority.file))
        now = time.strftime("%Y-%m-%d", time.gmtime())
        assert f"(certificate has expired; the clock of this machine says {now}" in failed.message


def test_a_bundle_that_is_not_there(server: BadServer, tmp_path: Path) -> None:
    failed = failure(wire(server.url, tmp_path / "none.pem"))
    assert f"was refused ({tmp_path}/none.pem cannot be read (No such file or directory); " in failed.message


def test_no_tls_where_tls_is_meant() -> None:
    with BadServer([reply(READ)]) as server:
        failed = failure(wire(server.url.replace("http:", "https:")))
        assert failed.code == "Unreachable"


def test_a_handshake_that_does_not_end() -> None:
    with BadServer([drip(b"\x16\x03\x03\x40\x00" + b"\x00" * 9000)]) as server:
        server.tls = None
        began = time.monotonic()
        failed = failure(wire(server.url.replace("http:", "https:")))
        assert failed.code == "Unreachable"
        assert time.monotonic() - began < 1


# -- proxies ------------------------------------------------------------------------------------------------------


def proxied(server: BadServer, bundle: Path | None, *plays: Play, url: str = "", **more: Any) -> tuple[Any, BadServer]:
    """What comes of a call by a proxy that does this."""
    with BadServer(list(plays)) as proxy:
        said = f"http://{url}127.0.0.1:{proxy.port}"
        aws = wire(server.url, bundle, proxies={"https": said, "http": said, **more})
        try:
            return read(aws), proxy
        except AwsError as err:
            return err.message.replace(f":{proxy.port}", ":PORT"), proxy


def test_by_a_proxy(server: BadServer, authority: Authority) -> None:
    found, proxy = proxied(server, authority.file, tunnel(("127.0.0.1", server.port)), url="me:s%40crt@")
    assert found == FOUND
    (asked,) = proxy.asked
    assert asked.line == f"CONNECT localhost:{server.port} HTTP/1.1"
    assert asked.headers["proxy-authorization"] == "Basic bWU6c0BjcnQ="
    assert "authorization" not in asked.headers
    assert "proxy-authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (reply("", 403), "the proxy http://127.0.0.1:PORT refused to connect (status 403)"),
        (reply("", 407), "the proxy http://127.0.0.1:PORT wants a user and a password that it accepts (407)"),
        (reply("<html>", 302), "the proxy http://127.0.0.1:PORT refused to connect (status 302)"),
        (raw(b"<html>Hello</html>\r\n\r\n"), "the proxy http://127.0.0.1:PORT did not answer as a proxy does"),
        (hang, "the proxy http://127.0.0.1:PORT did not answer in time"),
        (drip(b"HTTP/1.1 200 OK\r\n" * 90), "the proxy http://127.0.0.1:PORT did not answer in time"),
        (gone, "the connection was closed before the answer was complete"),
    ],
)
def test_a_proxy_that_does_not_help(server: BadServer, play: Play, why: str) -> None:
    message, _proxy = proxied(server, None, play, url="me:secret@")
    where = f"{server.url} by the proxy http://127.0.0.1:PORT"
    assert message == (
        f"DescribeRouteTables got no answer from AWS ({why}; {where}): check the network and the endpoint."
    )


def test_what_a_proxy_answers_itself(authority: Authority) -> None:
    with BadServer([reply("<html><br></html>")]) as server:
        message, proxy = proxied(server, None, reply("<html><br></html>"), url="me:pw@")
        assert message.startswith(
            f"DescribeRouteTables cannot be read: {server.url} by the proxy http://127.0.0.1:PORT answered with a page "
        )
        assert proxy.asked[0].line == f"POST {server.url}/ HTTP/1.1"
        assert proxy.asked[0].headers["proxy-authorization"] == "Basic bWU6cHc="
        assert server.asked == []


@pytest.mark.parametrize("exceptions", ["localhost", "x.example, localhost", "*"])
def test_no_proxy(server: BadServer, authority: Authority, exceptions: str) -> None:
    found, proxy = proxied(server, authority.file, reply("", 403), no=exceptions)
    assert (found, proxy.asked) == (FOUND, [])


def test_the_environment_is_not_asked(server: BadServer, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert read(wire(server.url, authority.file)) == FOUND


@pytest.mark.parametrize(
    ("host", "port", "exceptions", "direct"),
    [
        ("ec2.eu-central-1.amazonaws.com", 443, "amazonaws.com", True),
        ("ec2.eu-central-1.amazonaws.com", 443, ".amazonaws.com", True),
        ("ec2.eu-central-1.amazonaws.com", 443, "EC2.eu-central-1.amazonaws.com:443", True),
        ("ec2.eu-central-1.amazonaws.com", 443, "ec2.eu-central-1.amazonaws.com:8443", False),
        ("ec2.eu-central-1.amazonaws.com", 443, "azonaws.com", False),
        ("ec2.eu-central-1.amazonaws.com", 443, "", False),
        ("10.0.0.7", 443, "10.0.0.0/8", True),
        ("10.0.0.7", 443, "10.0.0.7", True),
        ("10.0.0.7", 443, "192.168.0.0/16 localhost", False),
        ("fd00::7", 443, "fd00::/8", True),
        ("fd00::7", 443, "[fd00::7]", True),
    ],
)
def test_exceptions_from_the_proxy(host: str, port: int, exceptions: str, direct: bool) -> None:
    found = Settings(proxies={"https": "http://proxy.example:3128", "no": exceptions})
    assert (found.proxy(Origin(True, host, port)) is None) == direct


# -- settings -----------------------------------------------------------------------------------------------------


def test_settings() -> None:
    assert settings({}) == Settings()
    assert settings({"retries": {"max_attempts": 4}, "max_pool_connections": 9, "connect_timeout": 1}) == Settings(
        connect=1.0, attempts=5
    )
    assert settings({"retries": {"total_max_attempts": 4, "mode": "adaptive"}, "use_fips_endpoint": True}) == Settings(
        attempts=4, fips=True
    )
    assert settings({"use_dualstack_endpoint": True, "proxies": None}).dual_stack


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"client_cert": "/x"}, "aws_config.client_cert is '/x': a node cannot do it, leave it out."),
        ({"retries": 5}, "aws_config.retries is 5: give a dictionary."),
        ({"retries": {"max_attempts": "x"}}, "aws_config.retries is {'max_attempts': 'x'}: give whole numbers."),
        ({"read_timeout": "soon"}, "aws_config.read_timeout is 'soon': give seconds, more than 0."),
        ({"connect_timeout": -1}, "aws_config.connect_timeout is -1: give seconds, more than 0."),
        ({"connect_timeout": float("nan")}, "aws_config.connect_timeout is nan: give seconds, more than 0."),
        (
            {"proxies": "http://p:1"},
            "aws_config.proxies is 'http://p:1': give a dictionary, for example {https: http://proxy.example:3128}.",
        ),
        ({"proxies": {"https": "https://u:pw@p:1"}}, "aws_config.proxies is 'https://p': give http://HOST:PORT."),
        ({"proxies": {"https": "http://p:x"}}, "aws_config.proxies is '(not a URL)': give http://HOST:PORT."),
        ({"proxies": {"https": 5}}, "aws_config.proxies is '(not a URL)': give http://HOST:PORT."),
    ],
)
def test_settings_that_are_refused(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AwsError) as refused:
        settings(config)
    assert (refused.value.code, refused.value.message) == ("Config", sentence)


@pytest.mark.parametrize("url", ["ec2.example", "ftp://ec2.example", "https://", "http://ec2.example:x", "http://e/ä"])
def test_an_endpoint_that_is_none(url: str) -> None:
    assert failure(wire(url)).message == (
        f"endpoint_url is {url!r}: give a URL, for example https://ec2.eu-central-1.amazonaws.com."
    )


def test_options_that_are_refused() -> None:
    for opts, sentence in (
        (AwsOptions(profile="x"), "profile is 'x', but a node has none: it acts as its instance's role."),
        (AwsOptions(access_key="A"), "access_key and secret_key belong together: set both, or neither."),
    ):
        with pytest.raises(AwsError) as refused:
            Wire(opts)
        assert refused.value.message == sentence
    with pytest.raises(AwsError, match=r"^No region is set: "):
        read(Wire(AwsOptions(access_key="A", secret_key="S")))
    assert Wire(AwsOptions(region="cn-north-1", access_key="A", secret_key="S")).partition == "aws-cn"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "ü", "a\x00"])
def test_a_token_that_no_header_carries(token: str) -> None:
    with BadServer([reply(READ)]) as server:
        aws = Wire(AwsOptions("eu", None, "A", "S", token, server.url, aws_config={"retries": {"max_attempts": 0}}))
        assert "the request cannot be sent: a key, a token or the path" in failure(aws).message
        assert server.asked == []
