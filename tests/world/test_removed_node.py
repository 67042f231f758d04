# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is taken out of the inventory and runs on: it must neither take the overlay IP nor fence who stays."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from drill.bed import DrillError
from lab.daemon import process
from upgrade.pack import PackBed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CONFIG = "/etc/aws-overlay-ip/config.json"
BEFORE, AFTER = {"overlay_ip_group": "before"}, {"overlay_ip_group": "after"}


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def trio(request: pytest.FixtureRequest) -> Iterator[PackBed]:
    """Three full nodes: node1 and node2 are a pair, at rest on node1; node3 shall be in the place of node2."""
    directory, lab = process.up("full:ha", ["--tables=2", "--count=3"])
    try:
        bed = PackBed(directory, lab, request.param)
        bed.prepare()
        inventory = yaml.safe_load(directory.inventory.read_text())
        for group, nodes in ((BEFORE, bed.nodes[:2]), (AFTER, bed.nodes[::2])):
            inventory["all"]["children"][group["overlay_ip_group"]] = {"hosts": dict.fromkeys(nodes)}
        directory.inventory.write_text(yaml.safe_dump(inventory))
        bed.play("setup.yml", **BEFORE)
        yield bed
        problems = bed.control.problems()
    finally:
        process.down(directory)
    assert not problems, problems


def states(bed: PackBed, *nodes: str) -> list[str]:
    found = [bed.exec(node, "cat", "/run/aws-overlay-ip/keepalived.json") for node in nodes]
    return [json.loads(text)["state"] if text else "" for text in found]


def refused(bed: PackBed, told: str, **variables: Any) -> None:
    bed.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        bed.play("setup.yml", **variables)
    assert told in str(refusal.value)
    assert "Nothing was changed." in " ".join(str(refusal.value).split())
    assert {call["action"] for call in bed.control.calls() if not call["action"].startswith("Describe")} == set()


def test_a_holder_is_not_left_out(trio: PackBed) -> None:
    if trio.engine == "pacemaker":
        told = "node2 runs in the cluster, and is no node of the inventory"
        refused(trio, told, **AFTER)
        return
    trio.play("switchover.yml", target="node2", **BEFORE)
    refused(trio, "of node2, which is no node of the inventory any more.", **AFTER)
    trio.play("switchover.yml", target="node1", **BEFORE)


def test_the_others_serve_on(trio: PackBed) -> None:
    with trio.probe() as probe:
        probe.wait_for("node1")
        if trio.engine == "pacemaker":  # what the refusal says
            trio.exec("node2", "systemctl", "disable", "--now", "pacemaker", "corosync", timeout=60)
        trio.play("setup.yml", **AFTER)
        if trio.engine == "keepalived":
            end = time.monotonic() + 5  # who heard nobody would be the master after three adverts of 0.2 s
            while time.monotonic() < end:
                assert states(trio, "node1", "node2", "node3") == ["MASTER", "BACKUP", "BACKUP"]
    assert probe.report.lost == 0, probe.report
    assert probe.report.who == ("node1",)


def test_it_is_named_until_it_is_said_to_be_gone(trio: PackBed) -> None:
    assert sum(trio.play("setup.yml", **AFTER).changed.values()) == 0
    status = trio.play("status.yml", **AFTER).overlay_ip_result
    assert [f["id"] for f in status["orphans"]] == ["orphan_node"]
    if trio.engine == "keepalived":
        trio.exec("node2", "systemctl", "disable", "--now", "keepalived")
    trio.exec("node2", "aws-overlay-ip", "give-up")
    with trio.probe() as probe:
        probe.wait_for("node1")
        trio.play("setup.yml", overlay_ip_orphans="remove", **AFTER)
    assert probe.report.lost == 0, probe.report
    status = trio.play("status.yml", **AFTER).overlay_ip_result
    assert status["orphans"] == []
    assert status["healthy"], status
    assert "removed" not in json.loads(trio.exec("node1", "cat", CONFIG))


def test_the_new_pair_fails_over(trio: PackBed) -> None:
    trio.play("switchover.yml", target="node3", **AFTER)
    with trio.probe() as probe:
        probe.wait_for("node3")
