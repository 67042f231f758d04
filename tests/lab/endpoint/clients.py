# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 clients of an endpoint. One session for all: the models of the services take longer to load than to use."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

#: Made on first use; creating clients from one session is not safe in several threads at once.
_lock = threading.Lock()
_sessions: list[Any] = []


@dataclass(frozen=True)
class Credentials:
    """Access keys as boto3 wants them."""

    access_key: str
    secret_key: str
    token: str | None = None


def boto_client(service: str, url: str, region: str, keys: Credentials, **config: Any) -> Any:
    """A client that tries each call once, unless ``config`` (botocore's Config) says otherwise."""
    with _lock:
        if not _sessions:
            _sessions.append(boto3.session.Session())
        return _sessions[0].client(
            service,
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=Config(**{"retries": {"total_max_attempts": 1}, "max_pool_connections": 64, **config}),
        )
