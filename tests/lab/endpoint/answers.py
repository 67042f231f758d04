# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers and errors in the XML shapes of EC2 (its own) and of IAM and STS (AWS's query protocol)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

_NAMESPACES = {
    "ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}

#: HTTP status of the error codes that are not 400. Source: reference, part 1.1 (botocore's retry table for 503).
_STATUS = {
    "AuthFailure": 401,
    "UnauthorizedOperation": 403,
    "AccessDenied": 403,
    "InvalidClientTokenId": 403,
    "SignatureDoesNotMatch": 403,
    "ExpiredToken": 403,
    "NoSuchEntity": 404,
    "EntityAlreadyExists": 409,
    "LimitExceeded": 409,
    "DeleteConflict": 409,
    "DryRunOperation": 412,
    "InternalError": 500,
    "InternalFailure": 500,
    "ServiceFailure": 500,
    "LabUnsupported": 501,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
}


class ApiError(Exception):
    """An error that the caller gets as AWS would send it."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status if status is not None else _STATUS.get(code, 400)


class LabUnsupported(ApiError):
    """The lab does not know how AWS would decide: an error, never a guess (501, which no SDK retries)."""

    def __init__(self, message: str) -> None:
        super().__init__("LabUnsupported", f"The lab cannot tell how AWS would decide: {message}")


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer; ``code`` is the API's error code, empty for success."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


def text(value: object) -> str:
    """``value`` as XML text; booleans as AWS writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def element(name: str, value: object | None) -> str:
    """``<name>value</name>``, or nothing when there is no value."""
    return "" if value is None else f"<{name}>{text(value)}</{name}>"


def ec2_result(action: str, inner: str = "<return>true</return>") -> Answer:
    """A successful EC2 answer round ``inner`` (XML)."""
    body = (
        f'<{action}Response xmlns="{_NAMESPACES["ec2"]}"><requestId>{uuid.uuid4()}</requestId>'
        f"{inner}</{action}Response>"
    )
    return _xml(200, body)


def query_result(service: str, action: str, inner: str = "") -> Answer:
    """A successful IAM or STS answer round ``inner`` (XML)."""
    body = (
        f'<{action}Response xmlns="{_NAMESPACES[service]}"><{action}Result>{inner}</{action}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    )
    return _xml(200, body)


def error_answer(service: str, error: ApiError) -> Answer:
    """``error`` in the shape of ``service``."""
    code, message, request_id = escape(error.code), escape(error.message), uuid.uuid4()
    if service == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    else:
        kind = "Receiver" if error.status >= 500 else "Sender"
        body = (
            f'<ErrorResponse xmlns="{_NAMESPACES.get(service, _NAMESPACES["iam"])}"><Error><Type>{kind}</Type>'
            f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return _xml(error.status, body, error.code)


def json_answer(value: Any, status: int = 200) -> Answer:
    """``value`` as JSON: the shape of the lab's own pages."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _xml(status: int, body: str, code: str = "") -> Answer:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return Answer(status, document.encode(), {"Content-Type": "text/xml;charset=UTF-8"}, code)
