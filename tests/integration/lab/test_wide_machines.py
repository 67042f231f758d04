# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines with two interfaces and with IPv6 addresses of the VPC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.daemon import process
from lab.fabric import dhcp
from lab.handle import LabHandle
from lab.world import wait_for

pytestmark = pytest.mark.lab

OVERLAY = "192.168.10.15"


@pytest.fixture(scope="module")
def wide() -> Iterator[LabHandle]:
    """A lab of this module alone."""
    directory, lab = process.up("light", ["--extra-interfaces=1", "--ipv6"])
    try:
        yield LabHandle(directory, lab)
    finally:
        process.down(directory)


def received(lab: LabHandle, machine: str, device: str) -> int:
    """Packets that an interface has received."""
    return int(lab.exec(machine, "cat", f"/sys/class/net/{device}/statistics/rx_packets").stdout)


def test_each_interface_has_its_mac_and_its_addresses(wide: LabHandle) -> None:
    interface_ids = wide.world.machine("node1").network_interface_ids
    assert len(interface_ids) == 2
    described = wide.ec2.describe_network_interfaces(NetworkInterfaceIds=list(interface_ids))["NetworkInterfaces"]
    for interface in described:
        device = f"eth{interface['Attachment']['DeviceIndex']}"
        assert wide.exec("node1", "cat", f"/sys/class/net/{device}/address").stdout.strip() == interface["MacAddress"]
        shown = wide.exec("node1", "ip", "-brief", "address", "show", device).stdout
        assert f"{interface['PrivateIpAddress']}/24" in shown
        assert all(f"{address['Ipv6Address']}/128" in shown for address in interface["Ipv6Addresses"])


def test_the_vpcs_ipv6_addresses_are_reachable(wide: LabHandle) -> None:
    interface_id = wide.world.machine("node2").network_interface_ids[0]
    described = wide.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
    assert wide.who(described["Ipv6Addresses"][0]["Ipv6Address"]) == "node2"


def test_a_route_leads_to_the_interface_it_names_and_to_none_once_it_is_detached(wide: LabHandle) -> None:
    node = wide.world.machine("node1")
    second = node.network_interface_ids[1]
    assert wide.exec("node1", "ip", "address", "add", f"{OVERLAY}/32", "dev", "lo").returncode == 0
    for interface_id in node.network_interface_ids:
        wide.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, SourceDestCheck={"Value": False})
    for table_id in wide.world.route_table_ids:
        wide.ec2.create_route(RouteTableId=table_id, DestinationCidrBlock=f"{OVERLAY}/32", NetworkInterfaceId=second)
    wide.settle()
    before = received(wide, "node1", "eth1")
    assert wide.who(OVERLAY) == "node1"
    assert received(wide, "node1", "eth1") > before

    described = wide.ec2.describe_network_interfaces(NetworkInterfaceIds=[second])["NetworkInterfaces"][0]
    wide.ec2.detach_network_interface(AttachmentId=described["Attachment"]["AttachmentId"])
    wide.settle()
    assert wide.who(OVERLAY) is None
    assert wide.who(node.addresses[0]) == "node1"


def test_a_full_node_gets_both_families_by_dhcp_and_holds_an_ipv6_overlay() -> None:
    overlay = "2001:db8:10::15"
    directory, started = process.up("full:networkd", ["--ipv6"])
    try:
        lab = LabHandle(directory, started)
        interface_id = lab.world.machine("node1").network_interface_ids[0]
        described = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
        own = described["Ipv6Addresses"][0]["Ipv6Address"]
        wait_for(lambda: lab.who(own) == "node1", f"DHCPv6 to give {own} to node1", 30)
        done = lab.exec("node1", "ip", "address", "add", f"{overlay}/128", "dev", "eth0", "nodad", "preferred_lft", "0")
        assert done.returncode == 0, done.stderr
        lab.set_source_dest_check("node1", False)
        lab.move("node1", overlay)
        assert lab.who(overlay) == "node1"
        assert dhcp.messages(directory.dhcp, "node1.0")["DHCPACK"] == 1
    finally:
        process.down(directory)
