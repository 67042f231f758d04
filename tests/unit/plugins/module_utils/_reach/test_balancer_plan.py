# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that lead from a load balancer as it is to what is wanted; and that they lead there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer_plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer import (
    TAG,
    Seen,
    SeenListener,
    Target,
    Want,
    WantedListener,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer_plan import Made, plan, predicted

NOTHING = Seen(
    tracking={"eni-1": 350, "eni-2": 5000, "eni-3": None}, zones={"subnet-1": "a", "subnet-2": "b"}, vpc_id="vpc-1"
)
PORT = WantedListener(3600, "192.168.10.15", 3600, idle_timeout=3900)
OTHER = WantedListener(3300, "192.168.10.15", 3300, health_port=3600)
WANT = Want("sap", (PORT, OTHER), ("subnet-1", "subnet-2"), ("sg-1",))
TLS = WantedListener(443, "192.168.10.16", 8443, "TLS", certificate_arn="arn:acm")


def there(want: Want) -> Seen:
    """As it is after a run; ARNs are names."""
    seen = predicted(want, NOTHING)
    assert seen.balancer
    groups = tuple(replace(one, arn=f"arn:{one.name}") for one in seen.groups)
    listeners = tuple(
        replace(one, arn=f"arn:listener:{one.port}", group_arn=f"arn:{want.group(one.port)}") for one in seen.listeners
    )
    return replace(seen, balancer=replace(seen.balancer, arn="arn:lb"), groups=groups, listeners=listeners)


def operations(want: Want, seen: Seen) -> list[str]:
    return [f"{step.operation} {step.what}" for step in plan(want, seen)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, WANT),
        (WANT, replace(WANT, listeners=(PORT,))),
        (replace(WANT, listeners=(PORT,)), WANT),
        (WANT, replace(WANT, listeners=(replace(PORT, idle_timeout=350), TLS))),
        (replace(WANT, listeners=(TLS,)), replace(WANT, listeners=(replace(PORT, port=443),))),
        (WANT, replace(WANT, subnet_ids=("subnet-2",), security_group_ids=("sg-2",), tags={"a": "b"}, interval=10)),
        (WANT, replace(WANT, listeners=(replace(PORT, target_port=3601, address="192.168.10.16"),))),
        (WANT, replace(WANT, close_unhealthy=False, deregistration_delay=0, proxy_protocol=True)),
        (WANT, replace(WANT, state="absent")),
    ],
)
def test_what_is_foretold_needs_nothing_more(before: Want | None, after: Want) -> None:
    seen = there(before) if before else NOTHING
    assert plan(after, seen)
    assert plan(after, there(after) if after.state == "present" else predicted(after, seen)) == []


def test_nothing_is_cut_off_before_its_successor_is_there() -> None:
    moved = replace(WANT, listeners=(replace(PORT, target_port=3601),))
    assert operations(moved, there(WANT)) == [
        "RegisterTargets target group sap-3600",
        "DeregisterTargets target group sap-3600",
        "DeleteListener listener of port 3300",
        "DeleteTargetGroup target group sap-3300",
    ]


def test_the_interfaces_remember_before_the_listener_does() -> None:
    said = operations(WANT, NOTHING)
    tracking = said.index("ModifyNetworkInterfaceAttribute interface eni-1")
    assert tracking < said.index("ModifyListenerAttributes listener of port 3600")
    assert "ModifyNetworkInterfaceAttribute interface eni-2" not in said
    assert "ModifyNetworkInterfaceAttribute interface eni-3" not in said  # nobody knows: it may have five days
    assert not [one for one in said if "port 3300" in one and "Attributes" in one]  # 350 is AWS's own


def test_what_is_not_made_yet_is_named_by_its_step() -> None:
    steps = {f"{step.operation} {step.what}": step.arguments for step in plan(WANT, NOTHING)}
    made = steps["CreateListener listener of port 3600"]
    assert made["LoadBalancerArn"] == Made("load balancer sap")
    assert made["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": Made("target group sap-3600")}]
    idle = steps["ModifyListenerAttributes listener of port 3600"]
    assert idle["ListenerArn"] == Made("listener of port 3600")
    assert steps["RegisterTargets target group sap-3600"]["Targets"] == [
        {"Id": "192.168.10.15", "Port": 3600, "AvailabilityZone": "all"}
    ]
    assert {"Key": TAG, "Value": "sap"} in steps["CreateLoadBalancer load balancer sap"]["Tags"]


def test_no_security_groups_are_asked_for_where_none_are_named() -> None:
    bare = replace(WANT, security_group_ids=())
    [made] = [step for step in plan(bare, NOTHING) if step.operation == "CreateLoadBalancer"]
    assert "SecurityGroups" not in made.arguments
    assert plan(bare, there(WANT)) == []


def test_things_of_others_stay() -> None:
    foreign = SeenListener("arn:foreign", 80, "TCP", "arn:elsewhere")
    seen = there(WANT)
    others = replace(seen.groups[0], name="sap-80", arn="arn:sap-80", tags={})
    seen = replace(seen, listeners=(*seen.listeners, foreign), groups=(*seen.groups, others))
    assert plan(WANT, seen) == []
    assert "arn:sap-80" not in str(plan(replace(WANT, state="absent"), seen))
    assert foreign in predicted(WANT, seen).listeners


def test_a_target_of_another_zone_is_registered_anew_and_not_taken_away() -> None:
    seen = there(WANT)
    wrong = replace(seen.groups[0], targets=(Target("192.168.10.15", 3600, "a"),))
    seen = replace(seen, groups=(wrong, *seen.groups[1:]))
    assert operations(WANT, seen) == ["RegisterTargets target group sap-3600"]


def test_removal_is_the_load_balancer_first() -> None:
    assert operations(replace(WANT, state="absent"), there(WANT)) == [
        "DeleteLoadBalancer load balancer sap",
        "ModifyNetworkInterfaceAttribute interface eni-1",
        "DeleteTargetGroup target group sap-3600",
        "DeleteTargetGroup target group sap-3300",
    ]
    assert balancer_plan.predicted(replace(WANT, state="absent"), there(WANT)).balancer is None
