# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that was there before us: names of its own, and the stock agent in a group moves the address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.bed import DrillError
from drill.existing import NAMES, RESOURCE, Existing, existing

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Existing]:
    with existing() as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def writes(cluster: Existing) -> set[str]:
    return {call["action"] for call in cluster.control.calls() if not call["action"].startswith("Describe")}


def test_status_shows_the_stock_resource_as_the_engine_it_is(cluster: Existing) -> None:
    run = cluster.play("status.yml")
    assert "1 overlay IP in 2 route tables: all is well" in run.output
    assert f"pacemaker ({RESOURCE}, ocf:heartbeat:aws-vpc-move-ip): started on node1" in run.output
    assert "engine_disagrees" not in run.output


def test_setup_refuses_a_second_resource_before_anything_is_changed(cluster: Existing) -> None:
    before = cluster.cib()
    cluster.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        cluster.play("setup.yml", overlay_ip_failover="pacemaker")
    assert f"is moved by {RESOURCE} (ocf:heartbeat:aws-vpc-move-ip, in grp_DB) of pacemaker already" in str(
        refusal.value
    )
    assert "migrate.yml" in str(refusal.value)
    assert "overlay_ip_failover=none" in str(refusal.value)
    assert writes(cluster) <= {"AssumeRole"}
    assert cluster.cib() == before


def test_teardown_refuses_to_take_the_route_from_under_it(cluster: Existing) -> None:
    with pytest.raises(DrillError) as refusal:
        cluster.play("teardown.yml")
    assert "take it out of the cluster before teardown. Nothing was changed." in str(refusal.value)


def test_setup_without_an_engine_leaves_the_address_to_it(cluster: Existing) -> None:
    before = cluster.cib()
    cluster.play("setup.yml")
    assert cluster.view().addresses == ("node1",)
    assert not cluster.exec("node2", "sh", "-c", "grep -rl aws_ha.overlay_ip /etc/systemd /etc/network 2>/dev/null")
    assert cluster.cib() == before


@pytest.mark.parametrize("word", ["node2", NAMES["node1"], "instance"])
def test_switchover_works_through_it_whatever_the_target_is_called(cluster: Existing, word: str) -> None:
    target = cluster.lab.world.nodes[1].instance_id if word == "instance" else word
    holder = {"node2": "node2", NAMES["node1"]: "node1"}.get(word, "node2")
    run = cluster.play("switchover.yml", target=target)
    assert f"-> {holder} in 2 route tables" in run.output
    cluster.rest(holder)
    assert "cli-" not in cluster.cib()
    assert "all is well" in cluster.play("status.yml").output


def test_a_target_that_nobody_knows_is_refused(cluster: Existing) -> None:
    with pytest.raises(DrillError, match="target is 'SAPDB3', which is no node: choose one of node1, node2"):
        cluster.play("switchover.yml", target="SAPDB3")
