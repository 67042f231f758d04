# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ASCS and ERS in a cluster made by hand: worked through as it is, migrated without a lost packet, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.ensa import GROUPS, Ensa
from drill.existing import existing
from drill.opposite import ERS

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OURS = 'provider="aws_ha" type="overlay-ip"'
#: After the migration; ERS's overlay IP says from what it is apart, and the operators' own constraint stands.
PACEMAKER = "pacemaker"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Ensa]:
    with existing(Ensa) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def migrate(cluster: Ensa, **extra_vars: object) -> str:
    """Run migrate.yml beside two probes: nothing is lost of either."""
    with cluster.probe(cluster.address, 1000.0) as first, cluster.probe(ERS, 1000.0) as second:
        run = cluster.play("migrate.yml", overlay_ip_failover=PACEMAKER, **extra_vars)
    assert (first.report.lost, second.report.lost) == (0, 0)
    assert first.report.sent > 5000
    return run.output


def test_status_and_switchover_work_through_it(cluster: Ensa) -> None:
    assert "2 overlay IPs in 2 route tables: all is well" in cluster.play("status.yml").output
    cluster.play("switchover.yml", target="node2", overlay=cluster.address)
    cluster.opposite("node2")
    assert "cli-" not in cluster.cib()


def test_both_are_migrated_in_their_groups(cluster: Ensa) -> None:
    before = cluster.cib()
    assert "all is well" in migrate(cluster)
    after = cluster.cib()
    assert after.count(OURS) == 2
    assert after.partition("<constraints>")[2] == before.partition("<constraints>")[2]
    for name, group in GROUPS.items():
        inside = after.partition(f'<group id="{group}">')[2].partition("</group>")[0]
        assert inside.index(f"rsc_ip_{name}") < inside.index(f"rsc_fs_{name}") < inside.index(f"rsc_sap_{name}")
    cluster.opposite("node2")


def test_setup_leaves_the_constraints_of_the_operators_alone(cluster: Ensa) -> None:
    """It is said that they are apart, and they are already; nothing of setup's own is added, and nothing moves."""
    overlays = [{"address": cluster.address}, {"address": ERS, "home": "node2", "apart_from": cluster.address}]
    before = cluster.cib()
    cluster.play("setup.yml", overlay_ip_failover=PACEMAKER, overlay_ips=overlays)
    assert cluster.cib() == before
    cluster.opposite("node2")
    cluster.play("switchover.yml", overlay_ip_failover=PACEMAKER, target="node1", overlay=cluster.address)
    cluster.opposite("node1")


def test_back_without_a_lost_packet(cluster: Ensa) -> None:
    assert "all is well" in migrate(cluster, back=True)
    assert OURS not in cluster.cib()
    cluster.opposite("node1")
    assert "all is well" in cluster.play("status.yml").output


def test_an_overlay_ip_of_ours_follows_the_group_of_ascs(cluster: Ensa) -> None:
    """One more that has no place in the group: it is beside it, is moved with it, and leaves with teardown."""
    more = "192.168.10.99"
    overlays = [{"address": more, "follows": {"resource": GROUPS["ASCS"], "role": "Started"}}]
    extra = {"overlay_ip_failover": PACEMAKER, "overlay_ip_name": "more", "overlay_ips": overlays}
    cluster.play("setup.yml", **extra)
    cluster.settled({more: "node1"})
    assert f"{more}/32 follows {GROUPS['ASCS']}." in cluster.play("status.yml", **extra).output
    cluster.play("switchover.yml", target="node2", **extra)
    cluster.settled({more: "node2"})
    cluster.opposite("node2")
    assert "cli-" not in cluster.cib()
    cluster.play("teardown.yml", **extra)
    assert more not in cluster.cib()
    assert "col_no_both" in cluster.cib()
