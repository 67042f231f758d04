# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full nodes on the real router: they boot, reboot, lose power and freeze, and leave nothing on the host."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.daemon.manifest import Manifest
from lab.endpoint.snapshot import InstanceSnap, InterfaceSnap, Subnet, TableSnap, VpcSnapshot
from lab.fabric import netns
from lab.fabric.router import Router
from lab.nodes import full
from lab.nodes.base import NodeSpec
from lab.nodes.full import FullNode, full_nodes

pytestmark = pytest.mark.lab

ADDRESS = "10.0.1.10"
SNAPSHOT = VpcSnapshot(
    vpc_id="vpc-1",
    cidrs=("10.0.0.0/16",),
    subnets=(Subnet("subnet-1", "10.0.1.0/24", "rtb-1"),),
    tables=(TableSnap("rtb-1", ()),),
    interfaces=(InterfaceSnap("eni-1", "subnet-1", (ADDRESS,), "02:00:00:00:01:0a", True, "i-1", 0),),
    instances=(InstanceSnap("i-1", "running"),),
)


class Place:
    """A router with one socket, and what was written down on the way."""

    def __init__(self, directory: Path) -> None:
        self.lab_id = secrets.token_hex(3)
        self.directory = directory
        self.manifest = Manifest(directory / "manifest.json", self.lab_id)
        self.router = Router(self.lab_id, directory / "fabric", self.manifest, lambda: SNAPSHOT)
        self.router.start()

    def node(self, variant: str = "bookworm", stack: str = "ifupdown") -> FullNode:
        spec = NodeSpec(self.lab_id, "full", "i-1", self.directory / "full", "ssh-ed25519 AAAA nobody")
        node = full_nodes(variant, stack)(spec, self.router.socket("full", "i-1", use_dhcp=True), self.manifest)
        assert isinstance(node, FullNode)
        return node

    def traces(self) -> list[str]:
        """Everything on this host that carries the lab's name."""
        places = (
            "/run/netns",
            "/run/systemd/nspawn/propagate",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/systemd",
            "/sys/fs/cgroup/unified",
        )
        names = [name for place in places if os.path.isdir(place) for name in os.listdir(place)]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return [text for text in names + mounts if self.lab_id in text]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    assert place.manifest.remove_all() == []
    assert place.traces() == []


def text(node: FullNode, *argv: str) -> str:
    return node.exec(list(argv)).stdout.strip()


@pytest.mark.parametrize(
    ("variant", "stack", "owner"),
    [
        ("bookworm", "networkd", "systemd-networkd"),
        ("bookworm", "netplan", "systemd-networkd"),
        ("bookworm", "networkmanager", "NetworkManager"),
        ("bookworm", "ifupdown", "networking"),
        ("trixie", "networkd", "systemd-networkd"),
    ],
)
def test_each_stack_takes_its_address_by_dhcp_and_a_reboot_keeps_the_disk(
    place: Place, variant: str, stack: str, owner: str
) -> None:
    node = place.node(variant, stack)
    node.boot()
    try:
        assert text(node, "systemctl", "is-system-running") == "running"
        managers = ("systemd-networkd", "NetworkManager", "networking")
        assert [m for m in managers if node.exec(["systemctl", "is-active", m]).returncode == 0] == [owner]
        assert ADDRESS in text(node, "ip", "-4", "-brief", "address", "show", "dev", "eth0")
        assert "default via 10.0.1.1 dev eth0" in text(node, "ip", "route", "show", "default")
        assert text(node, "hostname") == "full"
        first = text(node, "cat", "/proc/sys/kernel/random/boot_id"), text(node, "cat", "/etc/machine-id")
        node.exec(["touch", "/root/kept", "/run/lost"])
        node.exec(["ip", "address", "add", "192.168.77.15/32", "dev", "eth0"])

        node.reboot()

        assert text(node, "cat", "/etc/machine-id") == first[1]
        assert node.exec(["test", "-e", "/root/kept"]).returncode == 0
        assert node.exec(["test", "-e", "/run/lost"]).returncode == 1
        assert "192.168.77.15" not in text(node, "ip", "-brief", "address")
        assert node.boots == 2
    finally:
        node.destroy()


def test_power_off_and_crash_end_everything_and_keep_the_disk(place: Place) -> None:
    node = place.node()
    node.boot()
    node.power_off()
    assert not node.running
    assert not netns.path(node.attachment.netns).exists()

    node.boot()
    node.exec(["touch", "/root/kept"])
    node.crash()
    assert not node.running
    assert not netns.path(node.attachment.netns).exists()

    node.boot()
    assert node.exec(["test", "-e", "/root/kept"]).returncode == 0
    node.destroy()
    assert not node.spec.directory.exists()
    assert [name for name in place.traces() if "full" in name] == []


def boot_with_slow_shutdown(node: FullNode, seconds: int) -> None:
    """Boot, and start a service that takes so long to stop."""
    unit = f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\nExecStop=sleep {seconds}\n"
    node.write("/etc/systemd/system/slow.service", unit)
    node.boot()
    node.exec(["systemctl", "start", "slow"])


def test_a_slow_shutdown_is_waited_for(place: Place) -> None:
    """While a job takes its time, systemd-nspawn passes on messages, and stands still if nobody reads them."""
    node = place.node()
    boot_with_slow_shutdown(node, 10)
    node.reboot()
    assert node.boots == 2
    node.destroy()


def test_a_shutdown_that_hangs_ends_with_the_power(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full, "SHUTDOWN_SECONDS", 2.0)
    node = place.node()
    boot_with_slow_shutdown(node, 60)
    node.power_off()
    assert not node.running
    node.destroy()


def test_a_frozen_node_accepts_and_says_nothing_and_goes_on_where_it_stood(place: Place) -> None:
    node = place.node()
    node.boot()

    def greeting() -> bytes:
        with socket.create_connection((ADDRESS, 22), timeout=1.0) as connection:
            return connection.recv(7)

    assert netns.inside(place.router.netns, greeting) == b"SSH-2.0"
    node.freeze()
    with pytest.raises(TimeoutError):
        netns.inside(place.router.netns, greeting)
    node.freeze(False)
    assert netns.inside(place.router.netns, greeting) == b"SSH-2.0"
    node.freeze()
    node.crash()
    assert not node.running
    node.boot()
    node.freeze()
    node.power_off()
    assert not node.running


def test_the_manifest_alone_removes_a_running_node(place: Place) -> None:
    node = place.node()
    node.boot()
    assert place.manifest.remove_all() == []
    assert place.traces() == []
    assert not node.spec.directory.exists()
