# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's EC2, IAM and STS endpoint: moto's state behind AWS's own rules.

``Endpoint().start()`` serves it on 127.0.0.1; ``python -m lab.endpoint`` runs one in the foreground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clients import Credentials, boto_client
from .snapshot import InstanceSnap, InterfaceSnap, RouteSnap, Subnet, TableSnap, VpcSnapshot
from .switches import Strictness, Timing

if TYPE_CHECKING:
    from .service import Endpoint

__all__ = [
    "Credentials",
    "Endpoint",
    "InstanceSnap",
    "InterfaceSnap",
    "RouteSnap",
    "Strictness",
    "Subnet",
    "TableSnap",
    "Timing",
    "VpcSnapshot",
    "boto_client",
]


def __getattr__(name: str) -> Any:
    """Import moto, which takes seconds, only for those who run an endpoint: the lab's commands just talk to one."""
    if name == "Endpoint":
        from .service import Endpoint

        return Endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
