# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's EC2, IAM and STS endpoint: moto's state behind AWS's own rules.

``Endpoint().start()`` serves it on 127.0.0.1; ``python -m lab.endpoint`` runs one in the foreground.
"""

from __future__ import annotations

from .clients import Credentials, boto_client
from .service import Endpoint
from .snapshot import InstanceSnap, InterfaceSnap, RouteSnap, Subnet, TableSnap, VpcSnapshot
from .switches import Strictness, Timing

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
