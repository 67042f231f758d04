# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature Version 4, checked from the AWS documentation's description and independently of botocore's signer."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from ..answers import ApiError
from ..request import HttpRequest, Scope

#: A request whose date is further off than this (seconds) is refused. Source: EC2 error codes, RequestExpired.
MAX_SKEW = 15 * 60


def check(http: HttpRequest, scope: Scope, secret_key: str, token: str | None) -> None:
    """Raise the service's error unless ``http`` is signed with ``secret_key`` (and carries ``token``, if any)."""
    stamp = http.headers.get("x-amz-date", "")
    try:
        sent = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise bad_signature(scope.service, "Date in the request is missing or malformed") from None
    if abs(time.time() - sent) > MAX_SKEW:
        raise ApiError("RequestExpired", "Request has expired.")
    if token is not None and not hmac.compare_digest(http.headers.get("x-amz-security-token", ""), token):
        raise unknown_key(scope.service)
    if "host" not in scope.signed_headers or not stamp.startswith(scope.date):
        raise bad_signature(scope.service, "The signature does not cover what it must")
    expected = signature(http, scope, secret_key, stamp)
    if not hmac.compare_digest(expected, scope.signature):
        raise bad_signature(scope.service, "The request signature we calculated does not match the one you provided.")


def signature(http: HttpRequest, scope: Scope, secret_key: str, stamp: str) -> str:
    """The signature that ``http`` should carry."""
    headers = "".join(f"{name}:{_trimmed(http.headers.get(name, ''))}\n" for name in scope.signed_headers)
    query = "&".join(
        f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parse_qsl(http.query, keep_blank_values=True))
    )
    canonical = "\n".join(
        (
            http.method,
            quote(http.path, safe="/-_.~"),
            query,
            headers,
            ";".join(scope.signed_headers),
            hashlib.sha256(http.body).hexdigest(),
        )
    )
    credential_scope = f"{scope.date}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{credential_scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def unknown_key(service: str) -> ApiError:
    """The error for an access key (or session token) that nobody has."""
    if service == "ec2":
        return _auth_failure()
    return ApiError("InvalidClientTokenId", "The security token included in the request is invalid.")


def bad_signature(service: str, reason: str) -> ApiError:
    """The error for a wrong signature."""
    return _auth_failure() if service == "ec2" else ApiError("SignatureDoesNotMatch", reason)


def expired(service: str) -> ApiError:
    """The error for temporary credentials whose time is over."""
    if service == "ec2":
        return ApiError("RequestExpired", "Request has expired.")
    return ApiError("ExpiredToken", "The security token included in the request is expired")


def _auth_failure() -> ApiError:
    return ApiError("AuthFailure", "AWS was not able to validate the provided access credentials")


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _trimmed(value: str) -> str:
    return re.sub(r" +", " ", value.strip())
