# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: load balancers, listeners, target groups, targets; and the shapes in which they are answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..answers import Answer, ApiError, element, query_result
from ..request import Call

SERVICE = "elasticloadbalancing"
Tags = dict[str, str]


@dataclass
class Target:
    """A registered target. ``zone`` is empty inside the VPC; ``left`` is when it was deregistered, else None.

    ``healthy`` is None as long as nobody has measured it.
    """

    id: str
    port: int
    zone: str
    left: float | None = None
    healthy: bool | None = None


@dataclass
class Group:
    """A target group; ``health`` holds its health check as it is answered."""

    arn: str
    name: str
    vpc_id: str
    protocol: str
    port: int
    health: dict[str, Any]
    attributes: dict[str, str]
    tags: Tags
    targets: dict[tuple[str, int], Target] = field(default_factory=dict)


@dataclass
class Balancer:
    """A load balancer; ``places`` are its interfaces by subnet, ``ready`` is when it becomes active."""

    arn: str
    name: str
    account: str
    vpc_id: str
    scheme: str
    security_groups: tuple[str, ...]
    attributes: dict[str, str]
    tags: Tags
    ready: float
    places: dict[str, Any] = field(default_factory=dict)


@dataclass
class Listener:
    """A listener with the group that it forwards to."""

    arn: str
    balancer_arn: str
    protocol: str
    port: int
    group_arn: str
    certificate: str | None
    attributes: dict[str, str]
    tags: Tags


@dataclass
class Store:
    """All of them, by ARN."""

    groups: dict[str, Group] = field(default_factory=dict)
    balancers: dict[str, Balancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)

    def group(self, arn: str) -> Group:
        """One target group."""
        if arn not in self.groups:
            raise ApiError("TargetGroupNotFound", "One or more target groups not found")
        return self.groups[arn]

    def balancer(self, arn: str) -> Balancer:
        """One load balancer."""
        if arn not in self.balancers:
            raise ApiError("LoadBalancerNotFound", "One or more load balancers not found")
        return self.balancers[arn]

    def listener(self, arn: str) -> Listener:
        """One listener."""
        if arn not in self.listeners:
            raise ApiError("ListenerNotFound", "One or more listeners not found")
        return self.listeners[arn]

    def of(self, balancer_arn: str) -> list[Listener]:
        """The listeners of a load balancer."""
        return [one for one in self.listeners.values() if one.balancer_arn == balancer_arn]

    def using(self, group_arn: str) -> list[Listener]:
        """The listeners that forward to a group."""
        return [one for one in self.listeners.values() if one.group_arn == group_arn]

    def tagged(self, arn: str) -> Tags:
        """The tags of whatever has this ARN."""
        found = self.groups.get(arn) or self.balancers.get(arn) or self.listeners.get(arn)
        if found is not None:
            return found.tags
        kind = arn.split(":")[-1].split("/")[0]
        code = {"targetgroup": "TargetGroupNotFound", "listener": "ListenerNotFound"}.get(kind, "LoadBalancerNotFound")
        raise ApiError(code, f"'{arn}' not found")


def answer(call: Call, **content: Any) -> Answer:
    """A successful answer: lists become ``member`` elements, structures elements of their names."""
    return query_result(SERVICE, call.action, "".join(_xml(name, value) for name, value in content.items()))


def _xml(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_xml(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, (list, tuple)):
        return f"<{name}>{''.join(_xml('member', one) for one in value)}</{name}>"
    return element(name, value)


def paged(call: Call, name: str, found: list[dict[str, Any]]) -> Answer:
    """Of what was found, the page that the caller asks for; 400 to a page unless PageSize says less."""
    size, start = int(call.get("PageSize") or 400), int(call.get("Marker") or 0)
    following = start + size if start + size < len(found) else None
    return answer(call, **{name: found[start : start + size]}, NextMarker=following)


def pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Attributes or tags as a list of Key and Value."""
    return [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]


def given(call: Call, prefix: str) -> dict[str, str]:
    """The inverse, of a request."""
    found = [(one["Key"], one.get("Value", "")) for one in call.structures(f"{prefix}.member")]
    if len({key for key, dummy in found}) < len(found):
        code = "DuplicateTagKeys" if prefix == "Tags" else "ValidationError"
        raise ApiError(code, f"{prefix} has a key more than once")
    return dict(found)


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """A number of a range, else ValidationError."""
    if not text.isdigit() or not low <= int(text) <= high:
        raise ApiError("ValidationError", f"{name} must be between {low} and {high}, and is '{text}'")
    return int(text)


def changed(kept: dict[str, str], wanted: Mapping[str, str], ranges: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """The attributes as they are to be: only keys that there are, numbers in their ranges, true and false else."""
    for key, value in wanted.items():
        if key not in kept:
            raise ApiError("ValidationError", f"The attribute key '{key}' is not recognized")
        if key in ranges:
            whole_number(key, value, *ranges[key])
        elif kept[key] in ("true", "false") and value not in ("true", "false"):
            raise ApiError("ValidationError", f"'{key}' must be one of: 'true', 'false'")
    return {**kept, **wanted}


def numbered(store: Store) -> Iterator[str]:
    """Ids of sixteen hexadecimal digits, as ARNs end with."""
    number = len(store.groups) + len(store.balancers) + len(store.listeners) + 1
    while True:
        yield f"{number:016x}"
        number += 1
