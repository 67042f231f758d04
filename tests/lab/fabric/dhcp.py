# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP server on one link, as a VPC has one for every interface: always the same address, for an hour at a time."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv6Interface, ip_interface
from pathlib import Path

from lab.fabric import netns
from lab.nodes.base import Nic

LEASE_SECONDS = 3600

_MESSAGE = re.compile(r"\b(DHCP(?:DISCOVER|OFFER|REQUEST|ACK|NAK|DECLINE|RELEASE|INFORM))\(")


def log_path(directory: Path, port: str) -> Path:
    """The log of one link's server; it goes on over reboots of the machine."""
    return directory / f"{port}.log"


def serve(router: str, nic: Nic, directory: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the server for ``nic`` in the router's namespace; it hands out the primary address, to this MAC only."""
    primary = ip_interface(nic.addresses[0])
    log_path(directory, nic.port).touch()
    argv = [
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--no-ping",
        "--port=0",
        "--user=root",
        f"--interface={nic.port}",
        "--bind-interfaces",
        "--except-interface=lo",
        "--dhcp-authoritative",
        f"--dhcp-range={primary.ip},static,{primary.netmask},{LEASE_SECONDS}",
        f"--dhcp-host={nic.mac},{primary.ip}",
        *_version6(nic),
        f"--dhcp-option=option:router,{nic.gateway4}",
        "--dhcp-option=option:dns-server",
        "--log-dhcp",
        f"--log-facility={log_path(directory, nic.port)}",
        f"--dhcp-leasefile={directory / nic.port}.leases",
        "--pid-file",
    ]
    return subprocess.Popen(
        netns.entered(router, argv), env=dict(environment), stdin=subprocess.DEVNULL, start_new_session=True
    )


def _version6(nic: Nic) -> list[str]:
    """DHCPv6 for the interface's address, and advertisements for the default route, where the subnet has IPv6."""
    own = [interface.ip for interface in map(ip_interface, nic.addresses) if isinstance(interface, IPv6Interface)]
    if not nic.network6 or not own:
        return []
    return [
        "--enable-ra",
        f"--dhcp-range={own[0]},static,off-link,64,{LEASE_SECONDS}",
        f"--dhcp-host={nic.mac},[{own[0]}]",
    ]


def messages(directory: Path, port: str) -> Counter[str]:
    """How often each DHCP message was seen on a link since the lab began, by its name: DHCPREQUEST, DHCPACK ..."""
    path = log_path(directory, port)
    return Counter(_MESSAGE.findall(path.read_text())) if path.exists() else Counter()
