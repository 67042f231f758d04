# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our client against a server that misbehaves: what its tests share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from unit.bad_server import BadServer, Play

TABLES = (
    '<DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><routeTableSet><item>'
    "<routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId></item></routeTableSet>{}</DescribeRouteTablesResponse>"
)
READ = TABLES.format("")
FOUND = {"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1"}]}
REPLACED = "<ReplaceRouteResponse><return>true</return></ReplaceRouteResponse>"
XHTML = (
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">'
    '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Log in</p></body></html>'
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def refusal(code: str, text: str = "Because.") -> str:
    return f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors></Response>"


def wire(url: str, *, seconds: float = 60, tell: Any = print, options: Any = (), **config: Any) -> Wire:
    """A client with an explicit key and quick bounds."""
    bounds = {"connect_timeout": 0.5, "read_timeout": 0.5, **config}
    given = {"region": "eu-central-1", "access_key": "A", "secret_key": "S", "endpoint_url": url, **dict(options)}
    deadline = Deadline(seconds)
    return Wire(AwsOptions(**given, aws_config=bounds), lambda: deadline.left, tell)


@contextmanager
def serving(*plays: Play) -> Iterator[BadServer]:
    with BadServer(list(plays)) as server:
        yield server


def failure(aws: Wire, operation: str = "DescribeRouteTables") -> tuple[AwsError, float]:
    """The error of a call, and the seconds that it took."""
    began = time.monotonic()
    with pytest.raises(AwsError) as failed:
        aws.call("ec2", operation)
    return failed.value, time.monotonic() - began
