# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes with two interfaces in two subnets, the overlay IP on the second one: requests arrive there, and the main
table's default route leads out of the first, whose source/destination check is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.daemon import process
from lab.handle import LabHandle

pytestmark = pytest.mark.lab

NODES = ("node1", "node2")


@pytest.fixture(scope="module")
def second() -> Iterator[LabHandle]:
    """A lab of this module alone, set up on the second interfaces."""
    directory, started = process.up("light", ["--extra-interfaces=1", "--extra-subnets"])
    try:
        lab = LabHandle(directory, started)
        run = lab.playbook("setup.yml", **asked(lab))
        assert run.ok, run.output
        yield lab
    finally:
        process.down(directory)


def asked(lab: LabHandle, **overlay: Any) -> dict[str, Any]:
    tables = list(lab.world.route_table_ids)
    one = {"address": lab.lab.overlay, "home": "node1", "route_table_ids": tables, "interface": "eth1", **overlay}
    return {"overlay_ip_device_index": 1, "overlay_ips": [one]}


def rules(lab: LabHandle, node: str) -> list[str]:
    """The rules of the overlay IP."""
    return lab.exec(node, "ip", "rule", "show", "from", lab.lab.overlay).stdout.split("\n")[:-1]


def sysctl(lab: LabHandle, node: str, value: int) -> None:
    for where in ("all", "eth1"):
        assert lab.exec(node, "sysctl", "-qw", f"net.ipv4.conf.{where}.rp_filter={value}").returncode == 0


def test_a_reply_leaves_by_the_interface_of_the_request_and_without_the_rule_it_dies(second: LabHandle) -> None:
    lab, overlay = second, second.lab.overlay
    assert lab.who() == "node1"
    checks = lab.ec2.describe_network_interfaces(
        NetworkInterfaceIds=list(lab.world.machine("node1").network_interface_ids)
    )
    assert {i["Attachment"]["DeviceIndex"]: i["SourceDestCheck"] for i in checks["NetworkInterfaces"]} == {
        0: True,
        1: False,
    }
    lost = ("from", overlay, "lookup", "7151", "priority", "7150")
    for strict in (0, 1):
        sysctl(lab, "node1", strict)
        assert lab.who() == "node1"
        assert lab.exec("node1", "ip", "rule", "delete", *lost).returncode == 0
        assert lab.who() is None
        if strict:
            status = lab.playbook("status.yml", **asked(lab))
            assert not status.overlay_ip_result["healthy"]
            told = " ".join(status.output.split())
            assert (
                f"{overlay}/32 is on eth1, but its replies leave by eth0, where EC2 drops them: the rule from" in told
            )
            assert "and strict reverse path filtering (rp_filter=1) drops the requests before" in told
            run = lab.playbook("setup.yml", **asked(lab))
            assert run.ok, run.output
            assert [(t.host, t.action.rpartition(".")[2]) for t in run.changed_tasks] == [
                ("node1", "overlay_interface")
            ]
        else:
            assert lab.exec("node1", "ip", "rule", "add", *lost).returncode == 0
        assert lab.who() == "node1"
    sysctl(lab, "node1", 0)


def test_a_switchover_loses_no_packet_and_one_with_exclusive_addresses_takes_the_rule_along(second: LabHandle) -> None:
    lab = second
    with lab.probe() as probe:
        probe.wait_for("node1")
        run = lab.playbook("switchover.yml", target="node2", **asked(lab))
        assert run.ok, run.output
        probe.wait_for("node2")
    assert probe.report.lost == 0
    exclusive = {**asked(lab), "overlay_ip_exclusive": True}
    run = lab.playbook("setup.yml", **exclusive)
    assert run.ok, run.output
    assert [len(rules(lab, node)) for node in NODES] == [0, 1]
    run = lab.playbook("switchover.yml", target="node1", **exclusive)
    assert run.ok, run.output
    assert [len(rules(lab, node)) for node in NODES] == [1, 0]
    assert lab.who() == "node1"


def test_teardown_leaves_no_rule_and_no_table(second: LabHandle) -> None:
    lab = second
    run = lab.playbook("teardown.yml", **asked(lab), overlay_ip_exclusive=True)
    assert run.ok, run.output
    for node in NODES:
        assert rules(lab, node) == []
        assert "7151" not in lab.exec(node, "ip", "route", "show", "table", "all").stdout
