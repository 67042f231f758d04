# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay IPs that follow a promoted role, and one for the readers of the other instance, in a cluster made by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.bed import DrillError
from drill.existing import NAMES, existing
from drill.following import APPLICATION, INSTANCE, READERS, STOCK, Following

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Following]:
    with existing(Following) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def at(cluster: Following, node: str) -> dict[str, str]:
    """Where everything is when that node's instance is promoted."""
    other = next(name for name in cluster.nodes if name != node)
    return {STOCK: node, cluster.lab.overlay: node, READERS: other}


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("HANA", f"shall follow HANA, which the cluster does not have: name what can be promoted ({APPLICATION})"),
        (INSTANCE, f"shall follow {INSTANCE}, which has no promoted instance: name {APPLICATION}, in which it is,"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_anything_is_changed(
    cluster: Following, resource: str, said: str
) -> None:
    before = cluster.cib()
    cluster.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        cluster.play("setup.yml", overlay_ips=[{"address": cluster.lab.overlay, "follows": {"resource": resource}}])
    assert said in str(refusal.value)
    assert cluster.cib() == before
    assert {c["action"] for c in cluster.control.calls() if not c["action"].startswith("Describe")} <= {"AssumeRole"}


def test_setup_binds_them(cluster: Following) -> None:
    cluster.play("setup.yml")
    cluster.settled(at(cluster, "node1"))
    cib = cluster.cib()
    assert f'with-rsc="{APPLICATION}" with-rsc-role="Promoted" score="INFINITY"' in cib
    assert f'with-rsc="{APPLICATION}" with-rsc-role="Unpromoted" score="2000"' in cib
    again = cluster.play("setup.yml")
    assert sum(again.changed.values()) == 0, again.output
    assert cluster.cib() == cib


def test_status_says_so(cluster: Following) -> None:
    run = cluster.play("status.yml")
    assert run.overlay_ip_result["healthy"], run.output
    assert f"{cluster.lab.overlay}/32 follows the promoted instance of {APPLICATION}" in run.output
    assert f"{READERS}/32 follows the unpromoted instance of {APPLICATION}" in run.output


@pytest.mark.parametrize(
    ("overlay", "move", "said"),
    [
        ("all", False, f"follows the promoted instance of {APPLICATION}: move that role, and the address follows"),
        ("all", True, f"{READERS}/32 follows the unpromoted instance of {APPLICATION}: move the promoted one"),
        (READERS, True, f"{READERS}/32 follows the unpromoted instance of {APPLICATION}: move the promoted one"),
    ],
)
def test_switchover_refuses_with_the_way(cluster: Following, overlay: str, move: bool, said: str) -> None:
    before = cluster.cib()
    with pytest.raises(DrillError) as refusal:
        cluster.play("switchover.yml", target="node2", overlay=overlay, overlay_ip_move_role=move)
    assert said in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert cluster.cib() == before


@pytest.mark.parametrize("target", ["node2", "node1"])
def test_switchover_moves_the_role_when_asked_to(cluster: Following, target: str) -> None:
    run = cluster.play("switchover.yml", target=target, overlay=cluster.lab.overlay, overlay_ip_move_role=True)
    assert f"-> {target} in 2 route tables" in run.output
    assert cluster.promoted() == target
    cluster.settled(at(cluster, target))
    assert "cli-" not in cluster.cib()


def test_it_follows_and_the_stock_agent_in_the_same_cluster_is_later(cluster: Following) -> None:
    ours, theirs = [], []
    for node in ("node2", "node1", "node2", "node1"):
        with cluster.probe(cluster.lab.overlay, 1000.0) as one, cluster.probe(STOCK, 1000.0) as other:
            cluster.promote(node)
            cluster.settled(at(cluster, node))
        ours.append(one.report.gap_ms)
        theirs.append(other.report.gap_ms)
        assert one.report.who[-1] == other.report.who[-1] == node
    print(f"longest silence, ms: ours {ours}, stock agent's {theirs}")
    assert max(ours) < min(theirs), (ours, theirs)


def test_readers_go_to_the_promoted_one_where_there_is_no_other_and_back(cluster: Following) -> None:
    cluster.exec("node2", "crm_standby", "--node", NAMES["node2"], "--update", "on")
    cluster.settled({cluster.lab.overlay: "node1", READERS: "node1", STOCK: "node1"})
    assert cluster.play("status.yml").overlay_ip_result["healthy"]
    cluster.exec("node2", "crm_standby", "--node", NAMES["node2"], "--delete")
    cluster.settled(at(cluster, "node1"))


def test_a_node_that_dies_takes_nothing_with_it(cluster: Following) -> None:
    cluster.able("node2")
    cluster.crash("node1")
    cluster.settled({cluster.lab.overlay: "node2"}, seconds=120.0)
    cluster.boot("node1")
    cluster.settled(at(cluster, "node2"), seconds=180.0)


def test_what_is_followed_can_be_changed(cluster: Following) -> None:
    readers = {"address": READERS, "follows": {"resource": APPLICATION}}
    cluster.play("setup.yml", overlay_ips=[{"address": cluster.lab.overlay}, readers])
    cluster.settled({READERS: "node2"})
    cib = cluster.cib()
    assert "Unpromoted" not in cib
    assert f"overlay-ip-{cluster.lab.overlay}-follows" not in cib
    cluster.play("setup.yml")
    cluster.settled(at(cluster, "node2"))


def test_teardown_takes_the_bonds_along_and_nothing_else(cluster: Following) -> None:
    cluster.play("teardown.yml")
    cib = cluster.cib()
    assert "overlay-ip-" not in cib
    assert "col_ip_DB" in cib
    cluster.settled({STOCK: "node2"})
    assert cluster.promoted() == "node2"
