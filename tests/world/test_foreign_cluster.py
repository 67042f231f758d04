# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived in the place of Pacemaker, where the cluster is somebody else's and goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from upgrade.pack import PackBed, stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MARK = "aws_ha.overlay_ip.pacemaker"
DUMMY = '<primitive id="theirs" class="ocf" provider="pacemaker" type="Dummy"/>'


@pytest.fixture(scope="module")
def pair() -> Iterator[PackBed]:
    """A cluster that has the overlay IPs and nothing else, and whose configuration setup has not written."""
    with stage("pacemaker") as bed:
        bed.play("setup.yml")
        bed.rest("node1")
        for node in bed.nodes:
            bed.exec(node, "sed", "-i", f"/{MARK}/d", "/etc/corosync/corosync.conf")
        yield bed
        problems = bed.control.problems()
    assert not problems, problems


@pytest.mark.parametrize("theirs", ["nothing else", "another resource"])
def test_it_lets_go_and_goes_on(pair: PackBed, theirs: str) -> None:
    if theirs == "another resource":
        pair.engine = "pacemaker"
        pair.play("setup.yml", overlay_ip_fencing="existing")
        pair.rest("node1")
        pair.exec("node1", "cibadmin", "--create", "--scope", "resources", "--xml-text", DUMMY)
        pair.exec("node1", "crm_resource", "--wait", "--timeout=30s", timeout=40)
    pair.engine = "keepalived"
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.play("setup.yml")
        pair.rest("node1")
    assert probe.report.lost == 0, probe.report
    assert probe.report.who == ("node1",)
    cib = pair.exec("node1", "cibadmin", "--query", "--scope", "configuration")
    assert 'id="overlay-ip-192' not in cib
    assert "maintenance-mode" not in cib
    assert [pair.exec(node, "systemctl", "is-active", "pacemaker") for node in pair.nodes] == ["active"] * 2
    if theirs == "another resource":
        assert "theirs" in pair.exec("node1", "crm_resource", "--locate", "--resource", "theirs")
    assert sum(pair.play("setup.yml").changed.values()) == 0
    status = pair.play("status.yml").overlay_ip_result
    assert status["orphans"] == []
    assert status["healthy"], status
