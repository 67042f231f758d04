# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived with a VRRP instance for each overlay IP: they are on opposite nodes, move alone, and fail over all."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from drill.bed import Bed, DrillError, bed
from lab.probe.session import ProbeSession

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OTHER = "192.168.10.77"
APART = {"overlay_ip_keepalived_together": False}


class Two(Bed):
    """The drill's bed with two overlay IPs; what the bed looks at is the first one."""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`."""
        two = [{"address": self.lab.overlay, "home": "node1"}, {"address": OTHER, "home": "node2"}]
        return {
            **super().variables(),
            "overlay_ips": two,
            "overlay_ip_route_interval": 3,
            "overlay_ip_wait_timeout": 240,
        }

    def _standing(self, node: str) -> str:
        return self.says(node, self.lab.overlay)

    def says(self, node: str, address: str) -> str:
        """What keepalived says there of one overlay IP."""
        command = f"cd /run/aws-overlay-ip && cat keepalived-{address}.json 2>/dev/null || cat keepalived.json"
        text = self.exec(node, "sh", "-c", command)
        return str(json.loads(text)["state"]) if text else ""

    def where(self, address: str) -> str | None:
        """The one node to which all tables lead, which has the address alone and whose keepalived is its master."""
        found = set()
        for raw in self.ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))["RouteTables"]:
            routes = [r for r in raw["Routes"] if r.get("DestinationCidrBlock") == f"{address}/32"]
            found |= {self.instances.get(r.get("InstanceId", "")) for r in routes} or {None}
        holder = found.pop() if len(found) == 1 else None
        up = [
            n for n in self.nodes if n not in self._off and self.exec(n, "ip", "-o", "address", "show", "to", address)
        ]
        wanted = {n: "MASTER" if n == holder else "BACKUP" for n in self.nodes if n not in self._off}
        return holder if up == [holder] and {n: self.says(n, address) for n in wanted} == wanted else None

    def come_to(self, first: str, other: str, seconds: float = 240.0) -> None:
        """Wait until both are at rest there."""
        end = time.monotonic() + seconds
        while (found := (self.where(self.lab.overlay), self.where(OTHER))) != (first, other):
            if time.monotonic() > end:
                said = {(n, a): self.says(n, a) for n in self.nodes for a in (self.lab.overlay, OTHER)}
                raise DrillError(f"not at rest on {first} and {other}: {found}, {said}")
            time.sleep(0.5)

    @contextmanager
    def probes(self) -> Iterator[tuple[ProbeSession, ProbeSession]]:
        """A client of each."""
        with self.probe() as first, self.probe(OTHER) as other:
            yield first, other


@pytest.fixture(scope="module")
def pair() -> Iterator[Two]:
    """Two nodes with two overlay IPs that move together, as they do by default, at rest on node1."""
    with bed("keepalived", make=Two) as made:
        assert isinstance(made, Two)
        yield made
        problems = made.control.problems()
    assert not problems, problems


def test_by_default_one_of_several_is_not_moved(pair: Two) -> None:
    pair.come_to("node1", "node1")
    with pytest.raises(DrillError, match=r"set overlay_ip_keepalived_together=false and run setup"):
        pair.play("switchover.yml", target="node2", overlay=OTHER)
    with pytest.raises(DrillError, match=r"but setup has not run since that was set: run it first\. Nothing was"):
        pair.play("switchover.yml", target="node2", overlay=OTHER, **APART)


@pytest.mark.parametrize("variables", [{"overlay_ip_vrrp_id": 77}, {}])
def test_with_another_number_nothing_moves(pair: Two, variables: dict[str, Any]) -> None:
    """To keepalived it is another instance, under the same name."""
    with pair.probes() as probes:
        for probe in probes:
            probe.wait_for("node1")
        pair.play("setup.yml", **variables)
        pair.come_to("node1", "node1")
    assert [probe.report.lost for probe in probes] == [0, 0]
    assert [probe.report.who for probe in probes] == [("node1",)] * 2
    assert sum(pair.play("setup.yml", **variables).changed.values()) == 0


def test_what_a_setup_that_failed_has_written_is_read_after_the_next_one(pair: Two) -> None:
    """It fails between the file and the reload: the next one finds the file as it shall be, the daemon not."""
    folder = "/etc/systemd/system/keepalived.service.d"
    with pair.probes() as probes:
        for probe in probes:
            probe.wait_for("node1")
        pair.exec("node1", "sh", "-c", f"mv {folder} {folder}.away && touch {folder}")
        with pytest.raises(DrillError, match=r"keepalived\.service\.d"):
            pair.play("setup.yml", overlay_ip_vrrp_id=77)
        pair.exec("node1", "sh", "-c", f"rm {folder} && mv {folder}.away {folder}")
        kept = [pair.exec(node, "sh", "-c", "ls /run/aws-overlay-ip/read-*.conf") for node in pair.nodes]
        assert all(kept), kept
        pair.play("setup.yml", overlay_ip_vrrp_id=77)
        pair.come_to("node1", "node1")
        assert "127.0.51.77/32" in pair.exec("node1", "ip", "-o", "address")
        for node in pair.nodes:
            assert pair.exec(node, "sh", "-c", "ls /run/aws-overlay-ip/read-*.conf 2>/dev/null || true") == ""
        pair.play("setup.yml")
        pair.come_to("node1", "node1")
    assert [probe.report.lost for probe in probes] == [0, 0]
    assert [probe.report.who for probe in probes] == [("node1",)] * 2


def test_a_running_pair_is_told_to_move_them_apart_and_nothing_moves(pair: Two) -> None:
    with pair.probes() as probes:
        for probe in probes:
            probe.wait_for("node1")
        pair.play("setup.yml", **APART)
        pair.come_to("node1", "node1")
    assert [probe.report.lost for probe in probes] == [0, 0]
    assert [probe.report.who for probe in probes] == [("node1",)] * 2
    assert sum(pair.play("setup.yml", **APART).changed.values()) == 0


def test_one_moves_alone_to_the_opposite_node(pair: Two) -> None:
    with pair.probes() as (first, other):
        first.wait_for("node1")
        other.wait_for("node1")
        pair.play("switchover.yml", target="node2", overlay=OTHER, **APART)
        pair.come_to("node1", "node2")
    assert (first.report.lost, other.report.lost) == (0, 0)
    assert (first.report.who, other.report.who) == (("node1",), ("node1", "node2"))
    status = pair.play("status.yml", **APART).overlay_ip_result
    assert status["healthy"], status
    views = {o["destination"]: {v["node"]: v["state"] for v in o["engines"]} for o in status["overlays"]}
    assert views == {
        f"{pair.lab.overlay}/32": {"node1": "MASTER", "node2": "BACKUP"},
        f"{OTHER}/32": {"node1": "BACKUP", "node2": "MASTER"},
    }


def test_a_target_that_is_lost_before_its_old_holder_has_heard_it_is_followed_at_once(pair: Two) -> None:
    """To the old holder it is as in a partition, which it would wait out: but the switchover has told it."""
    with pair.probes() as (_first, other), ThreadPoolExecutor(1) as beside:
        other.wait_for("node2")
        play = beside.submit(pair.play, "switchover.yml", target="node1", overlay=OTHER, **APART)
        other.wait_for("node1", 60)
        said = f"grep --quiet ordered.*true /run/aws-overlay-ip/keepalived-{OTHER}.json && echo told || true"
        while not pair.exec("node2", "sh", "-c", said):
            assert not play.done(), play.result()
            time.sleep(0.1)
        pair.crash("node1")
        other.wait_for("node2", 40)
        with pytest.raises(DrillError):
            play.result()
    pair.come_to("node2", "node2")
    pair.boot("node1")
    pair.come_to("node2", "node2")
    pair.play("switchover.yml", target="node1", overlay=pair.lab.overlay, **APART)
    pair.come_to("node1", "node2")


def test_together_again_is_refused_while_they_are_on_two_nodes(pair: Two) -> None:
    with pytest.raises(DrillError, match="node1 and node2 hold overlay IPs: move all to"):
        pair.play("setup.yml")


@pytest.mark.parametrize("lost", ["node1", "node2"])
def test_a_node_that_is_lost_gives_both_to_the_other_one(pair: Two, lost: str) -> None:
    left = next(node for node in pair.nodes if node != lost)
    with pair.probes() as (first, other):
        first.wait_for("node1")
        other.wait_for("node2")
        pair.crash(lost)
        first.wait_for(left, 60)
        other.wait_for(left, 60)
        pair.come_to(left, left)
        pair.boot(lost)
        pair.come_to(left, left)
        moved = {"target": lost, "overlay": pair.lab.overlay if lost == "node1" else OTHER}
        pair.play("switchover.yml", **moved, **APART)
        pair.come_to("node1", "node2")
    whole, served = (other, first) if lost == "node1" else (first, other)
    assert whole.report.lost == 0
    assert whole.report.who == (left,)
    assert served.report.who == (lost, left, lost)


def test_an_application_that_dies_takes_both_away_from_its_node(pair: Two) -> None:
    pair.play("switchover.yml", target="node1", overlay=OTHER, **APART)
    pair.come_to("node1", "node1")
    with pair.probes() as probes:
        pair.kill_application("node1")
        for probe in probes:
            probe.wait_for("node2", 60)
        pair.start_application("node1")
        pair.come_to("node2", "node2")


def test_metrics_and_program_know_each(pair: Two) -> None:
    shown = json.loads(pair.exec("node2", "aws-overlay-ip", "show"))
    assert [(o["destination"], o["holder"]) for o in shown["overlays"]] == [
        (f"{pair.lab.overlay}/32", "node2"),
        (f"{OTHER}/32", "node2"),
    ]
    assert json.loads(pair.exec("node2", "aws-overlay-ip", "take", OTHER))["exit"] == 0
    told = pair.exec("node2", "aws-overlay-ip", "metrics")
    assert all(f'destination="{a}/32"' in told for a in (pair.lab.overlay, OTHER))


def test_together_again_nothing_moves(pair: Two) -> None:
    with pair.probes() as probes:
        for probe in probes:
            probe.wait_for("node2")
        pair.play("setup.yml")
        pair.come_to("node2", "node2")
    assert [probe.report.lost for probe in probes] == [0, 0]
    left = pair.exec("node2", "sh", "-c", "cd /run/aws-overlay-ip && ls keepalived*")
    assert left.split() == ["keepalived.json"]


def test_teardown_leaves_nothing_and_setup_gives_each_to_its_home(pair: Two) -> None:
    pair.play("setup.yml", **APART)
    pair.play("teardown.yml", **APART)
    for node in pair.nodes:
        left = "ls /etc/keepalived/keepalived.conf /run/aws-overlay-ip /dev/shm/aws-overlay-ip 2>/dev/null || true"
        assert pair.exec(node, "sh", "-c", left) == ""
        assert not [a for a in (pair.lab.overlay, OTHER) if pair.exec(node, "ip", "-o", "address", "show", "to", a)]
    pair.play("setup.yml", **APART)
    pair.come_to("node1", "node2")


@pytest.mark.parametrize("orphans", ["report", "remove"])
def test_one_that_is_taken_out_of_the_inventory_stays_where_it_is(pair: Two, orphans: str) -> None:
    """Until somebody has it removed; the holder's daemon says its farewell to one that has not been told yet."""
    pair.play("setup.yml", **APART)
    first, holder = (pair.where(address) for address in (pair.lab.overlay, OTHER))
    assert first
    assert holder
    left = {"overlay_ips": [{"address": pair.lab.overlay, "home": "node1"}], **APART}
    with pair.probes() as (one, other):
        one.wait_for(first)
        other.wait_for(holder)
        pair.play("setup.yml", **left)
        time.sleep(15)
    assert (one.report.lost, other.report.lost) == (0, 0)
    assert (one.report.who, other.report.who) == ((first,), (holder,))
    if orphans == "remove":
        pair.play("setup.yml", overlay_ip_orphans=orphans, **left)
        assert not [node for node in pair.nodes if pair.exec(node, "ip", "-o", "address", "show", "to", OTHER)]


def test_one_that_is_taken_out_and_removed_at_once_is_gone(pair: Two) -> None:
    pair.play("setup.yml", **APART)
    left = {"overlay_ips": [{"address": pair.lab.overlay, "home": "node1"}], **APART}
    pair.play("setup.yml", overlay_ip_orphans="remove", **left)
    assert not [node for node in pair.nodes if pair.exec(node, "ip", "-o", "address", "show", "to", OTHER)]
    assert pair.play("status.yml", **left).overlay_ip_result["orphans"] == []
