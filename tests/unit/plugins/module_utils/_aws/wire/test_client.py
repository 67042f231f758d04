# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the client waits for whatever does not answer, and how it uses pages and connections."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import client
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from unit.bad_server import Asked, Play, drip, gone, hang, raw, reply, reset
from unit.wire_client import CHUNKED, FOUND, READ, REPLACED, TABLES, failure, refusal, serving, wire


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSE", 0.01)


# -- no answer, or not in time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (hang, "no answer in time"),
        (reset, "Connection reset by peer"),
        (gone, "the connection was closed before the answer was complete"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Desc"), "the connection was closed before the answer"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), "the connection was closed before the answer was complete"),
        (raw(CHUNKED + b"5\r\n<Desc\r\n"), "the connection was closed before the answer was complete"),
        (raw(CHUNKED + b"nonsense\r\n"), "what came is no HTTP answer: invalid literal"),
        (raw(CHUNKED + b"2\r\n<Desc\r\n"), "what came is no HTTP answer: a chunk that is longer than it says"),
        (
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
            "what came is no HTTP answer: it is 99999999999",
        ),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), "what came is no HTTP answer: it is -1"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "what came is no HTTP answer: 'SSH-2.0-OpenSSH_9.2'"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000), "what came is no HTTP answer: its head does not end"),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" * 9), "no answer in time"),
    ],
)
@pytest.mark.parametrize("operation", ["DescribeRouteTables", "ReplaceRoute"])
def test_no_answer(play: Play, why: str, operation: str) -> None:
    """Nobody knows whether it was carried out; asked as often as is allowed, and no longer."""
    with serving(play) as server:
        aws = wire(server.url, read_timeout=0.2, retries={"total_max_attempts": 2})
        failed, seconds = failure(aws, operation)
        assert failed.code == "Unreachable"
        assert failed.message.startswith(f"{operation} got no answer from AWS ({why}")
        assert failed.message.endswith(f"; {server.url}): check the network and the endpoint.")
        assert len(server.asked) == 2
        assert seconds < 1
        assert aws.calls == {operation: 1}


def test_nobody_listens() -> None:
    with serving(hang) as server:
        url = server.url
    failed, seconds = failure(wire(url))
    assert failed.code == "Unreachable"
    assert failed.message.startswith(
        "DescribeRouteTables got no answer from AWS (Connection refused; http://127.0.0.1:"
    )
    assert seconds < 0.5


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


@pytest.mark.parametrize(
    "play",
    [hang, drip(HEAD + b"a" * 5000), drip(HEAD + b"a" * 5000, at_once=len(HEAD)), drip(CHUNKED + b"1\r\na\r\n" * 999)],
    ids=["hang", "drip", "drip of the body", "drip of chunks"],
)
def test_the_deadline_ends_everything(play: Play) -> None:
    """Whatever the bounds of one request are, and however many may follow."""
    with serving(play) as server:
        aws = wire(server.url, seconds=0.7, read_timeout=60, retries={"total_max_attempts": 9})
        failed, seconds = failure(aws)
        assert (failed.code, len(server.asked)) == ("Unreachable", 1)
        assert 0.6 < seconds < 1.0


def test_what_aws_said_before_the_deadline_is_the_reason() -> None:
    """The attempt that the deadline cut off says nothing about the network."""
    with serving(reply(refusal("Unavailable"), 503), hang) as server:
        failed, seconds = failure(wire(server.url, seconds=0.5, read_timeout=60))
        assert (failed.code, len(server.asked)) == ("Unavailable", 2)
        assert seconds < 1.0


def test_an_answer_that_drips_ends_without_a_deadline_too() -> None:
    with serving(drip(HEAD + b"a" * 5000, at_once=len(HEAD))) as server:
        failed, seconds = failure(wire(server.url, read_timeout=0.2, retries={"max_attempts": 0}))
        assert failed.code == "Unreachable"
        assert 0.7 < seconds < 1.2


def test_after_the_deadline_nothing_is_sent() -> None:
    with serving(reply(READ)) as server:
        failed, seconds = failure(wire(server.url, seconds=0))
        assert (failed.code, server.connections) == ("Unreachable", 0)
        assert seconds < 0.1


def test_a_name_that_nobody_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver knows no deadline: it is left behind, and its answer is still good for the next attempt."""
    go_on = threading.Event()
    asked: list[str] = []
    real = socket.getaddrinfo

    def slow(host: str, port: int, **more: Any) -> Any:
        asked.append(host)
        go_on.wait(5)
        return real("127.0.0.1", port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with serving(reply(READ)) as server:
        url = f"http://ec2.example:{server.port}"
        left = [0.3]
        aws = Wire(AwsOptions(region="x", access_key="A", secret_key="S", endpoint_url=url), lambda: left[0])
        failed, seconds = failure(aws)
        assert failed.message.startswith(
            "DescribeRouteTables got no answer from AWS (the name ec2.example was not resolved in time; "
        )
        assert seconds < 1.5
        left[0] = 60
        go_on.set()
        assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert asked == ["ec2.example"]


def test_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any, **_more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    failed, _seconds = failure(wire("http://ec2.example"))
    assert "(the name ec2.example cannot be resolved: Name or service not known; http://ec2.example)" in failed.message


def test_no_descriptor_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **_more: Any) -> Any:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", full)
    failed, _seconds = failure(wire("http://127.0.0.1:1"))
    assert failed.message.startswith("DescribeRouteTables got no answer from AWS (Too many open files; ")


def test_the_first_address_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with several addresses: the time for connecting is shared among them."""
    with serving(reply(READ)) as server, socket.create_server(("127.0.0.2", 0), backlog=0) as full:
        clog = [socket.socket() for _ in range(3)]
        for sock in clog:  # its queue is full: a further one gets no answer at all
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname()),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
        assert wire("http://ec2.example").call("ec2", "DescribeRouteTables") == FOUND
        for sock in clog:
            sock.close()


# -- pages and connections ----------------------------------------------------------------------------------------


def test_pages() -> None:
    more = TABLES.format("<nextToken>a+b=</nextToken>")
    with serving(reply(more), reply(READ)) as server:
        pages = list(wire(server.url).pages("ec2", "DescribeRouteTables", MaxResults=100))
        assert pages == [{**FOUND, "NextToken": "a+b="}, FOUND]
        assert [asked.body.rpartition("MaxResults=100")[2] for asked in server.asked] == ["", "&NextToken=a%2Bb%3D"]


@pytest.mark.parametrize("tokens", [["x", "x"], ["x", "y", "x"], [str(n) for n in range(2000)]])
def test_pages_without_an_end(tokens: list[str]) -> None:
    with serving(*(reply(TABLES.format(f"<nextToken>{token}</nextToken>")) for token in tokens)) as server:
        with pytest.raises(AwsError, match="pages the answer begins again or does not end") as failed:
            list(wire(server.url).pages("ec2", "DescribeRouteTables"))
        assert failed.value.code == "Unreachable"
        assert len(server.asked) == min(len(tokens), 1001)


@pytest.mark.parametrize(
    ("play", "connections"),
    [
        (reply(READ), 1),
        (reply(READ, length=False), 3),
        (reply(READ, Connection="close"), 3),
    ],
)
def test_connections_are_kept_where_that_is_possible(play: Play, connections: int) -> None:
    with serving(play) as server:
        aws = wire(server.url)
        for _call in range(3):
            assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert server.connections == connections


def chunked(text: str, size: int) -> Play:
    data = text.encode()
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts)

    def play(sock: socket.socket, _asked: Asked) -> bool:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + body + b"0\r\nTrailer: x\r\n\r\n")
        return True

    return play


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_chunks(size: int) -> None:
    with serving(chunked(READ, size)) as server:
        aws = wire(server.url)
        assert [aws.call("ec2", "DescribeRouteTables") for _ in range(2)] == [FOUND] * 2
        assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    with serving(reply(READ)) as server:
        aws = wire(server.url, retries={"total_max_attempts": 1})
        aws.call("ec2", "DescribeRouteTables")
        server.close_idle()
        assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert [asked.connection for asked in server.asked] == [1, 2]


def test_many_threads() -> None:
    with serving(reply(REPLACED)) as server, ThreadPoolExecutor(16) as pool:
        aws = wire(server.url, connect_timeout=30, read_timeout=30)  # a busy machine is not asked twice
        list(pool.map(lambda _n: aws.call("ec2", "ReplaceRoute"), range(200)))
        assert aws.calls == {"ReplaceRoute": 200}
        assert len(server.asked) == 200
        assert server.connections <= 16
