# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for a load balancer from start to end: read, judge, plan, apply, wait, and tell.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._aws.errors import AwsError
from .._aws.pace import Clock, Deadline
from .._base.finding import as_dicts
from .._route.ec2 import Ec2
from .._route.job import JobError
from .._route.plan import PlanError
from . import balancer, balancer_plan, balancer_told, interfaces, tracking
from .balancer import TCP, Seen, Want
from .balancer_plan import Made, Step
from .elb import LoadBalancers, seen_balancer, seen_group, seen_listener

PAUSE = 2.0  # seconds between two looks
_WAIT = frozenset({"ResourceInUse", "PriorRequestNotComplete"})
"""Refusals that pass: a target group is free a moment after its load balancer is gone."""
_ARN_OF = {
    "CreateLoadBalancer": ("LoadBalancers", "LoadBalancerArn"),
    "CreateTargetGroup": ("TargetGroups", "TargetGroupArn"),
    "CreateListener": ("Listeners", "ListenerArn"),
}


@dataclass(frozen=True)
class Request:
    """What is asked for, and how; ``instance_ids`` are the nodes, ``check``: change nothing, only foretell."""

    want: Want
    instance_ids: tuple[str, ...] = ()
    device_index: int = 0
    wait_timeout: float = 600.0
    check: bool = False
    interfaces: interfaces.Named = field(default_factory=dict)


def run(elb: LoadBalancers, ec2: Ec2, request: Request, clock: Clock = time) -> dict[str, Any]:
    """Do it. Returns what the module returns; raises PlanError or AwsError where nothing was changed, else JobError."""
    want = request.want
    balancer.judge_want(want)
    before = read(elb, ec2, request)
    balancer.judge(want, before)
    steps = balancer_plan.plan(want, before)
    if request.check:
        return _result(elb, want, before, balancer_plan.predicted(want, before), steps, {}, looked_at=before)
    deadline = Deadline(request.wait_timeout, clock)
    errors = _carry_out(elb, steps, deadline, clock)
    if not errors and want.state == "present":
        errors = _settle(elb, want, before, steps, deadline, clock)
    after = before
    if steps:
        try:
            after = read(elb, ec2, request)
        except AwsError as err:
            errors = errors or {len(steps): err}
    result = _result(elb, want, before, after, steps, errors)
    if errors:
        raise JobError(_partly(steps, errors), result)
    return result


def read(elb: LoadBalancers, ec2: Ec2, request: Request) -> Seen:
    """All that there is of this name; of one that is to go, no more than that takes."""
    want, whole = request.want, request.want.state == "present"
    raw, raws = elb.balancer(want.name), elb.groups(want.name)
    listeners = elb.listeners(raw["LoadBalancerArn"]) if raw else []
    arns = [raw["LoadBalancerArn"]] if raw else []
    arns += [one["TargetGroupArn"] for one in raws] + [one["ListenerArn"] for one in listeners]
    tags = elb.tags(arns) if arns else {}
    found = seen_balancer(raw, tags) if raw else None
    zones, vpc_id = _places(ec2, want, found) if whole else ({}, "")
    return Seen(
        balancer=found,
        listeners=tuple(
            seen_listener(
                one, tags, elb.idle_timeout(one["ListenerArn"]) if whole and one.get("Protocol") == TCP else None
            )
            for one in listeners
        ),
        groups=tuple(
            seen_group(
                one,
                tags,
                elb.attributes(one["TargetGroupArn"]) if whole else {},
                elb.targets(one["TargetGroupArn"]) if whole else (),
            )
            for one in raws
        ),
        tracking=_tracking(ec2, request) if whole and want.tracked else _tracked(ec2, found),
        short=_short(ec2, request) if whole and not want.tracked else {},
        others=_others(elb, found) if found and not whole else {},
        zones=zones,
        vpc_id=vpc_id,
    )


def _places(ec2: Ec2, want: Want, found: balancer.SeenBalancer | None) -> tuple[Mapping[str, str], str]:
    """The wanted subnets' zones and VPC: those of the load balancer, if it has just these."""
    if found and set(found.subnets) == set(want.subnet_ids):
        return found.subnets, found.vpc_id
    raws = ec2.aws.call("ec2", "DescribeSubnets", SubnetIds=list(want.subnet_ids))["Subnets"]
    vpcs = sorted({raw["VpcId"] for raw in raws})
    if len(vpcs) != 1:
        raise PlanError(f"subnet_ids are of {' and '.join(vpcs)}: name subnets of one VPC. Nothing was changed.")
    return {raw["SubnetId"]: raw["AvailabilityZone"] for raw in raws}, vpcs[0]


def _tracking(ec2: Ec2, request: Request) -> dict[str, int | None]:
    """Per interface of the nodes, how long it tracks an idle connection: two calls, or three.

    Where nothing was set, that is the instance type's own time; older types have five days, which is not to be cut.
    """
    if not request.instance_ids:
        return {}
    instances = ec2.instances(request.instance_ids)
    types = {
        interfaces.interface(one, request.device_index, request.interfaces).network_interface_id: one.instance_type
        for one in instances
    }
    found = _set(ec2, list(types))
    unset = sorted({types[interface] for interface, seconds in found.items() if seconds is None})
    own = _by_type(ec2, unset) if unset else {}
    return {interface: seconds or own.get(types[interface]) for interface, seconds in found.items()}


def _short(ec2: Ec2, request: Request) -> dict[str, int]:
    """Interfaces that forget sooner than AWS's own idle timeout; none where the caller may not look at them."""
    if not request.instance_ids or not request.want.idle:
        return {}
    try:
        instances = ec2.instances(request.instance_ids)
        chosen = [interfaces.interface(one, request.device_index, request.interfaces) for one in instances]
        found = _set(ec2, [one.network_interface_id for one in chosen])
    except AwsError as err:
        if not err.denied:
            raise
        return {}
    return {interface: seconds for interface, seconds in found.items() if seconds and seconds < request.want.idle}


def _tracked(ec2: Ec2, found: balancer.SeenBalancer | None) -> dict[str, int | None]:
    """The same of the interfaces that a load balancer has made remember, where it is to go: one call, or none."""
    changed = list(tracking.records(found.tags)) if found else []
    return _set(ec2, changed) if changed else {}


def _set(ec2: Ec2, interface_ids: list[str]) -> dict[str, int | None]:
    """What was set at interfaces; one that is gone by now is left out."""
    wanted = [{"Name": "network-interface-id", "Values": interface_ids}]
    pages = ec2.aws.pages("ec2", "DescribeNetworkInterfaces", Filters=wanted)
    return {
        raw["NetworkInterfaceId"]: raw.get("ConnectionTrackingConfiguration", {}).get("TcpEstablishedTimeout")
        for page in pages
        for raw in page["NetworkInterfaces"]
    }


def _by_type(ec2: Ec2, instance_types: list[str]) -> dict[str, int | None]:
    """What instance types have by themselves; nothing where the caller may not ask, or an older SDK does not know."""
    try:
        raws = ec2.aws.call("ec2", "DescribeInstanceTypes", InstanceTypes=instance_types)["InstanceTypes"]
    except AwsError as err:
        if not err.denied:
            raise
        return {}
    name = "DefaultTcpEstablishedTimeout"
    return {
        raw["InstanceType"]: raw.get("NetworkInfo", {}).get("ConnectionTrackingConfiguration", {}).get(name)
        for raw in raws
    }


def _others(elb: LoadBalancers, found: balancer.SeenBalancer) -> dict[str, int]:
    """By interface, what other load balancers need of it, where this one is to go and has changed any."""
    if not tracking.records(found.tags):
        return {}
    arns = [one for one in elb.every() if one != found.arn]
    needed: dict[str, int] = {}
    for tags in elb.tags(arns).values():
        needed = tracking.needs(tags, needed)
    return needed


# --- applying ---------------------------------------------------------------------------------------------------------


def _carry_out(elb: LoadBalancers, steps: Sequence[Step], deadline: Deadline, clock: Clock) -> dict[int, AwsError]:
    """Make the calls one after the other, up to the first that fails: a later one needs what an earlier one made.

    To make the same thing once more is no error for AWS, so that a call whose answer was lost is made again.
    """
    arns: dict[str, str] = {}
    for number, step in enumerate(steps):
        while True:
            try:
                answer = elb.aws.call(step.service, step.operation, **_filled(step.arguments, arns))
                break
            except AwsError as err:
                if deadline.over or not (err.transient or err.code in _WAIT):
                    return {number: err}
                clock.sleep(min(PAUSE, deadline.left))
        if step.operation in _ARN_OF:
            listed, key = _ARN_OF[step.operation]
            arns[step.what] = answer[listed][0][key]
    return {}


def _filled(value: Any, arns: Mapping[str, str]) -> Any:
    """The arguments with the ARNs of what has been made."""
    if isinstance(value, Made):
        return arns[value.what]
    if isinstance(value, Mapping):
        return {key: _filled(one, arns) for key, one in value.items()}
    return [_filled(one, arns) for one in value] if isinstance(value, list) else value


def _settle(
    elb: LoadBalancers, want: Want, before: Seen, steps: Sequence[Step], deadline: Deadline, clock: Clock
) -> dict[int, AwsError]:
    """Wait until a load balancer that was just made is active."""
    made = any(step.operation == "CreateLoadBalancer" for step in steps)
    waiting = made or (before.balancer is not None and before.balancer.state == "provisioning")
    while waiting:
        state = "provisioning"
        try:
            raw = elb.balancer(want.name)
            state = raw["State"]["Code"] if raw else state
        except AwsError as err:
            if not err.transient or deadline.over:
                return {len(steps): err}
        if state == "failed" or (deadline.over and not state.startswith("active")):
            told = f"the load balancer is {state}, not active: look at it in the console, or raise wait_timeout"
            return {len(steps): AwsError("NotActive", told, "DescribeLoadBalancers")}
        if waiting := not state.startswith("active"):
            clock.sleep(min(PAUSE, deadline.left))
    return {}


# --- telling ----------------------------------------------------------------------------------------------------------


def _partly(steps: Sequence[Step], errors: Mapping[int, AwsError]) -> str:
    [(number, err)] = errors.items()
    reason = err.message.rstrip(".")
    if number == len(steps):
        return f"All is made, but {reason}. Run again to look once more."
    done = ", ".join(dict.fromkeys(step.what for step in steps[:number]))
    rest = f"Done before: {done}." if done else "Nothing was changed."
    return f"Not done, {steps[number].what}: {reason}. {rest}{_by_hand(steps, number)} Run again to finish."


def _by_hand(steps: Sequence[Step], number: int) -> str:
    """What no further run can do, since the load balancer that had kept the times is gone."""
    if all(step.operation != "DeleteLoadBalancer" for step in steps[:number]):
        return ""
    left = [
        f"{step.arguments['NetworkInterfaceId']} to"
        f" {step.arguments['ConnectionTrackingSpecification']['TcpEstablishedTimeout']}"
        for step in steps[number:]
        if step.operation == "ModifyNetworkInterfaceAttribute"
    ]
    return f" Set TcpEstablishedTimeout of {', '.join(left)} yourself: it was so before." if left else ""


def _result(
    elb: LoadBalancers,
    want: Want,
    before: Seen,
    after: Seen,
    steps: Sequence[Step],
    errors: Mapping[int, AwsError],
    looked_at: Seen | None = None,
) -> dict[str, Any]:
    """What the module returns. Findings are about what there is: in check mode ``looked_at``."""
    found = balancer_told.findings(want, looked_at or after, steps if looked_at else ())
    stopped = min(errors, default=len(steps))
    sides = [balancer.shown(seen, want.name) for seen in (before, after)]
    return {
        "changed": stopped > 0 if steps else False,
        "before": sides[0],
        "after": sides[1],
        "load_balancer_arn": after.balancer.arn if after.balancer else None,
        "dns_name": after.balancer.dns_name if after.balancer else None,
        "targets": balancer.healths((looked_at or after).groups),
        "findings": as_dicts(found),
        "lines": balancer_told.lines(want, looked_at or after, found),
        "steps": [
            {
                "operation": step.operation,
                "what": step.what,
                "error": _error(errors.get(number)),
                "done": number < stopped,
            }
            for number, step in enumerate(steps)
        ],
        "api_calls": dict(elb.aws.calls),
        "diff": {"before": sides[0] or {}, "after": sides[1] or {}},
    }


def _error(err: AwsError | None) -> dict[str, str] | None:
    return {"code": err.code, "message": err.message} if err else None
