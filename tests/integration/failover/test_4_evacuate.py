# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An evacuation of a pair that has a failover engine: that makes the move, or follows it, and agrees afterwards."""

from __future__ import annotations

import pytest

from drill.bed import Bed, DrillError, bed

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.long]

HOME, AWAY = "euc1-az1", "euc1-az2"
#: What is done on node1 so that its engine must not be moved to, and undone.
UNFIT = {
    "keepalived": ("systemctl mask --now keepalived", "systemctl unmask keepalived && systemctl start keepalived"),
    "pacemaker": (
        "crm_attribute --name maintenance-mode --update true",
        "crm_attribute --name maintenance-mode --delete",
    ),
}
SAID = {"keepalived": "keepalived is masked on node1", "pacemaker": "maintenance mode"}


@pytest.mark.parametrize("engine", ["keepalived", "pacemaker"])
def test_the_engine_agrees(engine: str) -> None:
    with bed(engine, tables=2) as pair:
        with pair.probe() as probe:
            probe.wait_for("node1")
            run = pair.play("evacuate.yml", zone=HOME)
            pair.rest("node2")
        assert run.overlay_ip_result["moved"]["overlay_nodes"]["to"] == "node2"
        assert probe.report.who == ("node1", "node2")
        if engine == "keepalived":
            assert probe.report.lost == 0
        named_and_left_alone(pair, engine)
        pair.play("evacuate.yml", **{"from": "node2"})
        pair.rest("node1")
        a_dead_zone(pair)
        assert not pair.control.problems()


def named_and_left_alone(pair: Bed, engine: str) -> None:
    unfit, fit = UNFIT[engine]
    pair.exec("node1", "sh", "-c", unfit)
    pair.control.clear("calls")
    with pytest.raises(DrillError, match=SAID[engine]):
        pair.play("evacuate.yml", zone=AWAY)
    assert pair.view().holder == "node2"
    assert "ReplaceRoute" not in pair.control.actions()
    pair.exec("node1", "sh", "-c", fit)
    pair.rest("node2")


def a_dead_zone(pair: Bed) -> None:
    """The engine has moved it when somebody asks, or the evacuation does: either way node2 has it and it ends well."""
    pair.crash("node1")
    pair.play("evacuate.yml", zone=HOME)
    pair.wait(lambda view: view.holder == "node2", 60.0, "node2 as the holder")
    pair.boot("node1")
    pair.rest("node2")
