# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address whose move would be a takeover of the application, wherever the cluster's configuration says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drill.bed import DrillError
from drill.existing import NAMES, RESOURCE, existing
from drill.following import APPLICATION, STOCK, Following

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Following]:
    with existing(Following) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


#: As pcs and crmsh write it for three and more.
SET = f"""\
<resource_set id="col_along-0"><resource_ref id="{RESOURCE}"/><resource_ref id="rsc_fs"/></resource_set>
<resource_set id="col_along-1" role="Master"><resource_ref id="{APPLICATION}"/></resource_set>
"""
FILES = '<primitive id="rsc_fs" class="ocf" provider="pacemaker" type="Dummy"/>'
ALONE = {"overlay_ip_failover": "none", "overlay_ips": [{"address": STOCK}]}


def bound(cluster: Following, bond: str) -> None:
    """In the place of all other colocations."""
    cluster.exec("node1", "cibadmin", "--delete-all", "--force", "--xpath", "//rsc_colocation")
    cluster.write_cib(f"<configuration><resources>{FILES}</resources><constraints>{bond}</constraints></configuration>")
    cluster.settled({STOCK: "node1"})
    cluster.able("node2")


def refused(cluster: Following) -> str:
    before = cluster.cib()
    with pytest.raises(DrillError) as refusal:
        cluster.play("switchover.yml", target="node2", **ALONE)
    assert "Nothing was changed." in str(refusal.value)
    assert (cluster.cib(), cluster.promoted()) == (before, "node1")
    return str(refusal.value)


def test_a_set_binds_it_to_the_promoted_one_which_is_moved_when_asked_to(cluster: Following) -> None:
    bound(cluster, f'<rsc_colocation id="col_along" score="INFINITY">{SET}</rsc_colocation>')
    assert f"it follows the promoted instance of {APPLICATION}: move that role" in refused(cluster)
    for target in ("node2", "node1"):
        cluster.able(target)
        cluster.play("switchover.yml", target=target, overlay_ip_move_role=True, **ALONE)
        cluster.settled({STOCK: target})
        assert cluster.promoted() == target


def test_what_is_bound_to_the_address_would_come_along(cluster: Following) -> None:
    """And does, where somebody has the cluster move the address."""
    promoted = f'rsc="{APPLICATION}" rsc-role="Master"'
    bound(cluster, f'<rsc_colocation id="col_along" {promoted} with-rsc="{RESOURCE}" score="INFINITY"/>')
    said = f"col_along binds the promoted instance of {APPLICATION} to what is moved with it"
    assert f"A move of {STOCK}/32 could move more than the address: {said}" in refused(cluster)
    for target in ("node2", "node1"):
        cluster.able(target)
        cluster.exec("node1", "crm_resource", "--move", "--resource", RESOURCE, "--node", NAMES[target])
        cluster.exec("node1", "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
        cluster.exec("node1", "crm_resource", "--clear", "--resource", RESOURCE)
        cluster.settled({STOCK: target})
        assert cluster.promoted() == target
