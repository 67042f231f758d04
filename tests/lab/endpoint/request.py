# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One API request in AWS's query protocol, as EC2, IAM and STS speak it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .answers import ApiError

if TYPE_CHECKING:
    from .iam.caller import Caller

#: ``AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=..., Signature=...``
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)

#: Beginnings of the names of actions that change nothing that another call could see.
_READ_ONLY = ("Assume", "Decode", "Describe", "Get", "List", "Search", "Simulate")


@dataclass(frozen=True)
class Scope:
    """What the Authorization header claims; nothing in it is trusted before the signature is checked."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


@dataclass(frozen=True)
class HttpRequest:
    """The request as it came over the wire; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str = ""

    def scope(self) -> Scope | None:
        """The credential scope of the Authorization header, or None when there is none that can be read."""
        match = _AUTHORIZATION.match(self.headers.get("authorization", ""))
        if match is None:
            return None
        return Scope(
            match["key"],
            match["date"],
            match["region"],
            match["service"],
            tuple(match["headers"].split(";")),
            match["signature"],
        )


@dataclass(frozen=True)
class Call:
    """One API call: who asks for what. ``params`` is flat, as on the wire (``Filter.1.Value.2``)."""

    service: str
    action: str
    region: str
    params: Mapping[str, str]
    http: HttpRequest
    caller: Caller | None = field(default=None)
    #: Answer a read as things were this many seconds ago (a fault).
    stale: float = 0.0

    @property
    def mutating(self) -> bool:
        """True when the action may change something."""
        return not self.action.startswith(_READ_ONLY)

    @property
    def http_key(self) -> str:
        """The access key that the request claims."""
        scope = self.http.scope()
        return scope.access_key if scope else ""

    @property
    def attempt(self) -> int:
        """Which of its attempts the SDK says this is, from 1 (``amz-sdk-request: attempt=2; max=3``); else 0."""
        match = re.search(r"attempt=(\d+)", self.http.headers.get("amz-sdk-request", ""))
        return int(match[1]) if match else 0

    @property
    def by(self) -> Caller:
        """The caller; only a call that has been authenticated has one."""
        if self.caller is None:
            raise RuntimeError("the call has not been authenticated")
        return self.caller

    def get(self, name: str) -> str | None:
        """The value of ``name``; an empty value counts as absent, as EC2 sees it."""
        return self.params.get(name) or None

    def required(self, name: str) -> str:
        """The value of ``name``, else MissingParameter."""
        value = self.get(name)
        if value is None:
            raise ApiError("MissingParameter", f"The request must contain the parameter {name}")
        return value

    def flag(self, name: str) -> bool:
        """True when ``name`` is the text "true"."""
        return (self.get(name) or "").lower() == "true"

    def members(self, prefix: str) -> list[str]:
        """The values of ``prefix.1``, ``prefix.2``, ..., in order."""
        return [self.params[f"{prefix}.{n}"] for n in self._numbers(prefix)]

    def structures(self, prefix: str) -> list[dict[str, str]]:
        """The members of a list of structures: ``prefix.1.Name`` becomes ``[{"Name": ...}]``."""
        return [
            {
                key[len(f"{prefix}.{n}.") :]: value
                for key, value in self.params.items()
                if key.startswith(f"{prefix}.{n}.")
            }
            for n in self._numbers(prefix)
        ]

    def filters(self) -> list[tuple[str, list[str]]]:
        """``Filter.N.Name`` with all its ``Filter.N.Value.M``."""
        return [
            (self.params.get(f"Filter.{n}.Name", ""), self.members(f"Filter.{n}.Value"))
            for n in self._numbers("Filter")
        ]

    def _numbers(self, prefix: str) -> list[int]:
        head = f"{prefix}."
        found = (key[len(head) :].split(".", 1)[0] for key in self.params if key.startswith(head))
        return sorted({int(number) for number in found if number.isdigit()})


def parse(http: HttpRequest) -> Call | None:
    """Read a query-protocol call, or None for a request that is none (unsigned, or without an Action)."""
    scope = http.scope()
    if scope is None:
        return None
    params = dict(_pairs(http))
    action = params.pop("Action", "")
    params.pop("Version", None)
    return Call(scope.service, action, scope.region, params, http) if action else None


def _pairs(http: HttpRequest) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(http.query, keep_blank_values=True)
    if http.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        yield from parse_qsl(http.body.decode("utf-8", "replace"), keep_blank_values=True)


def from_environ(environ: Mapping[str, Any]) -> HttpRequest:
    """Build the request from a WSGI environment; the body is read once and kept."""
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(key):
            headers[name] = environ[key]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO") or "/",
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
        peer=environ.get("REMOTE_ADDR", ""),
    )
