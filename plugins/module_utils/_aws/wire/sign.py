# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature Version 4 in a header, for requests without a query string.

Pure. Source: IAM user guide, "Create a signed AWS API request". This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


class Keys(NamedTuple):
    """Credentials. ``ends``: when they expire, in seconds since the epoch; None: never."""

    access_key: str
    secret_key: str
    session_token: str | None = None
    ends: float | None = None

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Keys({self.access_key})"


def stamp(at: float) -> str:
    """A moment (seconds since the epoch) as ``X-Amz-Date`` has it."""
    return datetime.fromtimestamp(int(at), timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def canonical(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    """The canonical request: what is signed, all of ``headers`` included."""
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    return "\n".join(
        (
            method,
            quote(path, safe="/~"),
            "",
            *(f"{name}:{value}" for name, value in lines),
            "",
            ";".join(name for name, _value in lines),
            hashlib.sha256(body).hexdigest(),
        )
    )


def string_to_sign(request: str, date: str, scope: str) -> str:
    """What the signing key is applied to."""
    return f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"


def authorization(
    keys: Keys, service: str, region: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The ``Authorization`` header. ``headers`` hold ``Host`` and ``X-Amz-Date``, and all of them are signed."""
    date = headers["X-Amz-Date"]
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = string_to_sign(canonical(method, path, headers, body), date, scope)
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    names = ";".join(sorted(name.lower() for name in headers))
    return f"{ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
