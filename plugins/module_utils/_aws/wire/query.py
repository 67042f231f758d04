# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of a call as EC2's and STS's query protocol wants them: a form.

Pure. Names as in the SDK; order as given. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

VERSIONS = {"ec2": "2016-11-15", "sts": "2011-06-15"}
"""The services, and the version of the API that is spoken."""

CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

_ON_THE_WIRE = {
    "Filters": "Filter",
    "Values": "Value",
    "RouteTableIds": "RouteTableId",
    "InstanceIds": "InstanceId",
    "NetworkInterfaceIds": "NetworkInterfaceId",
    "SubnetIds": "SubnetId",
    "AddEntries": "AddEntry",
    "RemoveEntries": "RemoveEntry",
}
"""Lists are named by what they hold."""


def form(service: str, operation: str, params: Mapping[str, Any]) -> bytes:
    """The body of the request."""
    pairs = [("Action", operation), ("Version", VERSIONS[service])]
    for name, value in params.items():
        pairs += _flat(_ON_THE_WIRE.get(name, name), value)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}.{_ON_THE_WIRE.get(key, key)}", item)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value, 1):
            yield from _flat(f"{name}.{number}", item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, str(value)
