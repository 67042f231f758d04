# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An overlay IP that the inventory has no more, and a node that was replaced, under each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from upgrade.pack import PackBed, stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

GONE = "192.168.10.77"
CONFIG = "/etc/aws-overlay-ip/config.json"


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[PackBed]:
    """Two full nodes with an engine and two overlay IPs, at rest on node1."""
    with stage(request.param) as bed:
        bed.play("setup.yml", overlay_ips=[{"address": bed.lab.overlay}, {"address": GONE}])
        bed.rest("node1")
        yield bed
        problems = bed.control.problems()
    assert not problems, problems


def play(bed: PackBed, playbook: str, **more: Any) -> Any:
    """With the inventory that has one overlay IP."""
    return bed.play(playbook, overlay_ips=[{"address": bed.lab.overlay}], **more)


def up(bed: PackBed) -> list[str]:
    """Where the overlay IP is up that the inventory has no more."""
    return [node for node in bed.nodes if bed.exec(node, "ip", "-o", "address", "show", "to", GONE)]


def routes(bed: PackBed) -> list[str]:
    """The tables that route it."""
    tables = bed.ec2.describe_route_tables(RouteTableIds=list(bed.lab.world.route_table_ids))["RouteTables"]
    return [t["RouteTableId"] for t in tables for r in t["Routes"] if r.get("DestinationCidrBlock") == f"{GONE}/32"]


def test_it_is_named_and_serves_on(pair: PackBed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        run = play(pair, "setup.yml")
        pair.rest("node1")
    assert probe.report.lost == 0, probe.report
    assert f"node1 still has {GONE}, which is no overlay IP of the inventory any more" in " ".join(run.output.split())
    assert up(pair) == ["node1"]
    assert sorted(routes(pair)) == sorted(pair.lab.world.route_table_ids)
    assert [o["destination"] for o in json.loads(pair.exec("node1", "cat", CONFIG))["left"]] == [f"{GONE}/32"]
    assert sum(play(pair, "setup.yml").changed.values()) == 0
    found = [f["id"] for f in play(pair, "status.yml").overlay_ip_result["orphans"]]
    resource = ["orphan_resource"] if pair.engine == "pacemaker" else []
    assert sorted(found) == sorted(["orphan_address", *["orphan_route"] * 2, *resource])


def test_it_is_removed_on_request(pair: PackBed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        play(pair, "setup.yml", overlay_ip_orphans="remove")
        pair.rest("node1")
    assert probe.report.lost == 0, probe.report
    assert up(pair) == []
    assert routes(pair) == []
    assert "left" not in json.loads(pair.exec("node1", "cat", CONFIG))
    if pair.engine == "pacemaker":
        assert GONE not in pair.exec("node1", "cibadmin", "--query", "--scope", "resources")
    assert sum(play(pair, "setup.yml", overlay_ip_orphans="remove").changed.values()) == 0
    assert play(pair, "status.yml").overlay_ip_result["orphans"] == []


def test_the_record_of_a_replaced_node_is_refreshed(pair: PackBed) -> None:
    """What the pair knows is of the machine that node2 was before."""
    new = pair.lab.world.nodes[1]
    interface, instance = new.network_interface_ids[0], new.instance_id
    pair.exec("node1", "sed", "-i", f"s/{interface}/eni-0123456789abcdef0/", CONFIG)
    if pair.engine == "pacemaker":
        option = ("--resource", "overlay-ip-fencing", "--set-parameter", "pcmk_host_map", "--parameter-value")
        pair.exec(
            "node1", "crm_resource", *option, f"node1:{pair.lab.world.nodes[0].instance_id};node2:i-0123456789abcdef0;"
        )
    status = play(pair, "status.yml").overlay_ip_result
    assert [f["id"] for f in status["orphans"]] == ["node_replaced"]
    assert not status["healthy"]
    with pair.probe() as probe:
        probe.wait_for("node1")
        play(pair, "setup.yml")
        pair.rest("node1")
    assert probe.report.lost == 0, probe.report
    assert json.loads(pair.exec("node1", "cat", CONFIG))["peers"] == {"node2": interface}
    if pair.engine == "pacemaker":
        assert f"node2:{instance};" in pair.exec("node1", "cibadmin", "--query", "--scope", "resources")
    assert play(pair, "status.yml").overlay_ip_result["orphans"] == []
