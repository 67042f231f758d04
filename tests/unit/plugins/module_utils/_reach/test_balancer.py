# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of a load balancer, in AWS's words, and what stands in the way of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer import (
    TAG,
    BalancerError,
    Seen,
    SeenBalancer,
    SeenGroup,
    SeenListener,
    Want,
    WantedListener,
)

PORT = WantedListener(3600, "192.168.10.15", 3600)
WANT = Want("sap", (PORT,), ("subnet-1",))
OURS = {TAG: "sap"}
BALANCER = SeenBalancer(
    "arn:lb", "sap", "sap.elb", "active", "network", "internal", "vpc-1", {"subnet-1": "a"}, tags=OURS
)
SEEN = Seen(BALANCER, zones={"subnet-1": "a", "subnet-2": "a"}, vpc_id="vpc-1")
GROUP = SeenGroup("arn:tg", "sap-3600", "vpc-1", "TCP", {}, tags=OURS)


@pytest.mark.parametrize(
    ("idle", "tracked"), [((350,), 0), ((60, 350), 0), ((351,), 351), ((350, 3900, 600), 3900), ((), 0)]
)
def test_the_nodes_remember_as_long_as_the_longest_listener(idle: tuple[int, ...], tracked: int) -> None:
    assert replace(WANT, listeners=tuple(replace(PORT, idle_timeout=one) for one in idle)).tracked == tracked


@pytest.mark.parametrize(("interval", "timeout"), [(5, 4), (10, 9), (11, 10), (300, 10)])
def test_a_check_ends_before_the_next_begins(interval: int, timeout: int) -> None:
    health = replace(WANT, interval=interval).health(PORT)
    assert (health["HealthCheckTimeoutSeconds"], health["HealthCheckPort"]) == (timeout, "traffic-port")
    assert replace(WANT).health(replace(PORT, health_port=36))["HealthCheckPort"] == "36"


def test_a_draining_interval_belongs_to_connections_that_live_on() -> None:
    draining = "target_health_state.unhealthy.draining_interval_seconds"
    assert WANT.attributes[draining] == "0"
    assert draining not in replace(WANT, close_unhealthy=False).attributes


@pytest.mark.parametrize("name", ["a", "a-1", "x" * 26])
def test_good_names(name: str) -> None:
    balancer.judge_want(replace(WANT, name=name))


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "internal-a", "x" * 27, "a.b"])
def test_bad_names(name: str) -> None:
    with pytest.raises(BalancerError, match="take 1 to 26 letters"):
        balancer.judge_want(replace(WANT, name=name))


@pytest.mark.parametrize("address", ["10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "100.127.255.255"])
def test_private_ranges(address: str) -> None:
    balancer.judge_want(replace(WANT, listeners=(replace(PORT, address=address),)))


@pytest.mark.parametrize("address", ["172.32.0.1", "100.128.0.1", "192.169.0.1", "11.0.0.1", "8.8.8.8"])
def test_other_ranges(address: str) -> None:
    with pytest.raises(BalancerError, match="AWS takes targets outside of the VPC from 10"):
        balancer.judge_want(replace(WANT, listeners=(replace(PORT, address=address),)))


@pytest.mark.parametrize(
    ("want", "seen", "sentence"),
    [
        (WANT, replace(SEEN, balancer=replace(BALANCER, tags={})), "Load balancer sap exists and was not made by this"),
        (WANT, replace(SEEN, balancer=replace(BALANCER, tags={TAG: "x"})), "Load balancer sap exists and was not made"),
        (WANT, replace(SEEN, balancer=replace(BALANCER, kind="gateway")), "Load balancer sap is internal and of type"),
        (
            WANT,
            replace(SEEN, balancer=replace(BALANCER, scheme="internet-facing")),
            "Load balancer sap is internet",
        ),
        (WANT, replace(SEEN, groups=(replace(GROUP, tags={}),)), "Target group sap-3600 exists and was not made by"),
        (WANT, replace(SEEN, groups=(replace(GROUP, vpc_id="vpc-2"),)), "Target group sap-3600 is of vpc-2 and TCP"),
        (WANT, replace(SEEN, groups=(replace(GROUP, protocol="UDP"),)), "Target group sap-3600 is of vpc-1 and UDP"),
        (
            WANT,
            replace(SEEN, listeners=(SeenListener("arn:l", 3600, "TCP", "arn:tg"),)),
            "The listener of port 3600 of sap was not made by this module",
        ),
        (replace(WANT, subnet_ids=("subnet-1", "subnet-2")), SEEN, "subnet-1 and subnet-2 are both in a, and a load"),
        (WANT, replace(SEEN, vpc_id="vpc-2"), "Load balancer sap is in vpc-1, and subnet_ids are of vpc-2"),
        (replace(WANT, security_group_ids=("sg-1",)), SEEN, "Load balancer sap was made without security groups"),
    ],
)
def test_what_stands_in_the_way(want: Want, seen: Seen, sentence: str) -> None:
    with pytest.raises(BalancerError) as refused:
        balancer.judge(want, seen)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith("Nothing was changed.")


def test_what_does_not() -> None:
    foreign = SeenListener("arn:l", 80, "TCP", "arn:other")
    mine = SeenListener("arn:m", 3600, "TCP", "arn:tg", tags=OURS)
    balancer.judge(WANT, replace(SEEN, listeners=(foreign, mine), groups=(GROUP,)))
    guarded = replace(SEEN, balancer=replace(BALANCER, security_group_ids=("sg-1",)))
    balancer.judge(replace(WANT, security_group_ids=("sg-2",)), guarded)
    with pytest.raises(BalancerError, match="The listener of port 80"):
        balancer.judge(replace(WANT, state="absent"), replace(SEEN, listeners=(foreign,)))


def test_nothing_is_shown_of_others() -> None:
    assert balancer.shown(Seen(groups=(replace(GROUP, tags={}),)), "sap") is None
    shown = balancer.shown(Seen(groups=(GROUP,)), "sap")
    assert shown is not None
    assert (shown["load_balancer_arn"], list(shown["target_groups"])) == (None, ["sap-3600"])
