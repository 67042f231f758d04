# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's side where something answers in AWS's place: "cannot read", in a sentence that names the way, in time."""

from __future__ import annotations

import time

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client as aws_client
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import UNREACHABLE, AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from unit.bad_server import BadServer, Play, drip, reply

PORTAL = "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>Log in, please</p></body></html>"
QUICK = {"retries": {"total_max_attempts": 1}}


def ec2(server: BadServer) -> Ec2:
    options = AwsOptions("eu-central-1", access_key="A", secret_key="S", endpoint_url=server.url, aws_config=QUICK)
    return Ec2(Aws(options))


def ask(server: BadServer) -> AwsError:
    with pytest.raises(AwsError) as told:
        ec2(server).tables(["rtb-1"])
    return told.value


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(reply(PORTAL), id="XHTML, 200"),
        pytest.param(reply("<html><body>blocked</body></html>", 403), id="HTML, 403"),
        pytest.param(reply("<x/>"), id="XML of somebody else's"),
    ],
)
def test_an_answer_that_is_not_awss_cannot_be_read(play: Play) -> None:
    with BadServer([play]) as server:
        err = ask(server)
        assert (err.code, err.operation) == (UNREACHABLE, "DescribeRouteTables")
        assert server.url in err.message
        assert "something that is not AWS" in err.message


def test_an_answer_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_client, "CALL_SECONDS", 0.5)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with BadServer([drip(head + b"<" * 1000, at_once=len(head))]) as server:
        began = time.monotonic()
        err = ask(server)
        assert time.monotonic() - began < 2.0
        assert err.code == UNREACHABLE
        assert "was not answered within" in err.message


ANSWER = "<{0}Response xmlns='http://ec2.amazonaws.com/doc/2016-11-15/'><requestId>x</requestId>{1}</{0}Response>"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (ANSWER.format("DescribeRouteTables", "<routeTableSet/>"), "something that is not AWS"),  # of another call
        (ANSWER.format("DescribeInstances", ""), "something that is not AWS"),
        (ANSWER.format("DescribeInstances", "<reservationSet/>"), "lacks i-1"),
    ],
)
def test_an_answer_that_is_not_to_the_question_cannot_be_read(answer: str, what: str) -> None:
    with BadServer([reply(answer)]) as server:
        with pytest.raises(AwsError, match=what) as told:
            ec2(server).instances(["i-1"])
        assert told.value.code == UNREACHABLE
