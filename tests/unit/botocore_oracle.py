# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What botocore makes of the same call: the request that it would send, and what it reads in an answer."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import botocore.auth
import botocore.parsers
import botocore.session
from botocore.config import Config


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire; ``canonical`` is what was signed."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    canonical: str


@dataclass(frozen=True)
class Signer:
    """Who asks, where, and when (seconds since the epoch)."""

    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    session_token: str | None = None
    region: str = "eu-central-1"
    endpoint_url: str | None = None
    at: int = 1_440_938_160


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def _client(service: str, signer: Signer, dual_stack: bool, fips: bool) -> Any:
    return _session().create_client(
        service,
        region_name=signer.region,
        endpoint_url=signer.endpoint_url,
        aws_access_key_id=signer.access_key,
        aws_secret_access_key=signer.secret_key,
        aws_session_token=signer.session_token,
        config=Config(
            use_dualstack_endpoint=dual_stack,
            use_fips_endpoint=fips,
            max_pool_connections=1,
            parameter_validation=False,
        ),
    )


class _NotSent(Exception):
    pass


def request(
    service: str,
    operation: str,
    params: Mapping[str, Any],
    signer: Signer = Signer(),
    *,
    dual_stack: bool = False,
    fips: bool = False,
) -> Sent:
    """The request that botocore would send for this call; it is not sent."""
    client = _client(service, signer, dual_stack, fips)
    sent: list[Any] = []
    canonical: list[str] = []

    def stop(request: Any, **_rest: Any) -> None:
        sent.append(request)
        raise _NotSent

    original = botocore.auth.SigV4Auth.canonical_request

    def note(self: Any, request: Any) -> str:
        canonical.append(original(self, request))
        return canonical[-1]

    client.meta.events.register("before-send", stop, unique_id="oracle")
    moment = datetime.datetime.fromtimestamp(signer.at, datetime.UTC)
    method = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=moment),
        mock.patch.object(botocore.auth.SigV4Auth, "canonical_request", note),
    ):
        try:
            getattr(client, method)(**params)
        except _NotSent:
            pass
        finally:
            client.meta.events.unregister("before-send", stop, unique_id="oracle")
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in sent[0].headers.items()
        if not name.lower().startswith("amz-sdk-") and name != "User-Agent"
    }
    body = sent[0].body
    url = re.sub(r"^(https://[^/]*):443(?=/)|^(http://[^/]*):80(?=/)", r"\1\2", sent[0].url)  # says nothing
    return Sent(url, headers, body.encode() if isinstance(body, str) else body, canonical[-1])


def parsed(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """What botocore reads in an answer with status 200."""
    model = _session().get_service_model(service)
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    answer: dict[str, Any] = parser.parse(
        {"status_code": 200, "headers": {}, "body": body}, model.operation_model(operation).output_shape
    )
    answer.pop("ResponseMetadata", None)
    return answer


def output_shape(service: str, operation: str) -> Any:
    """The model of an answer; None where it has no members."""
    return _session().get_service_model(service).operation_model(operation).output_shape
