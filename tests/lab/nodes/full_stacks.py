# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a full node a networkd, netplan, NetworkManager or ifupdown node: files, masked units, enabled units.

Pure: the node writes what these functions return. Each stack is set up as its distribution's cloud image has it, with
interfaces that take their addresses by DHCP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_UNITS = "/etc/systemd/system"
_QUIET = ("console-getty.service", "apt-daily.timer", "apt-daily-upgrade.timer", "NetworkManager-wait-online.service")
_NETWORK_MANAGER = ("NetworkManager.service", "NetworkManager-dispatcher.service")
_NETWORKD = ("systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service")
_IFUPDOWN = ("networking.service",)


@dataclass(frozen=True)
class File:
    """A file of the node's root."""

    text: str
    mode: int = 0o644


@dataclass(frozen=True)
class Stack:
    """How one network stack is put on a node.

    Attributes:
        files: names of the interfaces, the primary one first -> files by absolute path.
        masked: units that must never start, so that one stack alone owns the interface.
        enabled: units started by multi-user.target that are not by default.
    """

    files: Callable[[Sequence[str]], Mapping[str, File]]
    masked: tuple[str, ...]
    enabled: tuple[str, ...] = field(default=())


def _networkd(interfaces: Sequence[str]) -> dict[str, File]:
    return {
        f"/etc/systemd/network/10-{name}.network": File(
            f"[Match]\nName={name}\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nRouteMetric={metric}\n"
        )
        for name, metric in _metrics(interfaces)
    }


def _netplan(interfaces: Sequence[str]) -> dict[str, File]:
    text = "network:\n  version: 2\n  ethernets:\n"
    for name, metric in _metrics(interfaces):
        text += f"    {name}:\n"
        for version in (4, 6):  # networkd takes one metric for both, so netplan refuses two
            text += f"      dhcp{version}: true\n      dhcp{version}-overrides:\n        route-metric: {metric}\n"
    # `netplan apply` asks udev to settle; a container has no udev, and a veth nothing to settle.
    return {
        "/etc/netplan/50-cloud-init.yaml": File(text, 0o600),
        "/usr/bin/udevadm": File("#!/bin/sh\nexit 0\n", 0o755),
    }


def _networkmanager(interfaces: Sequence[str]) -> dict[str, File]:
    return {
        f"/etc/NetworkManager/system-connections/cloud-init-{name}.nmconnection": File(
            f"[connection]\nid=cloud-init {name}\ntype=ethernet\ninterface-name={name}\n\n"
            f"[ipv4]\nmethod=auto\nroute-metric={metric}\n\n[ipv6]\nmethod=auto\n",
            0o600,
        )
        for name, metric in _metrics(interfaces)
    }


def _ifupdown(interfaces: Sequence[str]) -> dict[str, File]:
    stanzas = "\n".join(
        f"auto {name}\niface {name} inet dhcp\n    metric {metric}\n" for name, metric in _metrics(interfaces)
    )
    return {
        "/etc/network/interfaces": File("source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n"),
        "/etc/network/interfaces.d/50-cloud-init": File(stanzas),
        # Debian 13's DHCP client: without this it spends five seconds asking who else has its address.
        "/etc/dhcpcd.conf": File("hostname\npersistent\nnoarp\noption classless_static_routes, interface_mtu\n"),
    }


def _metrics(interfaces: Sequence[str]) -> list[tuple[str, int]]:
    """Each interface with the metric of its routes: the first interface's default route wins, as on EC2's images."""
    return [(name, 100 * number) for number, name in enumerate(interfaces, start=1)]


STACKS: Mapping[str, Stack] = {
    "networkd": Stack(_networkd, (*_NETWORK_MANAGER, *_IFUPDOWN), ("systemd-networkd.service",)),
    "netplan": Stack(_netplan, (*_NETWORK_MANAGER, *_IFUPDOWN), ("systemd-networkd.service",)),
    "networkmanager": Stack(_networkmanager, (*_NETWORKD, *_IFUPDOWN)),
    "ifupdown": Stack(_ifupdown, (*_NETWORK_MANAGER, *_NETWORKD)),
}


def unit_links(stack: Stack) -> dict[str, str]:
    """Symbolic links (path -> target) that mask and enable the units of a stack."""
    links = {f"{_UNITS}/{unit}": "/dev/null" for unit in (*_QUIET, *stack.masked)}
    wants = f"{_UNITS}/multi-user.target.wants"
    links.update({f"{wants}/{unit}": f"/lib/systemd/system/{unit}" for unit in stack.enabled})
    return links


def identity(hostname: str, authorized_key: str) -> dict[str, File]:
    """Files that tell one node from another and let its owner in."""
    return {
        "/etc/hostname": File(f"{hostname}\n"),
        "/etc/hosts": File(f"127.0.0.1 localhost\n127.0.1.1 {hostname}\n::1 localhost\n"),
        # mmdebstrap leaves a copy of the host's file; a node must not ask the host's name servers.
        "/etc/resolv.conf": File(""),
        "/root/.ssh/authorized_keys": File(f"{authorized_key.strip()}\n", 0o600),
    }
