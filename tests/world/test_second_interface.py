# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs on full nodes whose overlay IPs are on a second interface: the rules go where the addresses go.

IPv6's default route leads out of the first interface alone: the second one has none whose gateway could be read.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from persistence.stage import OVERLAY6
from persistence.under_engines import give_ipv6

from drill.bed import Bed, bed
from lab.probe.session import who_answers
from lab.world import wait_for
from world.tables import journal

pytestmark = [pytest.mark.lab, pytest.mark.slow]

TOLD = {
    "keepalived": "keepalived is in FAULT on node1: the look at the network interface failed",
    "pacemaker": "could not be taken over: see the journal of aws-overlay-ip",
}
"""What status says of a node that has lost its interface."""
NOTED = {"keepalived": "keepalived's checks fail on this node", "pacemaker": "eth1"}
"""And what the node's journal has."""
_ONE_DEFAULT = "net.ipv6.conf.eth1.accept_ra_defrtr = 0\n"


class Second(Bed):
    """The lab, with everything on device index 1."""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`."""
        tables = list(self.lab.world.route_table_ids)
        shared = {"home": "node1", "route_table_ids": tables, "interface": "eth1"}
        overlays = [{"address": address, **shared} for address in (self.lab.overlay, OVERLAY6)]
        return {**super().variables(), "overlay_ip_device_index": 1, "overlay_ips": overlays}

    def prepare(self) -> None:
        """See :class:`Bed`."""
        for node in self.nodes:
            give_ipv6(self, node, "eth0", "eth1")
            self.write(node, "/etc/sysctl.d/60-eth1.conf", _ONE_DEFAULT)
            self.reboot(node)
            wait_for(partial(self._has_ipv6, node), f"IPv6 on {node}", 60)
        super().prepare()

    def _has_ipv6(self, node: str) -> bool:
        """An address on each interface, and the default route by eth0 alone."""
        routes = self.exec(node, "ip", "-6", "route", "show", "default")
        shown = self.exec(node, "ip", "-oneline", "-6", "address", "show", "dev", "eth1", "scope", "global")
        return "dev eth0" in routes and "dev eth1" not in routes and bool(shown) and "tentative" not in shown

    def rules(self) -> dict[str, list[bool]]:
        """Of each node, whether it has the rule for IPv4, and the one for IPv6."""
        return {
            n: [
                bool(self.exec(n, "ip", family, "rule", "show", "from", address))
                for family, address in (("-4", self.lab.overlay), ("-6", OVERLAY6))
            ]
            for n in self.nodes
        }

    def answers(self) -> list[str | None]:
        """Who answers at each of the overlay IPs."""
        return [who_answers(self.lab.machines[-1].netns, a) for a in (self.lab.overlay, OVERLAY6)]

    @contextmanager
    def detached(self, node: str) -> Iterator[str]:
        """Detach its second network interface, as EC2 does by force: the route is a black hole, the device is gone."""
        machine = next(m for m in self.lab.machines if m.name == node)
        interface = self.lab.world.machine(node).network_interface_ids[1]
        (shown,) = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        place = f"{machine.netns}-slot"
        subprocess.run(["ip", "netns", "add", place], check=True)
        try:
            self.ec2.detach_network_interface(AttachmentId=shown["Attachment"]["AttachmentId"], Force=True)
            subprocess.run(["ip", "-n", machine.netns, "link", "set", "eth1", "netns", place], check=True)
            yield interface
            self.ec2.attach_network_interface(
                NetworkInterfaceId=interface, InstanceId=shown["Attachment"]["InstanceId"], DeviceIndex=1
            )
            subprocess.run(["ip", "-n", place, "link", "set", "eth1", "netns", machine.netns], check=True)
            self.exec(node, "sh", "-c", "ifdown --force eth1; ifup eth1")  # udev's work, which a container has not
        finally:
            subprocess.run(["ip", "netns", "delete", place], check=True)


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Second]:
    with bed(request.param, 2, ["--extra-interfaces=1", "--extra-subnets", "--ipv6"], make=Second) as made:
        assert isinstance(made, Second)
        yield made
        problems = made.control.problems()
    assert not problems, problems


def _only(node: str) -> dict[str, list[bool]]:
    return {name: [name == node] * 2 for name in ("node1", "node2")}


def test_a_lost_node_is_replaced_and_the_rules_come_with_the_addresses(pair: Second) -> None:
    assert pair.rules() == _only("node1")
    assert "fe80:ec2::1" in pair.exec("node1", "ip", "-6", "route", "show", "table", "7151")
    with pair.probe() as probe, pair.probe(OVERLAY6) as six:
        for each in (probe, six):
            each.wait_for("node1")
        pair.crash("node1")
        for each in (probe, six):
            each.wait_for("node2", 60)
    pair.boot("node1")
    pair.rest("node2", 120)
    assert pair.rules() == _only("node2")
    assert pair.answers() == ["node2", "node2"]


def test_a_planned_switchover_loses_nothing(pair: Second) -> None:
    with pair.probe() as probe, pair.probe(OVERLAY6) as six:
        for each in (probe, six):
            each.wait_for("node2")
        pair.play("switchover.yml", target="node1")
        pair.rest("node1")
    assert (probe.report.lost, six.report.lost) == (0, 0)
    wait_for(lambda: pair.rules() == _only("node1"), "the rules to be on node1 alone", 30)


def test_a_rule_that_is_lost_comes_again_by_itself(pair: Second) -> None:
    """With Pacemaker `aws-overlay-ip take` sets it again (docs/persistence.md)."""
    lost = ("from", pair.lab.overlay, "lookup", "7151", "priority", "7150")
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.exec("node1", "ip", "rule", "delete", *lost)
        if pair.engine == "pacemaker":
            pair.exec("node1", "aws-overlay-ip", "take")
        wait_for(lambda: pair.rules()["node1"] == [True, True], "the watch to bring the rule again", 30)
        probe.wait_for("node1", 30)
    assert probe.report.who == ("node1",)
    assert probe.report.lost > 0


def test_an_interface_that_is_detached(pair: Second) -> None:
    """The standby takes over as if the node were lost; the node serves again once it has its interface back.

    A cluster has to be told that the cause is mended, as its refusal of a move says.
    """
    with pair.probe() as probe, pair.probe(OVERLAY6) as six:
        for each in (probe, six):
            each.wait_for("node1")
        with pair.detached("node1"):
            for each in (probe, six):
                each.wait_for("node2", 60)
            status = pair.play("status.yml").overlay_ip_result
            assert [overlay["holder"] for overlay in status["overlays"]] == ["node2", "node2"]
            told = " ".join(f["message"] for f in status["nodes"]["node1"]["findings"])
            assert TOLD[pair.engine] in told, status["nodes"]["node1"]
            assert NOTED[pair.engine] in journal(pair, "node1")
        pair.rest("node2", 120)
    if pair.engine == "pacemaker":
        pair.exec("node1", "crm_resource", "--cleanup", timeout=60)
        pair.rest("node2", 120)
    pair.play("switchover.yml", target="node1")
    pair.rest("node1", 120)
    assert pair.answers() == ["node1", "node1"]
