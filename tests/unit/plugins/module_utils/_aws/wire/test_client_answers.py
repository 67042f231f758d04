# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client makes of whatever answers: not AWS, AWS that is busy or refuses, AWS with another clock."""

from __future__ import annotations

import calendar
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import client
from unit.bad_server import Asked, Play, raw, reply
from unit.wire_client import FOUND, READ, XHTML, failure, refusal, serving, wire


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSE", 0.01)


# -- an answer, but whose? ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("play", "what"),
    [
        (reply(XHTML), "a page of HTML (status 200)"),
        (reply("<html><br>Blocked</html>", 403), "a page of HTML (status 403)"),
        (reply("", 302, Location="https://portal.example/login"), "a redirection to https://portal.example/login"),
        (reply("", 200), "nothing (status 200)"),
        (reply("", 404), "nothing (status 404)"),
        (reply("{}", 200), "something that is no whole XML (status 200)"),
        (reply(READ[:-9], 200), "something that is no whole XML (status 200)"),
        (reply("<DescribeRouteTablesResponse/>"), "<DescribeRouteTablesResponse> without <routeTableSet> (status 200)"),
        (reply(READ, 400), "<DescribeRouteTablesResponse> (status 400)"),
        (raw(b"HTTP/1.0 200 OK\r\n\r\n" + XHTML.encode()), "a page of HTML (status 200)"),
    ],
)
def test_an_answer_that_is_not_awss(play: Play, what: str) -> None:
    with serving(play) as server:
        failed, _seconds = failure(wire(server.url))
        assert failed.code == "Unreachable"
        assert failed.message.startswith(f"DescribeRouteTables cannot be read: {server.url} answered with {what}")
        assert failed.message.endswith("A portal or a proxy is in the way, or endpoint_url is wrong.")
        assert {asked.line for asked in server.asked} == {"POST / HTTP/1.1"}, "a redirection was followed"


@pytest.mark.parametrize("body", ["", "<html><br>Bad gateway</html>", refusal("Whatever")])
def test_what_passes_is_asked_again(body: str) -> None:
    with serving(reply(body, 502), reply(refusal("Unavailable"), 503), reply(READ)) as server:
        aws = wire(server.url)
        assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert (len(server.asked), aws.calls) == (3, {"DescribeRouteTables": 1})
        assert len({asked.body for asked in server.asked}) == 1


@pytest.mark.parametrize(
    ("play", "code", "busy"),
    [
        (reply("<html><br></html>", 503), "ServiceUnavailable", True),
        (reply(refusal("Unavailable"), 503), "Unavailable", True),
    ],
)
def test_what_does_not_pass(play: Play, code: str, busy: bool) -> None:
    with serving(play) as server:
        failed, _seconds = failure(wire(server.url))
        assert (failed.code, failed.busy, len(server.asked)) == (code, busy, 3)


@pytest.mark.parametrize(
    ("operation", "attempts"), [("DescribeRouteTables", 1), ("ReplaceRoute", 1), ("DescribeInstances", 3)]
)
def test_who_moves_routes_waits_for_its_turn_itself(operation: str, attempts: int) -> None:
    with serving(reply(refusal("RequestLimitExceeded"), 503)) as server:
        failed, _seconds = failure(wire(server.url), operation)
        assert (failed.code, failed.busy, len(server.asked)) == ("RequestLimitExceeded", True, attempts)


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("InvalidRouteTableID.NotFound", 400, "DescribeRouteTables: Because (InvalidRouteTableID.NotFound)"),
        ("UnauthorizedOperation", 403, "DescribeRouteTables is not permitted for these credentials: Because."),
        ("DryRunOperation", 412, "DescribeRouteTables: Because (DryRunOperation)"),
        (
            "AuthFailure",
            401,
            "AWS does not accept the credentials (AuthFailure): check the access key, its secret and the clock.",
        ),
    ],
)
def test_a_refusal_is_final(code: str, status: int, sentence: str) -> None:
    with serving(reply(refusal(code), status)) as server:
        failed, _seconds = failure(wire(server.url))
        assert (failed.code, failed.message, failed.operation) == (code, sentence, "DescribeRouteTables")
        assert len(server.asked) == 1


def test_an_operation_that_a_node_never_makes() -> None:
    failed, _seconds = failure(wire("http://127.0.0.1:1"), "TerminateInstances")
    assert failed.message == "TerminateInstances is not among the calls that a node makes."


# -- the clock ----------------------------------------------------------------------------------------------------


def by_clock(ahead: float, code: str = "RequestExpired", then: Play | None = None) -> Play:
    """AWS whose clock is ahead of ours: what is signed more than five minutes off is refused."""

    def play(sock: socket.socket, asked: Asked) -> bool:
        now = time.time() + ahead
        signed = time.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        refused = abs(calendar.timegm(signed) - now) > 300
        answer = reply(refusal(code), 400, date=now) if refused else then or reply(READ, date=now)
        return answer(sock, asked)

    return play


@pytest.mark.parametrize("code", ["RequestExpired", "AuthFailure", "SignatureDoesNotMatch"])
@pytest.mark.parametrize(
    ("ahead", "far"),
    [(12 * 60, "12 minutes behind"), (-12 * 60, "12 minutes ahead of"), (40 * 86400, "960 hours behind")],
)
def test_a_wrong_clock_is_corrected_once_and_told(code: str, ahead: float, far: str) -> None:
    told: list[str] = []
    with serving(by_clock(ahead, code)) as server:
        aws = wire(server.url, tell=told.append, retries={"total_max_attempts": 1})
        for _call in range(2):
            assert aws.call("ec2", "DescribeRouteTables") == FOUND
        assert len(server.asked) == 3, "the second call is signed right at once"
    assert len(told) == 1
    assert told[0].startswith(f"The clock of this machine is {far} AWS's (it says 20")
    assert told[0].endswith("set it, and see that chrony or systemd-timesyncd keeps it.")


def test_a_wrong_clock_and_many_threads() -> None:
    told: list[str] = []
    with serving(by_clock(3600)) as server, ThreadPoolExecutor(8) as pool:
        aws = wire(server.url, tell=told.append)
        list(pool.map(lambda _n: aws.call("ec2", "DescribeRouteTables"), range(40)))
    assert len(told) == 1


def test_a_clock_that_does_not_help() -> None:
    """Never as a signature that does not match."""
    clocks = [reply(refusal("SignatureDoesNotMatch"), 403, date=time.time() + hours * 3600) for hours in (1, 3)]
    with serving(*clocks) as server:
        failed, _seconds = failure(wire(server.url))
        assert failed.message.startswith("DescribeRouteTables was refused. The clock of this machine is ")
        assert len(server.asked) == 2


def test_a_wrong_clock_does_not_excuse_what_else_is_wrong() -> None:
    with serving(by_clock(3600, then=reply(refusal("AuthFailure"), 401, date=time.time() + 3600))) as server:
        failed, _seconds = failure(wire(server.url))
        assert failed.message.startswith("AWS does not accept the credentials (AuthFailure)")
        assert len(server.asked) == 2


def test_a_few_minutes_are_nothing() -> None:
    told: list[str] = []
    with serving(reply(refusal("AuthFailure"), 401, date=time.time() + 200)) as server:
        failed, _seconds = failure(wire(server.url, tell=told.append))
        assert failed.message.startswith("AWS does not accept the credentials (AuthFailure)")
    assert told == []
