# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters of three: three candidates for an overlay IP, and then two with a majority maker that never runs one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from drill.bed import DrillError
from drill.opposite import ERS, Opposite, opposite

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MARK = "aws_ha.overlay_ip.pacemaker"
TWO = {"overlay_ip_group": "two_of_three"}
#: The inventory of a cluster that somebody else has made, and whose third member is none of its nodes.
WITNESS = {**TWO, "overlay_ip_fencing": "existing"}


@pytest.fixture(scope="module")
def three() -> Iterator[Opposite]:
    with opposite(count=3) as made:
        inventory = yaml.safe_load(made.directory.inventory.read_text())
        inventory["all"]["children"][TWO["overlay_ip_group"]] = {"hosts": dict.fromkeys(made.nodes[:2])}
        made.directory.inventory.write_text(yaml.safe_dump(inventory))
        yield made
        problems = made.control.problems()
    assert not problems, problems


def health(three: Opposite, **more: Any) -> dict[str, str]:
    """Who holds what, by a status that has nothing against it."""
    status = three.play("status.yml", **more).overlay_ip_result
    assert status["healthy"], status
    return {overlay["destination"]: overlay["holder"] for overlay in status["overlays"]}


def test_setup_makes_a_cluster_of_three(three: Opposite) -> None:
    conf = three.exec("node1", "cat", "/etc/corosync/corosync.conf")
    assert "two_node" not in conf
    assert conf.count("nodeid") == 3
    assert sum(three.play("setup.yml").changed.values()) == 0
    assert health(three) == {f"{three.ascs}/32": "node1", f"{ERS}/32": "node2"}


def test_it_is_not_made_smaller(three: Opposite) -> None:
    with pytest.raises(DrillError, match="has 2 nodes, and the cluster that setup has made 3"):
        three.play("setup.yml", **TWO)


def test_any_of_them_is_a_target(three: Opposite) -> None:
    with three.probe(three.ascs, 1000.0) as probe:
        three.play("switchover.yml", target="node3", overlay=three.ascs)
        three.apart("node3", "node2")
    assert probe.report.lost == 0, probe.report
    instance = three.lab.world.nodes[0].instance_id
    three.play("switchover.yml", target=instance, overlay=ERS)
    three.apart("node3", "node1")
    assert health(three) == {f"{three.ascs}/32": "node3", f"{ERS}/32": "node1"}


def test_those_that_are_left_take_over_and_the_two_stay_apart(three: Opposite) -> None:
    three.crash("node3")
    three.back("node3")
    places = three.spread()
    assert set(places.values()) == {"node1", "node2"}, places
    assert health(three) == {f"{address}/32": node for address, node in places.items()}


def test_a_majority_maker_never_runs_one(three: Opposite) -> None:
    for node in three.nodes:
        three.exec(node, "sed", "-i", f"/{MARK}/d", "/etc/corosync/corosync.conf")
    three.exec("node3", "rm", "-rf", "/usr/lib/ocf/resource.d/aws_ha", "/usr/sbin/aws-overlay-ip")
    three.play("setup.yml", **WITNESS)
    found = three.constraints()
    assert f'id="overlay-ip-{ERS}-never-node3" rsc="overlay-ip-{ERS}" node="node3" score="-INFINITY"' in found
    assert f"overlay-ip-{ERS}-prefers-node3" not in found
    with pytest.raises(DrillError, match="target is 'node3', which is no node: choose one of node1, node2"):
        three.play("switchover.yml", target="node3", **WITNESS)
    three.crash("node1")
    three.back("node1")
    assert set(three.spread().values()) == {"node1", "node2"}
    monitor = three.exec("node2", "crm_mon", "--one-shot", "--inactive", "--output-as=xml")
    assert "<failure " not in monitor, monitor
    three.play("status.yml", **WITNESS)
