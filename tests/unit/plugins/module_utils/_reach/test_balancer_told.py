# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a load balancer: which findings, how grave, and the lines that a person reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer import (
    TAG,
    Seen,
    SeenBalancer,
    SeenGroup,
    SeenListener,
    Target,
    Want,
    WantedListener,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer_plan import Step
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer_told import findings, lines

WANT = Want("sap", (WantedListener(3600, "192.168.10.15", 3601),), ("subnet-1",))
BALANCER = SeenBalancer("arn:lb", "sap", "sap.elb", "active", "network", "internal", "vpc-1", {"subnet-1": "a"})
DUE = (Step("elbv2", "ModifyTargetGroup", "target group sap-3600", {}),) * 2


def seen(health: str) -> Seen:
    target = Target("192.168.10.15", 3601, "all", health)
    group = SeenGroup("arn:tg", "sap-3600", "vpc-1", "TCP", {}, targets=(target,), tags={TAG: "sap"})
    return Seen(BALANCER, (SeenListener("arn:l", 3600, "TCP", "arn:tg", idle_timeout=3900),), (group,))


@pytest.mark.parametrize(
    ("there", "due", "expected"),
    [
        (seen("healthy"), (), []),
        (seen("unhealthy"), (), [("target_unhealthy", "error")]),
        (seen("initial"), (), [("target_not_measured", "info")]),
        (seen("unused"), DUE, [("differs", "warning"), ("target_not_measured", "info")]),
        (replace(seen("healthy"), balancer=None), DUE, [("no_load_balancer", "error")]),
    ],
)
def test_findings(there: Seen, due: tuple[Step, ...], expected: list[tuple[str, str]]) -> None:
    assert [(one.id, one.severity) for one in findings(WANT, there, due)] == expected
    assert findings(replace(WANT, state="absent"), there, due) == []


def test_the_port_that_is_asked_is_named() -> None:
    other = replace(WANT, listeners=(replace(WANT.listeners[0], health_port=3600),))
    [asked] = findings(other, seen("unhealthy"), ())
    assert asked.message == "sap:3600 to 192.168.10.15:3601 fails its health check at port 3600."
    [own] = findings(WANT, seen("unhealthy"), ())
    assert own.message.endswith("at port 3601.")
    assert "that the tables of subnet-1 have the overlay route" in own.remedy


def test_the_lines() -> None:
    there = seen("initial")
    found = findings(WANT, there, DUE)
    assert lines(WANT, there, found) == [
        "Load balancer sap, sap.elb, active:",
        "  port 3600 to 192.168.10.15:3601: initial, idle connections are kept 3900 s",
        "  Load balancer sap is not as declared: target group sap-3600. Run reach.yml, or overlay_load_balancer without"
        " check mode.",
    ]
    gone = replace(there, balancer=None)
    assert lines(WANT, gone, findings(WANT, gone, DUE)) == [
        "Load balancer sap does not exist. Run reach.yml, or overlay_load_balancer without check mode."
    ]


def test_an_interface_whose_time_nobody_knows_is_warned_of() -> None:
    hour = replace(WANT, listeners=(replace(WANT.listeners[0], idle_timeout=3900),))
    there = replace(seen("healthy"), tracking={"eni-1": None, "eni-2": 3900})
    [told] = findings(hour, there, ())
    assert (told.id, told.severity) == ("tracking_unknown", "warning")
    assert told.message.startswith("How long eni-1 remembers an idle connection is not known, so that it was left")
    assert "ec2:DescribeInstanceTypes" in told.remedy
