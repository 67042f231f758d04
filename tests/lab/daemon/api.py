# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 clients of a running lab's endpoint."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from lab.world import Keys, World


def client(world: World, service: str, keys: Keys | None = None) -> Any:
    """A client with the given keys, by default the administrator's of the nodes' account."""
    keys = keys or world.admin
    session: Any = boto3.session.Session()
    return session.client(
        service,
        region_name=world.region,
        endpoint_url=world.endpoint_url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )
