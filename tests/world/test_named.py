# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two deployments on the same two nodes: set up, moved, lost and torn down, and neither notices the other."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from drill.bed import DrillError
from upgrade.pack import PackBed, stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OTHER, NAME = "192.168.10.77", "second"
EXPORTER, METRICS = "prometheus-node-exporter", "http://127.0.0.1:9100/metrics"


@pytest.fixture(scope="module", params=["none", "keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[PackBed]:
    """Two full nodes: the usual deployment's overlay IP is on node1, the second one's on node2."""
    with stage(request.param) as bed:
        bed.play("setup.yml")
        yield bed
        problems = bed.control.problems()
    assert not problems, problems


def second(bed: PackBed, playbook: str, **more: Any) -> Any:
    """With the second inventory."""
    overlays = [{"address": OTHER, "home": "node2"}]
    return bed.play(playbook, **{"overlay_ips": overlays, "overlay_ip_name": NAME, **more})


def holders(bed: PackBed, address: str) -> set[str]:
    """To which nodes its routes point, and on which it is up."""
    ids = {machine.network_interface_ids[0]: machine.name for machine in bed.lab.world.nodes}
    tables = bed.ec2.describe_route_tables(RouteTableIds=list(bed.lab.world.route_table_ids))["RouteTables"]
    routes = [r for t in tables for r in t["Routes"] if r.get("DestinationCidrBlock") == f"{address}/32"]
    return {ids.get(r.get("NetworkInterfaceId", ""), "nobody") for r in routes}


def up(bed: PackBed, address: str) -> set[str]:
    """The nodes on which an address is up."""
    return {node for node in bed.nodes if bed.exec(node, "ip", "-o", "address", "show", "to", address)}


def settled(bed: PackBed, address: str, node: str, seconds: float = 60) -> None:
    """Wait until an overlay IP is on one node."""
    end, places = time.monotonic() + seconds, {node} if bed.engine != "none" else set(bed.nodes)
    while (holders(bed, address), up(bed, address)) != ({node}, places):
        assert time.monotonic() < end, (address, node, holders(bed, address), up(bed, address))
        time.sleep(0.5)


def test_they_are_set_up_on_opposite_nodes(pair: PackBed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        second(pair, "setup.yml")
        settled(pair, pair.lab.overlay, "node1")
        settled(pair, OTHER, "node2")
        assert sum(pair.play("setup.yml").changed.values()) == 0
        assert sum(second(pair, "setup.yml", overlay_ip_orphans="remove").changed.values()) == 0
    assert probe.report.lost == 0, probe.report
    for status in (pair.play("status.yml"), second(pair, "status.yml")):
        assert status.overlay_ip_result["healthy"], status.output
        assert status.overlay_ip_result["orphans"] == []


def test_node_exporter_takes_the_metrics_of_both(pair: PackBed) -> None:
    """And setup without metrics takes away its own alone."""
    pair.play("setup.yml", overlay_ip_metrics=True)
    second(pair, "setup.yml", overlay_ip_metrics=True)
    pair.exec("node2", "systemctl", "start", EXPORTER)
    whose = {pair.lab.overlay: "overlay-ip", OTHER: NAME}
    end = time.monotonic() + 60
    while (told := exported(pair)) != {(name, address) for address, name in whose.items()}:
        assert time.monotonic() < end, told
        time.sleep(0.5)
    assert "was collected before" not in pair.exec("node2", "journalctl", "--unit", EXPORTER, "--output=cat")
    second(pair, "setup.yml")
    assert exported(pair) == {("overlay-ip", pair.lab.overlay)}
    pair.play("setup.yml")
    assert exported(pair) == set()
    pair.exec("node2", "systemctl", "stop", EXPORTER)


def exported(bed: PackBed) -> set[tuple[str, str]]:
    """The deployments and overlay IPs that node_exporter tells of, where it tells everything of a node."""
    page = bed.exec("node2", "curl", "--silent", "--fail", "--retry", "9", "--retry-connrefused", METRICS)
    assert "node_textfile_scrape_error 0" in page
    families = ("overlay_ip_holder", "overlay_ip_metrics_timestamp_seconds")
    holder, written = (
        set(re.findall(rf'^{family}{{.*?deployment="([^"]+)"(?:.*?destination="([^"/]+)/32")?', page, re.MULTILINE))
        for family in families
    )
    assert {name for name, _address in holder} == {name for name, _address in written}
    return {(name, address) for name, address in holder if address}


def test_each_moves_alone(pair: PackBed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        for target in ("node1", "node2"):
            second(pair, "switchover.yml", target=target)
            settled(pair, OTHER, target)
            settled(pair, pair.lab.overlay, "node1")
    assert probe.report.lost == 0, probe.report
    assert {holder.who for holder in probe.report.holders} == {"node1"}
    pair.play("switchover.yml", target="node2")
    settled(pair, pair.lab.overlay, "node2")
    settled(pair, OTHER, "node2")
    pair.play("switchover.yml", target="node1")
    settled(pair, pair.lab.overlay, "node1")


def test_an_address_belongs_to_one_of_them(pair: PackBed) -> None:
    pair.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        second(pair, "setup.yml", overlay_ips=[{"address": OTHER}, {"address": pair.lab.overlay}])
    assert f"{pair.lab.overlay} on node1 is of the deployment 'overlay-ip' already" in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert {call["action"] for call in pair.control.calls() if not call["action"].startswith("Describe")} == set()


def test_a_vrrp_number_belongs_to_one_of_them(pair: PackBed) -> None:
    if pair.engine != "keepalived":
        pytest.skip("VRRP is keepalived's")
    with pytest.raises(DrillError, match=r"keepalived\.conf of node\d has the VRRP number 51, too") as refusal:
        second(pair, "setup.yml", overlay_ip_vrrp_id=51)
    assert "Nothing was changed." in str(refusal.value)


def test_a_lost_node_loses_neither(pair: PackBed) -> None:
    if pair.engine == "none":
        pytest.skip("without an engine nobody moves anything by himself")
    second(pair, "switchover.yml", target="node1")
    settled(pair, OTHER, "node1")
    pair.crash("node1")
    for address in (pair.lab.overlay, OTHER):
        end = time.monotonic() + 60
        while holders(pair, address) != {"node2"}:
            assert time.monotonic() < end, (address, holders(pair, address))
            time.sleep(0.5)
    pair.boot("node1")
    settled(pair, pair.lab.overlay, "node2", 120)
    settled(pair, OTHER, "node2", 120)


def test_each_is_torn_down_alone(pair: PackBed) -> None:
    holder = holders(pair, pair.lab.overlay).pop()
    with pair.probe() as probe:
        probe.wait_for(holder)
        second(pair, "teardown.yml")
        settled(pair, pair.lab.overlay, holder)
    assert probe.report.lost == 0, probe.report
    left = ("find", "/etc", "/usr/sbin", "/usr/lib", "/usr/libexec", "/run", "-xdev", "-name", f"*{NAME}*")
    assert [pair.exec(node, *left) for node in pair.nodes] == ["", ""]
    assert (holders(pair, OTHER), up(pair, OTHER)) == (set(), set())
    assert pair.play("status.yml").overlay_ip_result["healthy"]
    pair.play("teardown.yml")
    assert (holders(pair, pair.lab.overlay), up(pair, pair.lab.overlay)) == (set(), set())
