# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fabric: packets go where the endpoint's route tables say, and the lab's machines behave like instances."""

from __future__ import annotations

import time

import pytest

from lab.fabric import netns
from lab.handle import LabHandle
from lab.probe.session import ProbeError

pytestmark = pytest.mark.lab

OVERLAYS = ["192.168.10.15", "2001:db8:10::15"]


def hold(lab: LabHandle, address: str, *machines: str) -> None:
    """Put an overlay address on machines and switch their source/destination check off, with no help of ours."""
    prefix = f"{address}/128" if ":" in address else f"{address}/32"
    quiet = ["nodad", "preferred_lft", "0"] if ":" in address else []
    for machine in machines:
        done = lab.exec(machine, "ip", "address", "add", prefix, "dev", "eth0", *quiet)
        assert done.returncode == 0, done.stderr
        lab.set_source_dest_check(machine, False)


@pytest.mark.parametrize("address", OVERLAYS)
def test_packets_follow_the_route_without_a_loss(lab: LabHandle, address: str) -> None:
    hold(lab, address, "node1", "node2")
    lab.move("node1", address)
    with lab.probe(address) as probe:
        probe.wait_for("node1")
        lab.move("node2", address)
        probe.wait_for("node2")
        lab.move("node1", address)
        probe.wait_for("node1")
    assert probe.report.who == ("node1", "node2", "node1")
    assert probe.report.lost == 0, probe.report.gaps
    assert lab.who(address) == "node1"


def test_a_whole_network_can_be_routed(lab: LabHandle) -> None:
    hold(lab, "192.168.10.15", "node2")
    interface_id = lab.world.machine("node2").network_interface_ids[0]
    for table_id in lab.world.route_table_ids:
        lab.ec2.create_route(
            RouteTableId=table_id, DestinationCidrBlock="192.168.8.0/22", NetworkInterfaceId=interface_id
        )
    lab.settle()
    assert lab.who("192.168.10.15") == "node2"


def test_a_change_takes_effect_after_the_propagation_delay(lab: LabHandle) -> None:
    hold(lab, "192.168.10.15", "node1", "node2")
    lab.move("node1")
    lab.control.settings(propagation_delay=1.0)
    lab.settle()
    with lab.probe() as probe:
        probe.wait_for("node1")
        changed = time.time()
        lab.move("node2")
        probe.wait_for("node2")
    before, after = probe.report.holders
    assert (before.who, after.who) == ("node1", "node2")
    assert 0.9 < probe.report.began + after.first - changed < 2.0
    assert probe.report.lost == 0


def test_each_subnet_has_its_own_table(lab: LabHandle) -> None:
    hold(lab, "192.168.10.15", "node1", "node2")
    clients_table = lab.world.route_table_ids[1]
    lab.move("node2", tables=[clients_table])
    lab.move("node1", tables=[table for table in lab.world.route_table_ids if table != clients_table])
    assert lab.who() == "node2"
    assert lab.who("10.0.1.10") == "node1"
    assert lab.exec("node1", "ip", "address", "delete", "192.168.10.15/32", "dev", "eth0").returncode == 0
    assert lab.exec("node2", "ip", "address", "delete", "192.168.10.15/32", "dev", "eth0").returncode == 0
    hold(lab, "192.168.10.15", "node1")
    assert lab.who(source="node2") == "node1", "node2's subnet is on the main table, which says node1"


@pytest.mark.parametrize("address", OVERLAYS)
def test_the_source_dest_check_drops_what_is_not_the_instances_own(lab: LabHandle, address: str) -> None:
    hold(lab, address, "node1")
    lab.move("node1", address)
    assert lab.who(address) == "node1"
    lab.set_source_dest_check("node1", True)
    assert lab.who(address) is None
    assert lab.who("10.0.1.10") == "node1", "the instance's own address must go on working"
    lab.set_source_dest_check("node1", False)
    assert lab.who(address) == "node1"


def test_a_checked_instance_cannot_send_from_a_foreign_address(lab: LabHandle) -> None:
    before = foreign_sources(lab)
    lab.exec("client1", "ip", "address", "add", "192.168.99.1/32", "dev", "lo")
    done = lab.exec("client1", "ping", "-c", "1", "-W", "1", "-I", "192.168.99.1", "10.0.1.10")
    lab.exec("client1", "ip", "address", "delete", "192.168.99.1/32", "dev", "lo")
    assert done.returncode == 1
    assert foreign_sources(lab) == before + 1


def foreign_sources(lab: LabHandle) -> int:
    """How many packets the router has dropped for their source."""
    text = netns.command(netns.entered(lab.lab.router, ["nft", "list", "counter", "inet", "vpc", "foreign_source"]))
    return int(text.split("packets ")[1].split()[0])


def test_a_stopped_instance_is_unreachable_until_it_starts(lab: LabHandle) -> None:
    hold(lab, "192.168.10.15", "node1")
    lab.move("node1")
    assert lab.exec("node1", "sh", "-c", "echo kept > /etc/marker; echo lost > /run/marker").returncode == 0
    lab.stop("node1")
    assert lab.who() is None
    assert lab.who("10.0.1.10") is None
    lab.start("node1")
    assert lab.who("10.0.1.10") == "node1"
    assert lab.who() is None, "an address that nobody made persistent is gone after a stop"
    assert lab.exec("node1", "cat", "/etc/marker").stdout == "kept\n"
    assert lab.exec("node1", "cat", "/run/marker").returncode != 0


def test_a_reboot_makes_the_wire_anew(lab: LabHandle) -> None:
    link = ["cat", "/sys/class/net/eth0/ifindex", "/sys/class/net/eth0/address"]
    _index, mac = lab.exec("node1", *link).stdout.split()
    lab.ec2.reboot_instances(InstanceIds=[lab.world.machine("node1").instance_id])
    lab.settle()
    assert lab.who("10.0.1.10") == "node1"
    assert lab.exec("node1", *link).stdout.split()[1] == mac


def test_a_crash_is_silence_between_two_packets(lab: LabHandle) -> None:
    hold(lab, "192.168.10.15", "node1", "node2")
    lab.move("node1")
    with lab.probe() as probe:
        probe.wait_for("node1")
        lab.crash("node1")
        probe.wait_for(None)
        lab.move("node2")
        probe.wait_for("node2")
    assert probe.report.who == ("node1", "node2")
    assert len(probe.report.gaps) == 1
    lab.boot("node1")
    assert lab.who("10.0.1.10") == "node1"


def test_a_partition_separates_two_machines_only(lab: LabHandle) -> None:
    lab.partition("node1", "node2")
    assert lab.who("10.0.2.10", source="node1") is None
    assert lab.who("10.0.1.10", source="node2") is None
    assert {lab.who("10.0.1.10"), lab.who("10.0.2.10")} == {"node1", "node2"}
    lab.heal()
    assert lab.who("10.0.2.10", source="node1") == "node2"


def test_a_node_knows_itself_from_its_metadata(lab: LabHandle) -> None:
    ask = (
        "import urllib.request as u\n"
        "base = 'http://169.254.169.254/latest/'\n"
        "ttl = {'X-aws-ec2-metadata-token-ttl-seconds': '60'}\n"
        "token = u.urlopen(u.Request(base + 'api/token', method='PUT', headers=ttl)).read().decode()\n"
        "request = u.Request(base + 'meta-data/instance-id', headers={'X-aws-ec2-metadata-token': token})\n"
        "print(u.urlopen(request).read().decode())\n"
    )
    for node in lab.world.nodes:
        assert lab.exec(node.name, "python3", "-c", ask).stdout.strip() == node.instance_id


def test_the_endpoint_answers_on_the_nodes(lab: LabHandle) -> None:
    done = lab.exec(
        "node1", "python3", "-c", f"import urllib.request as u; u.urlopen('{lab.lab.node_endpoint_url}/_lab/calls')"
    )
    assert done.returncode == 0, done.stderr


def test_a_probe_says_what_it_waited_for(lab: LabHandle) -> None:
    with lab.probe("10.0.1.10") as probe:
        probe.wait_for("node1")
        with pytest.raises(ProbeError, match=r"10.0.1.10: node1 answers, and node2 did not come in 0.2 s"):
            probe.wait_for("node2", timeout=0.2)
