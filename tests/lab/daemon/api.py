# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 clients of a running lab's endpoint."""

from __future__ import annotations

from typing import Any

from lab.endpoint import boto_client
from lab.world import Keys, World


def client(world: World, service: str, keys: Keys | None = None) -> Any:
    """A client with the given keys, by default the administrator's of the nodes' account."""
    return boto_client(service, world.endpoint_url, world.region, (keys or world.admin).credentials())
