# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine of the lab is: the protocol that light and full nodes fulfil, and what the fabric gives them.

A node is *booted into* a socket of the fabric. The fabric owns the wire (:class:`Attachment`: a network namespace and
one veth per network interface, both made anew at every boot, as the hardware of a real instance is); the node
owns what runs on it (:class:`Node`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import Protocol

#: Every process that the lab starts carries this variable, so that ``lab down`` finds it after a crash too. A full
#: node passes it on to its PID 1 (``systemd-nspawn --setenv=``): all other processes of the node end with that one.
MARKER = "OVERLAY_LAB"

#: A node's Python: the distribution's, light nodes included, as on a real node.
PYTHON = "/usr/bin/python3"

#: A router port is named ``NODE.INDEX`` and the kernel allows 15 bytes.
MAX_NODE_NAME = 12


class NodeError(RuntimeError):
    """A node did not do what it was told; the message is one sentence that names the node and what to look at."""


@dataclass(frozen=True)
class Nic:
    """One network interface of a machine.

    ``addresses`` are in interface form (``10.0.1.10/24``, ``2001:db8::10/128``), the primary IPv4 address first;
    ``gateway4`` and ``gateway6`` are the VPC router as this interface sees it (the IPv6 one is link-local);
    ``network6`` is the subnet's IPv6 block, if it has one.
    """

    network_interface_id: str
    device: str
    port: str
    mac: str
    addresses: tuple[str, ...]
    gateway4: str
    gateway6: str
    network6: str | None = None

    @property
    def primary(self) -> str:
        """The primary private IPv4 address, without a prefix length."""
        return str(ip_interface(self.addresses[0]).ip)


class Attachment(Protocol):
    """The fabric's side of one machine. All calls are safe to repeat."""

    @property
    def netns(self) -> str:
        """The name of the machine's network namespace; it is at ``/run/netns/<name>`` while plugged."""

    @property
    def nics(self) -> tuple[Nic, ...]:
        """The interfaces as the VPC has them now, device index 0 first."""

    def plug(self) -> tuple[Nic, ...]:
        """Make a fresh namespace with fresh links (same MAC addresses), up on the router's side only.

        To be called at every boot, before anything of the node runs. Undoes :meth:`cut`. With DHCP asked for, a
        server listens on each link when this returns. On the node's side nothing is configured, not even ``lo``.
        """

    def unplug(self) -> None:
        """Remove links and namespace. Routes of the VPC that point here are black holes from now on."""

    def cut(self) -> None:
        """Drop every packet from and to this machine at once, in the router: the first thing of a crash."""


@dataclass(frozen=True)
class NodeSpec:
    """What a node needs to know about itself.

    ``directory`` is the node's own place in the state directory; it outlives a reboot (the node's disk is in there)
    and goes with the lab. ``authorized_key`` is the one line of the public key that may log in as root.
    """

    lab_id: str
    name: str
    instance_id: str
    directory: Path
    authorized_key: str

    @property
    def unit(self) -> str:
        """A name that is unique on this host, for control groups and the like."""
        return f"overlay-{self.lab_id}-{self.name}"

    def environment(self) -> dict[str, str]:
        """The mark that every process of this lab carries."""
        return {MARKER: self.lab_id}


class Recorder(Protocol):
    """Where a node writes down what it is about to make on the host, so that it can be removed after a crash too."""

    def record(self, kind: str, name: str) -> None:
        """Record ``name`` of ``kind``, one of ``lab.daemon.manifest.KINDS``, before making it. Safe to repeat."""


class Node(Protocol):
    """A machine of the lab. Made powered off, with a disk of its own and an :class:`Attachment`."""

    @property
    def spec(self) -> NodeSpec: ...

    @property
    def running(self) -> bool: ...

    def boot(self) -> None:
        """Plug in, start, and return when the node answers on its SSH port. Raises :class:`NodeError`."""

    def power_off(self) -> None:
        """Shut down in an orderly way, then unplug. Does nothing to a node that is off."""

    def crash(self) -> None:
        """Lose the machine between two packets: cut the wire, then kill everything, then unplug. Keeps the disk."""

    def reboot(self) -> None:
        """Power off and boot again: the disk is kept, everything else is new."""

    def exec(
        self, argv: Sequence[str], *, timeout: float = 30.0, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the node as root and return its output; an exit code other than 0 is not an exception."""

    def destroy(self) -> None:
        """Kill whatever runs and remove the disk. Does nothing to a node that is gone."""


#: How a kind of node is made: ``lab.nodes.light.LightNode`` itself, or what ``lab.nodes.full`` builds for a stack.
NodeFactory = Callable[[NodeSpec, Attachment, Recorder], Node]
