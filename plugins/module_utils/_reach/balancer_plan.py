# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that lead from a load balancer as it is to what is wanted, in their order, and how it then reads.

Pure. What is not made yet is named by its place in a call: see `Made`.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import tracking
from .balancer import (
    ALL_ZONES,
    IDLE,
    TCP,
    TLS,
    Seen,
    SeenBalancer,
    SeenGroup,
    SeenListener,
    Target,
    Want,
    WantedListener,
    ours,
)

ELB, EC2 = "elbv2", "ec2"
BALANCER = "load balancer"


@dataclass(frozen=True)
class Made:
    """In place of an ARN: that of what an earlier step makes."""

    what: str


@dataclass(frozen=True)
class Step:
    """One call that changes something; ``what`` is what it is about, in words, and names what it makes."""

    service: str
    operation: str
    what: str
    arguments: Mapping[str, Any]


def plan(want: Want, seen: Seen) -> list[Step]:
    """The calls. Nothing is cut off before what takes its place is there."""
    if want.state == "absent":
        return list(_removal(want, seen))
    return [
        *_groups(want, seen),
        *_balancer(want, seen),
        *_tracking(want, seen),
        *_listeners(want, seen),
        *_leftovers(want, seen),
    ]


def _removal(want: Want, seen: Seen) -> Iterator[Step]:
    """The load balancer takes its listeners with it; its target groups are free only then.

    The interfaces get back what they had once it is gone: AWS may refuse to delete it (deletion protection, an endpoint
    service), and while it lives, it needs what they have.
    """
    if seen.balancer:
        yield Step(ELB, "DeleteLoadBalancer", _called(want), {"LoadBalancerArn": seen.balancer.arn})
        back = tracking.given_back(seen.balancer.tags, seen.tracking, seen.others)
        yield from (_remember(interface_id, seconds) for interface_id, seconds in sorted(back.items()))
    for group in seen.groups:
        if ours(want.name, group.tags):
            yield Step(ELB, "DeleteTargetGroup", f"target group {group.name}", {"TargetGroupArn": group.arn})


def _called(want: Want) -> str:
    return f"{BALANCER} {want.name}"


def _tags(want: Want, more: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted({**want.all_tags, **(more or {})}.items())]


def _tagged(
    want: Want, what: str, arn: str, tags: Mapping[str, str], more: Mapping[str, str] | None = None
) -> Iterator[Step]:
    wanted = {**want.all_tags, **(more or {})}
    missing = {key: value for key, value in sorted(wanted.items()) if tags.get(key) != value}
    if missing:
        listed = [{"Key": key, "Value": value} for key, value in missing.items()]
        yield Step(ELB, "AddTags", what, {"ResourceArns": [arn], "Tags": listed})


def _attributes(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]


# --- target groups ----------------------------------------------------------------------------------------------------


def _groups(want: Want, seen: Seen) -> Iterator[Step]:
    for listener in want.listeners:
        name, health = want.group(listener.port), want.health(listener)
        group, what = seen.group(name), f"target group {name}"
        arn: str | Made = group.arn if group else Made(what)
        if group is None:
            made = {
                "Name": name,
                "Protocol": TCP,
                "Port": listener.target_port,
                "VpcId": seen.vpc_id,
                "TargetType": "ip",
                **health,
                "Tags": _tags(want),
            }
            yield Step(ELB, "CreateTargetGroup", what, made)
        else:
            yield from _tagged(want, what, group.arn, group.tags)
            if any(group.health.get(key) != value for key, value in health.items()):
                yield Step(ELB, "ModifyTargetGroup", what, {"TargetGroupArn": arn, **health})
        known = group.attributes if group else {}
        wrong = {key: value for key, value in want.attributes.items() if known.get(key) != value}
        if wrong:
            arguments = {"TargetGroupArn": arn, "Attributes": _attributes(wrong)}
            yield Step(ELB, "ModifyTargetGroupAttributes", what, arguments)
        if group is None or not any(_same(target, listener) for target in group.targets):
            target = {"Id": listener.address, "Port": listener.target_port, "AvailabilityZone": ALL_ZONES}
            yield Step(ELB, "RegisterTargets", what, {"TargetGroupArn": arn, "Targets": [target]})


def _same(target: Target, listener: WantedListener) -> bool:
    wanted = (listener.address, listener.target_port, ALL_ZONES)
    return (target.address, target.port, target.zone) == wanted


# --- the nodes' interfaces, the load balancer itself, its listeners ---------------------------------------------------


def _tracking(want: Want, seen: Seen) -> Iterator[Step]:
    """An interface that forgets sooner than the load balancer drops what the load balancer still forwards.

    One whose time nobody knows may have five days by itself, which is not to be cut: `balancer_told` warns of it.
    """
    for interface_id, seconds in seen.tracking.items():
        if seconds and seconds < want.tracked:
            yield _remember(interface_id, want.tracked)


def _remember(interface_id: str, seconds: int) -> Step:
    arguments = {
        "NetworkInterfaceId": interface_id,
        "ConnectionTrackingSpecification": {"TcpEstablishedTimeout": seconds},
    }
    return Step(EC2, "ModifyNetworkInterfaceAttribute", f"interface {interface_id}", arguments)


def _balancer(want: Want, seen: Seen) -> Iterator[Step]:
    balancer = seen.balancer
    before = tracking.kept(want.tracked, seen.tracking, balancer.tags if balancer else {})
    if balancer is None:
        groups = {"SecurityGroups": list(want.security_group_ids)} if want.security_group_ids else {}
        made = {
            "Name": want.name,
            "Type": "network",
            "Scheme": "internal",
            "IpAddressType": "ipv4",
            "Subnets": list(want.subnet_ids),
            **groups,
            "Tags": _tags(want, before),
        }
        yield Step(ELB, "CreateLoadBalancer", _called(want), made)
        return
    yield from _tagged(want, _called(want), balancer.arn, balancer.tags, before)
    arn = {"LoadBalancerArn": balancer.arn}
    if want.security_group_ids and set(want.security_group_ids) != set(balancer.security_group_ids):
        chosen = list(want.security_group_ids)
        yield Step(ELB, "SetSecurityGroups", _called(want), {**arn, "SecurityGroups": chosen})
    if set(want.subnet_ids) != set(balancer.subnets):
        yield Step(ELB, "SetSubnets", _called(want), {**arn, "Subnets": list(want.subnet_ids)})


def _listeners(want: Want, seen: Seen) -> Iterator[Step]:
    for wanted in want.listeners:
        what = f"listener of port {wanted.port}"
        group = seen.group(want.group(wanted.port))
        group_arn: str | Made = group.arn if group else Made(f"target group {want.group(wanted.port)}")
        listener = seen.listener(wanted.port)
        leads: dict[str, Any] = {
            "Protocol": wanted.protocol,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group_arn}],
        }
        if wanted.protocol == TLS:
            leads["Certificates"] = [{"CertificateArn": wanted.certificate_arn}]
        if listener is None:
            arn = seen.balancer.arn if seen.balancer else Made(_called(want))
            made = {"LoadBalancerArn": arn, "Port": wanted.port, **leads, "Tags": _tags(want)}
            yield Step(ELB, "CreateListener", what, made)
        elif (listener.protocol, listener.group_arn, listener.certificate_arn) != (
            wanted.protocol,
            group_arn,
            wanted.certificate_arn,
        ):
            yield Step(ELB, "ModifyListener", what, {"ListenerArn": listener.arn, **leads})
        known = listener.idle_timeout if listener and listener.protocol == TCP else IDLE
        if wanted.protocol == TCP and known != wanted.idle_timeout:
            arguments = {
                "ListenerArn": listener.arn if listener else Made(what),
                "Attributes": _attributes({"tcp.idle_timeout.seconds": str(wanted.idle_timeout)}),
            }
            yield Step(ELB, "ModifyListenerAttributes", what, arguments)


def _leftovers(want: Want, seen: Seen) -> Iterator[Step]:
    """What an earlier request left: targets, listeners, groups; of others' things nothing."""
    ports = {one.port: one for one in want.listeners}
    names = {want.group(port): listener for port, listener in ports.items()}
    for group in seen.groups:
        wanted = names.get(group.name)
        right = (wanted.address, wanted.target_port) if wanted else None
        stale = [t for t in group.targets if right and (t.address, t.port) != right]
        if stale:
            targets = [{"Id": t.address, "Port": t.port} for t in stale]
            arguments = {"TargetGroupArn": group.arn, "Targets": targets}
            yield Step(ELB, "DeregisterTargets", f"target group {group.name}", arguments)
    for listener in seen.listeners:
        if listener.port not in ports and ours(want.name, listener.tags):
            what = f"listener of port {listener.port}"
            yield Step(ELB, "DeleteListener", what, {"ListenerArn": listener.arn})
    for group in seen.groups:
        if group.name not in names and ours(want.name, group.tags):
            yield Step(ELB, "DeleteTargetGroup", f"target group {group.name}", {"TargetGroupArn": group.arn})


# --- check mode -------------------------------------------------------------------------------------------------------


def predicted(want: Want, seen: Seen) -> Seen:
    """How it will read once the steps are carried out; what AWS alone knows is empty."""
    if want.state == "absent":
        return replace(seen, balancer=None, listeners=(), groups=())
    old = seen.balancer or SeenBalancer("", want.name, "", "", "network", "internal", seen.vpc_id, {})
    balancer = replace(
        old,
        subnets={one: seen.zones[one] for one in want.subnet_ids},
        security_group_ids=want.security_group_ids or old.security_group_ids,
        tags={**old.tags, **want.all_tags, **tracking.kept(want.tracked, seen.tracking, old.tags)},
    )
    kept = [one for one in seen.listeners if not ours(want.name, one.tags)]
    groups = [_foretold_group(want, seen, one) for one in want.listeners]
    arns = {group.name: group.arn for group in groups}
    foretold = [_foretold_listener(want, seen, one, arns[want.group(one.port)]) for one in want.listeners]
    return replace(
        seen,
        balancer=balancer,
        listeners=(*foretold, *(one for one in kept if one.port not in {w.port for w in want.listeners})),
        groups=tuple(groups),
        tracking={interface: seconds and max(seconds, want.tracked) for interface, seconds in seen.tracking.items()},
    )


def _foretold_group(want: Want, seen: Seen, listener: WantedListener) -> SeenGroup:
    name = want.group(listener.port)
    old = seen.group(name) or SeenGroup(f"(new) {name}", name, seen.vpc_id, TCP, {})
    health, attributes = {**old.health, **want.health(listener)}, {**old.attributes, **want.attributes}
    kept = next((t for t in old.targets if _same(t, listener)), None)
    target = kept or Target(listener.address, listener.target_port, ALL_ZONES, "initial")
    return replace(old, health=health, attributes=attributes, targets=(target,), tags={**old.tags, **want.all_tags})


def _foretold_listener(want: Want, seen: Seen, wanted: WantedListener, group_arn: str) -> SeenListener:
    old = seen.listener(wanted.port)
    idle = wanted.idle_timeout if wanted.protocol == TCP else None
    return SeenListener(
        old.arn if old else "", wanted.port, wanted.protocol, group_arn, wanted.certificate_arn, idle, want.all_tags
    )
