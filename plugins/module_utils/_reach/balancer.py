# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Network Load Balancer in front of overlay IPs: what is wanted, what there is, and what AWS cannot do.

Pure. Rules: Network Load Balancer guide, "Target groups", "Register targets", "Listeners", "TCP idle timeout" and
"Security groups".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._route.plan import PlanError

TAG = "aws_ha.overlay_ip"
"""On everything that the module made, with the name of the load balancer: by it a thing is ours."""

TCP, TLS = "TCP", "TLS"
IDLE = 350
"""AWS's own idle timeout in seconds; that of TLS listeners, too, which cannot be changed."""
IDLE_LOW, IDLE_HIGH = 60, 6000
TRACKING_HIGH = 432_000  # TcpEstablishedTimeout, in seconds
ALL_ZONES = "all"

_KEPT = {"aws:": "AWS's own", TAG: "this module's own"}
"""What keys of tags begin with, that nobody else gives."""
_PRIVATE = tuple(ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
_NAME = re.compile(r"(?!internal-)[A-Za-z0-9][A-Za-z0-9-]{0,25}(?<!-)")
_UNHEALTHY = "target_health_state.unhealthy"


@dataclass(frozen=True)
class WantedListener:
    """One port of the load balancer, and where it leads; ``health_port`` None is the target's own. Times in seconds."""

    port: int
    address: str
    target_port: int
    protocol: str = TCP
    idle_timeout: int = IDLE
    health_port: int | None = None
    certificate_arn: str = ""


@dataclass(frozen=True)
class Want:
    """What the caller asks for. ``security_group_ids`` and ``tags`` that are empty ask for none in particular."""

    name: str
    listeners: tuple[WantedListener, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    interval: int = 5
    healthy: int = 2
    unhealthy: int = 2
    close_unhealthy: bool = True
    deregistration_delay: int = 300
    proxy_protocol: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = "present"

    def group(self, port: int) -> str:
        """The name of the target group of a listener: there is one for each."""
        return f"{self.name}-{port}"

    @property
    def all_tags(self) -> dict[str, str]:
        """With the one by which a thing is ours."""
        return {**self.tags, TAG: self.name}

    @property
    def idle(self) -> int:
        """Seconds that the longest TCP listener keeps an idle connection; TLS keeps its own alive."""
        return max((one.idle_timeout for one in self.listeners if one.protocol == TCP), default=0)

    @property
    def tracked(self) -> int:
        """Seconds that the nodes' interfaces must remember an idle connection; 0 where any interface does."""
        longest = max((one.idle_timeout for one in self.listeners), default=0)
        return longest if longest > IDLE else 0

    def health(self, listener: WantedListener) -> dict[str, Any]:
        """The health check of a listener's target group as AWS names it: a check ends before the next one begins."""
        return {
            "HealthCheckProtocol": TCP,
            "HealthCheckPort": str(listener.health_port or "traffic-port"),
            "HealthCheckIntervalSeconds": self.interval,
            "HealthCheckTimeoutSeconds": min(10, self.interval - 1),
            "HealthyThresholdCount": self.healthy,
            "UnhealthyThresholdCount": self.unhealthy,
        }

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of every target group. Client IP preservation needs targets in the VPC, so it is off."""
        return {
            "deregistration_delay.connection_termination.enabled": "true",
            "deregistration_delay.timeout_seconds": str(self.deregistration_delay),
            "preserve_client_ip.enabled": "false",
            "proxy_protocol_v2.enabled": _text(self.proxy_protocol),
            f"{_UNHEALTHY}.connection_termination.enabled": _text(self.close_unhealthy),
            **({f"{_UNHEALTHY}.draining_interval_seconds": "0"} if self.close_unhealthy else {}),
        }


@dataclass(frozen=True)
class Target:
    """A registered target and its health; one that drains counts as registered no more."""

    address: str
    port: int
    zone: str
    health: str = ""


@dataclass(frozen=True)
class SeenGroup:
    """A target group as it is."""

    arn: str
    name: str
    vpc_id: str
    protocol: str
    health: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SeenListener:
    """A listener as it is; ``idle_timeout`` is None where it was not asked for."""

    arn: str
    port: int
    protocol: str
    group_arn: str
    certificate_arn: str = ""
    idle_timeout: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SeenBalancer:
    """A load balancer as it is; ``subnets`` are its zones by subnet."""

    arn: str
    name: str
    dns_name: str
    state: str
    kind: str
    scheme: str
    vpc_id: str
    subnets: Mapping[str, str]
    security_group_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """All that there is of one name. ``zones`` are those of the wanted subnets, ``vpc_id`` their VPC.

    ``tracking`` has, for each of the nodes' interfaces, the seconds in effect, None where nobody knows them; ``others``
    those that other load balancers need, ``short`` those that are less than AWS's own idle timeout asks for.
    """

    balancer: SeenBalancer | None = None
    listeners: tuple[SeenListener, ...] = ()
    groups: tuple[SeenGroup, ...] = ()
    tracking: Mapping[str, int | None] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    short: Mapping[str, int] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    vpc_id: str = ""

    def listener(self, port: int) -> SeenListener | None:
        """The listener of a port."""
        return next((one for one in self.listeners if one.port == port), None)

    def group(self, name: str) -> SeenGroup | None:
        """The target group of a name."""
        return next((one for one in self.groups if one.name == name), None)


class BalancerError(PlanError):
    """What cannot be, in one sentence with the remedy."""


def ours(name: str, tags: Mapping[str, str]) -> bool:
    """Whether we made a thing with these tags for the load balancer of this name."""
    return tags.get(TAG) == name


# --- what cannot be ---------------------------------------------------------------------------------------------------


def misnamed(name: str) -> str:
    """What a load balancer's name has to be, where this one is not so; else nothing."""
    if _NAME.fullmatch(name):
        return ""
    return (
        "take 1 to 26 letters, digits and hyphens, not beginning with 'internal-' and not ending in a hyphen (target"
        " groups are named after it and the port)"
    )


def judge_want(want: Want) -> None:
    """Raise BalancerError for the first thing that AWS cannot do."""
    if told := misnamed(want.name):
        raise _refused(f"name is '{want.name}': {told}")
    if want.state == "absent":
        return
    for option, given in (("listeners", want.listeners), ("subnet_ids", want.subnet_ids)):
        if not given:
            raise _refused(f"{option} is empty: name at least one")
    ports = [one.port for one in want.listeners]
    for port in ports:
        if ports.count(port) > 1:
            raise _refused(f"listeners name port {port} more than once: a port has one listener")
    for listener in want.listeners:
        _judge_listener(listener)
    for key in want.tags:
        whose = next((whose for begin, whose in _KEPT.items() if key.lower().startswith(begin)), "")
        if whose:
            raise _refused(f"tags has the key '{key}', which is one of {whose}: take another key")
    for option, value, low, high in (
        ("health_interval", want.interval, 5, 300),
        ("healthy_threshold", want.healthy, 2, 10),
        ("unhealthy_threshold", want.unhealthy, 2, 10),
        ("deregistration_delay", want.deregistration_delay, 0, 3600),
    ):
        if not low <= value <= high:
            raise _refused(f"{option} is {value}: take {low} to {high}")


def _judge_listener(listener: WantedListener) -> None:
    where = f"The listener of port {listener.port}"
    if listener.protocol not in (TCP, TLS):
        raise _refused(
            f"{where} has the protocol {listener.protocol}, and answers of a target outside of the VPC's addresses get"
            " lost with it: take TCP or TLS"
        )
    _judge_address(where, listener.address)
    for option, port in (
        ("port", listener.port),
        ("target_port", listener.target_port),
        ("health_port", listener.health_port),
    ):
        if port is not None and not 1 <= port <= 65535:
            raise _refused(f"{where} has the {option} {port}: take 1 to 65535")
    if listener.protocol == TLS:
        if not listener.certificate_arn:
            raise _refused(f"{where} has the protocol TLS and no certificate_arn: name a certificate")
        if listener.idle_timeout != IDLE:
            raise _refused(
                f"{where} has the protocol TLS, whose idle timeout is always {IDLE} s, and the idle_timeout"
                f" {listener.idle_timeout}: leave it out (its keepalives hold idle connections up), or take TCP"
            )
    elif listener.certificate_arn:
        raise _refused(f"{where} has a certificate_arn and the protocol TCP: leave it out, or take TLS")
    elif not IDLE_LOW <= listener.idle_timeout <= IDLE_HIGH:
        raise _refused(f"{where} has the idle_timeout {listener.idle_timeout}: take {IDLE_LOW} to {IDLE_HIGH} seconds")


def _judge_address(where: str, text: str) -> None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise _refused(f"{where} leads to '{text}', which is no address: name an overlay IP") from None
    if network.version == 6:
        raise _refused(
            f"{where} leads to {text}, and AWS takes no IPv6 address from outside of the VPC's as a target: name an"
            " IPv4 overlay IP"
        )
    if network.num_addresses != 1:
        raise _refused(f"{where} leads to {text}, and a target is one address: name the one that the node holds")
    if not any(network.subnet_of(private) for private in _PRIVATE):  # type: ignore[arg-type]
        ranges = ", ".join(map(str, _PRIVATE))
        raise _refused(f"{where} leads to {text}, and AWS takes targets outside of the VPC from {ranges} alone")


def judge(want: Want, seen: Seen) -> None:
    """Raise BalancerError where what there is stands in the way: somebody else's things, or what cannot be changed."""
    balancer = seen.balancer
    if balancer and not ours(want.name, balancer.tags):
        raise _foreign(f"Load balancer {want.name}", want)
    for listener in seen.listeners:
        wanted = want.state == "absent" or any(one.port == listener.port for one in want.listeners)
        if wanted and not ours(want.name, listener.tags):
            where = f"The listener of port {listener.port} of {want.name}"
            raise _refused(f"{where} was not made by this module: remove it, or leave that port out")
    if want.state == "absent":
        return
    if balancer and (balancer.kind, balancer.scheme) != ("network", "internal"):
        shown = f"{balancer.scheme} and of type {balancer.kind}"
        raise _refused(f"Load balancer {want.name} is {shown}: remove it (state=absent) to have it made anew")
    for one in want.listeners:
        group = seen.group(want.group(one.port))
        if group and not ours(want.name, group.tags):
            raise _foreign(f"Target group {group.name}", want)
        if group and (group.vpc_id, group.protocol) != (seen.vpc_id, TCP):
            shown = f"of {group.vpc_id} and {group.protocol}"
            raise _refused(f"Target group {group.name} is {shown}: remove it (state=absent) to have it made anew")
    _judge_places(want, seen)


def _judge_places(want: Want, seen: Seen) -> None:
    balancer = seen.balancer
    zones: dict[str, str] = {}
    for subnet_id in want.subnet_ids:
        other = zones.setdefault(seen.zones[subnet_id], subnet_id)
        if other != subnet_id:
            raise _refused(
                f"{other} and {subnet_id} are both in {seen.zones[subnet_id]}, and a load balancer has one subnet of a"
                " zone: name one of them"
            )
    if balancer and balancer.vpc_id != seen.vpc_id:
        raise _refused(
            f"Load balancer {want.name} is in {balancer.vpc_id}, and subnet_ids are of {seen.vpc_id}: remove it"
            " (state=absent) to have it made anew"
        )
    if balancer and want.security_group_ids and not balancer.security_group_ids:
        raise _refused(
            f"Load balancer {want.name} was made without security groups, and AWS gives it none later: remove it"
            " (state=absent) to have it made anew, or leave out security_group_ids"
        )


def _foreign(what: str, want: Want) -> BalancerError:
    return _refused(f"{what} exists and was not made by this module (no tag {TAG}={want.name}): take another name")


def _refused(sentence: str) -> BalancerError:
    return BalancerError(f"{sentence}. Nothing was changed.")


def _text(value: bool) -> str:
    return "true" if value else "false"


# --- what is told -----------------------------------------------------------------------------------------------------


def shown(seen: Seen, name: str) -> dict[str, Any] | None:
    """All of it as the module returns it; None where there is nothing."""
    if seen.balancer is None and not any(ours(name, one.tags) for one in seen.groups):
        return None
    balancer = seen.balancer
    return {
        "load_balancer_arn": balancer.arn if balancer else None,
        "dns_name": balancer.dns_name if balancer else None,
        "subnet_ids": sorted(balancer.subnets) if balancer else [],
        "security_group_ids": sorted(balancer.security_group_ids) if balancer else [],
        "listeners": [_listener(one, seen) for one in sorted(seen.listeners, key=lambda one: one.port)],
        "target_groups": {g.name: _group(g) for g in seen.groups if ours(name, g.tags)},
        "tcp_established_timeout": dict(seen.tracking),
    }


def _listener(listener: SeenListener, seen: Seen) -> dict[str, Any]:
    group = next((g.name for g in seen.groups if g.arn == listener.group_arn), listener.group_arn)
    return {
        "port": listener.port,
        "protocol": listener.protocol,
        "target_group": group,
        "certificate_arn": listener.certificate_arn or None,
        "idle_timeout": listener.idle_timeout,
    }


def _group(group: SeenGroup) -> dict[str, Any]:
    return {
        "targets": sorted(f"{t.address}:{t.port} ({t.zone})" for t in group.targets),
        "health_check": dict(group.health),
        "attributes": dict(sorted(group.attributes.items())),
    }


def healths(groups: Iterable[SeenGroup]) -> list[dict[str, Any]]:
    """The health of each target as it was measured."""
    return [
        {"target_group": group.name, "address": target.address, "port": target.port, "state": target.health}
        for group in groups
        for target in group.targets
    ]
