# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second inventory with overlay IPs of its own on the nodes of a pair that keepalived watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drill.bed import DrillError
from upgrade.pack import PackBed, stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OTHER = "192.168.10.77"
OWN = {"overlay_ip_iam_policy_name": "other"}


@pytest.fixture(scope="module")
def pair() -> Iterator[PackBed]:
    """Two full nodes with keepalived, at rest on node1."""
    with stage("keepalived") as bed:
        bed.play("setup.yml")
        bed.rest("node1")
        yield bed
        problems = bed.control.problems()
    assert not problems, problems


def other(bed: PackBed, playbook: str, **more: Any) -> Any:
    """With the other inventory, which has no engine unless it is given one."""
    return bed.play(playbook, **{"overlay_ips": [{"address": OTHER}], "overlay_ip_failover": "none", **OWN, **more})


def watched(bed: PackBed) -> str:
    """What the first inventory has put on the nodes: all of it, and whether its engine runs."""
    conf = ("cat", "/etc/aws-overlay-ip/config.json", "/etc/keepalived/keepalived.conf")
    unit = ("systemctl", "show", "--property=ActiveState,ActiveEnterTimestampMonotonic", "keepalived")
    return "\n".join(bed.exec(node, *argv) for node in bed.nodes for argv in (conf, unit))


def test_they_do_not_touch_each_other(pair: PackBed) -> None:
    before = watched(pair)
    assert "ActiveState=active" in before
    with pair.probe() as probe:
        probe.wait_for("node1")
        for orphans in ("report", "remove"):
            run = other(pair, "setup.yml", overlay_ip_orphans=orphans)
            assert (sum(run.changed.values()) == 0) is (orphans == "remove"), run.output
        status = other(pair, "status.yml").overlay_ip_result
        assert watched(pair) == before
        other(pair, "teardown.yml")
        assert watched(pair) == before
    assert probe.report.lost == 0, probe.report
    assert [f["id"] for f in status["orphans"]] == ["other_inventory"] * 2
    assert status["healthy"]
    assert not [node for node in pair.nodes if pair.exec(node, "ip", "-o", "address", "show", "to", OTHER)]
    pair.play("switchover.yml", target="node2")  # it still may
    pair.rest("node2")
    pair.play("switchover.yml", target="node1")
    pair.rest("node1")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"overlay_ip_failover": "keepalived"}, "moves 192.168.10.15/32, and no overlay IP of this inventory"),
        (
            {"overlay_ip_failover": "pacemaker", "overlay_ip_orphans": "remove"},
            "moves 192.168.10.15/32, and no overlay IP of this inventory",
        ),
        ({"overlay_ip_iam_policy_name": ""}, "overlay_ip_iam_policy_name"),
    ],
    ids=["the same engine", "another engine", "the same policy"],
)
def test_what_would_take_it_from_the_first_is_refused(pair: PackBed, more: dict[str, str], told: str) -> None:
    before = watched(pair)
    pair.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        other(pair, "setup.yml", **more)
    assert told in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert {call["action"] for call in pair.control.calls() if not call["action"].startswith("Describe")} == set()
    assert watched(pair) == before


def test_renamed_overlay_ips_replace_the_old_ones_on_request(pair: PackBed) -> None:
    other(pair, "setup.yml", overlay_ip_failover="keepalived", overlay_ip_orphans="remove")
    first = pair.lab.overlay
    assert not [node for node in pair.nodes if pair.exec(node, "ip", "-o", "address", "show", "to", first)]
    assert pair.exec("node1", "ip", "-o", "address", "show", "to", OTHER)
    status = other(pair, "status.yml", overlay_ip_failover="keepalived").overlay_ip_result
    assert status["orphans"] == []
    assert status["healthy"]
