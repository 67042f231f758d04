# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that an Auto Scaling group replaces: another instance, address and interface, an empty disk, the same name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from drill.bed import Bed, bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CONFIG = "/etc/aws-overlay-ip/config.json"


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Two full nodes at rest on node1."""
    with bed(request.param) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def _serves_again(pair: Bed, holder: str, new: str) -> None:
    """Setup makes the new instance what the old one was, and takes no packet from the holder."""
    with pair.probe() as probe:
        probe.wait_for(holder)
        pair.play("setup.yml")
        pair.join()
        pair.rest(holder, 120)
    assert probe.report.lost == 0, probe.report
    machine = pair.lab.world.machine(new)
    record = json.loads(pair.exec(holder, "cat", CONFIG))
    assert record["peers"] == {new: machine.network_interface_ids[0]}
    if pair.engine == "pacemaker":
        cluster = pair.exec(holder, "cibadmin", "--query", "--scope", "configuration")
        assert f"{new}:{machine.instance_id};" in cluster
    assert machine.addresses[0] in pair.exec(holder, "sh", "-c", "cat /etc/keepalived/*.conf /etc/corosync/*.conf")
    status = pair.play("status.yml").overlay_ip_result
    assert status["healthy"], status
    assert sum(pair.play("setup.yml").changed.values()) == 0


def _fails_over(pair: Bed, holder: str, new: str) -> None:
    with pair.probe() as probe:
        probe.wait_for(holder)
        pair.crash(holder)
        probe.wait_for(new, 60)
    pair.boot(holder)
    pair.rest(new, 120)


def test_the_standby_is_replaced(pair: Bed) -> None:
    """The holder serves on; status says that the other one is not what it was, and setup makes it so."""
    pair.rest("node1")
    old = pair.lab.world.machine("node2").instance_id
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.replace("node2")
        status = pair.play("status.yml").overlay_ip_result
    assert probe.report.lost == 0, probe.report
    assert not status["healthy"]
    told = [f["message"] for f in (*status["nodes"]["node2"]["findings"], *status["orphans"])]
    assert told, status
    assert pair.lab.world.machine("node2").instance_id != old
    _serves_again(pair, "node1", "node2")
    _fails_over(pair, "node1", "node2")


def test_the_holder_is_replaced(pair: Bed) -> None:
    """The standby takes over as at any loss of the holder; the new instance becomes the standby."""
    if pair.view().holder != "node2":
        pair.play("switchover.yml", target="node2")
    pair.rest("node2")
    with pair.probe() as probe:
        probe.wait_for("node2")
        pair.replace("node2")
        if pair.engine == "pacemaker":  # fence_aws takes a terminated instance for one whose state is not known
            status = pair.play("status.yml").overlay_ip_result
            found = {f["id"]: f["remedy"] for f in status["nodes"]["node2"]["findings"]}
            assert "stonith_admin --confirm=node2" in found["node_unclean"], found
            pair.exec("node1", "stonith_admin", "--confirm=node2")
        probe.wait_for("node1", 60)
    _serves_again(pair, "node1", "node2")
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.play("switchover.yml", target="node2")
        pair.rest("node2")
    assert probe.report.lost == 0, probe.report
    _fails_over(pair, "node2", "node1")
