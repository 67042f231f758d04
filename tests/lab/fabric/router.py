# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router of the VPC: one namespace that every machine has a wire to, and the sockets that plug machines in."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

from lab.endpoint.snapshot import InboundSnap, VpcSnapshot
from lab.fabric import dhcp, firewall, netns
from lab.fabric.balancers import Balancers, Measured
from lab.fabric.program import MACHINE6, Program, addresses, batches, program, table_numbers
from lab.fabric.transit import Gateway
from lab.nodes.base import MARKER, MAX_NODE_NAME, Nic, Recorder

#: The metadata service, on every machine's way out (EC2 user guide, "Instance metadata").
METADATA_ADDRESS = "169.254.169.254"
#: The AWS endpoint as machines reach it: TEST-NET-2 (RFC 5737), so it can be nobody's VPC and nobody's overlay.
ENDPOINT_ADDRESS = "198.51.100.1"
#: The router on every link, for IPv6.
GATEWAY6 = "fe80::1"
#: The same, by an address that everybody knows (VPC user guide, "Subnet sizing for IPv6").
ROUTER6 = "fe80:ec2::1"

_SYSCTLS = {
    "ipv4/ip_forward": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
    "ipv6/conf/all/forwarding": "1",
    "ipv6/conf/default/accept_dad": "0",
}

#: Starts what the lab itself runs in a machine's namespace; called with the namespace's name at each plug.
Services = Callable[[str], Sequence["subprocess.Popen[bytes]"]]


class Router:
    """The fabric of one VPC. Every method may be called from any thread.

    Args:
        lab_id: makes the names on this host unique.
        directory: for the DHCP servers' files.
        recorder: told of every namespace before it is made.
        snapshot: reads the VPC as it is now.
        measured: told of the health of load balancers' targets.
    """

    def __init__(
        self,
        lab_id: str,
        directory: Path,
        recorder: Recorder,
        snapshot: Callable[[], VpcSnapshot],
        measured: Measured = lambda *_: None,
    ) -> None:
        self.lab_id = lab_id
        self.netns = f"overlay-{lab_id}-router"
        self.directory = directory
        self.recorder = recorder
        self.read_snapshot = snapshot
        self._lock = threading.RLock()
        self._program = Program()
        self._tables: dict[str, int] = {}
        self._plugged: dict[str, tuple[Socket, Nic]] = {}
        self._cut: set[str] = set()
        self._severed: set[tuple[str, str]] = set()
        self._machines: dict[str, Socket] = {}
        self._applied: VpcSnapshot | None = None
        self._gateway: Gateway | None = None
        self._tracked: dict[str, float] = {}
        self._guarded: dict[str, tuple[InboundSnap, ...]] = {}
        self._balancers = Balancers(lab_id, self.netns, recorder, measured)

    def start(self) -> None:
        """Make the router's namespace. Machines can be plugged in from now on."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.recorder.record("netns", self.netns)
        netns.command(["ip", "netns", "add", self.netns])
        netns.set_sysctls(self.netns, _SYSCTLS)
        own = (METADATA_ADDRESS, ENDPOINT_ADDRESS)
        netns.ip(self.netns, ["link set lo up", *(f"address add {address}/32 dev lo" for address in own)])
        netns.nft(self.netns, firewall.BASE)

    def socket(
        self, name: str, instance_id: str, *, use_dhcp: bool = False, services: Services | None = None
    ) -> Socket:
        """The place where a machine is plugged in; a node's :class:`~lab.nodes.base.Attachment`."""
        if len(name) > MAX_NODE_NAME:
            raise ValueError(f"the machine's name is {name!r}: use at most {MAX_NODE_NAME} characters")
        with self._lock:
            self._machines[name] = Socket(self, name, instance_id, use_dhcp, services)
            return self._machines[name]

    def converge(self, snapshot: VpcSnapshot) -> None:
        """Make the kernel follow ``snapshot``. Changes only what differs; a route is replaced in one step."""
        with self._lock:
            self._applied = snapshot
            self._tables = table_numbers(snapshot, self._tables)
            owners = {interface.network_interface_id: interface.instance_id for interface in snapshot.interfaces}
            # A wire is dead once its interface was detached, or belongs to another machine.
            ports = {
                key: nic.port for key, (socket, nic) in self._plugged.items() if owners.get(key) == socket.instance_id
            }
            for port in self._balancers.plug(snapshot):
                self._program = self._program.without(port)
            ports.update(self._balancers.ports)
            if self._gateway:
                self._gateway.converge(snapshot)
            connections = self._gateway.connections if self._gateway else frozenset()
            wanted = program(snapshot, ports, self._tables, gateway=self._gateway is not None, connections=connections)
            for family, lines in batches(self._program, wanted).items():
                netns.ip(self.netns, lines, family)
            if (wanted.checked, wanted.owned) != (self._program.checked, self._program.owned):
                netns.nft(self.netns, firewall.check_script(wanted))
            self._program = wanted
            self._track(snapshot, ports)
            self._guard(snapshot, ports)
            self._balancers.configure(snapshot)

    def _track(self, snapshot: VpcSnapshot, ports: Mapping[str, str]) -> None:
        """Forget idle connections to interfaces of which that was asked: all after the shortest time of any."""
        wanted = {
            ports[i.network_interface_id]: i.tcp_established_timeout * snapshot.balancer_second
            for i in snapshot.interfaces
            if i.tcp_established_timeout and i.network_interface_id in ports
        }
        if wanted == self._tracked:
            return
        netns.nft(self.netns, firewall.tracking_script(wanted))
        if wanted:
            seconds = max(1, round(min(wanted.values())))
            own = {"nf_conntrack_tcp_loose": "0", "nf_conntrack_tcp_timeout_established": str(seconds)}
            netns.set_sysctls(self.netns, {f"netfilter/{key}": value for key, value in own.items()})
        self._tracked = wanted

    def _guard(self, snapshot: VpcSnapshot, ports: Mapping[str, str]) -> None:
        """Let in what security groups allow, where the lab enforces them."""
        wanted = {
            ports[i.network_interface_id]: i.inbound
            for i in snapshot.interfaces
            if i.inbound is not None and i.network_interface_id in ports
        }
        if wanted != self._guarded:
            netns.nft(self.netns, firewall.groups_script(wanted))
            self._guarded = wanted

    def outside(self, name: str, address: str, attachment_id: str) -> str:
        """A host with this address behind an attachment of the VPC's transit gateway, a peering connection or a
        virtual private gateway; its namespace.
        """
        with self._lock:
            if self._gateway is None:
                self._gateway = Gateway(self.lab_id, self.netns, self.recorder)
            namespace = self._gateway.host(name, address, attachment_id)
            self.converge(self.read_snapshot())
            return namespace

    def partition(self, one: str, other: str) -> None:
        """Let no packet through between two machines; both still reach everything else."""
        with self._lock:
            pairs = {(a.port, b.port) for a in self._machines[one].nics for b in self._machines[other].nics}
            self._severed |= pairs
            netns.nft(self.netns, firewall.severed_script(self._severed))

    def heal(self) -> None:
        """End all partitions."""
        with self._lock:
            self._severed.clear()
            netns.nft(self.netns, firewall.severed_script(()))

    def instance_of(self, address: str) -> str | None:
        """The instance that owns a private address; this is how the metadata service knows who asks."""
        for interface in self.read_snapshot().interfaces:
            if str(ip_address(address)) in addresses(interface):
                return interface.instance_id
        return None

    # What a socket does, under the router's lock.

    def _plug(self, socket: Socket) -> tuple[Nic, ...]:
        with self._lock:
            self._unplug(socket)
            nics = socket.nics
            if not nics:
                raise netns.FabricError(f"{socket.name}: instance {socket.instance_id} has no network interface")
            self.recorder.record("netns", socket.netns)
            netns.command(["ip", "netns", "add", socket.netns])
            for nic in nics:
                netns.ip(self.netns, _wire(nic, socket.netns))
                self._plugged[nic.network_interface_id] = (socket, nic)
            self._set_cut(self._cut - {nic.port for nic in nics})
            self.converge(self._applied or self.read_snapshot())
            return nics

    def _unplug(self, socket: Socket) -> None:
        with self._lock:
            gone = self._plugged_of(socket)
            for nic in gone:
                netns.ip(self.netns, [f"link delete {nic.port}"])
                self._program = self._program.without(nic.port)
                del self._plugged[nic.network_interface_id]
            if netns.path(socket.netns).exists():
                netns.command(["ip", "netns", "delete", socket.netns])
            if gone and self._applied:
                self.converge(self._applied)

    def _cut_off(self, socket: Socket) -> None:
        with self._lock:
            self._set_cut(self._cut | {nic.port for nic in self._plugged_of(socket)})

    def _set_cut(self, ports: set[str]) -> None:
        if ports != self._cut:
            netns.nft(self.netns, firewall.cut_script(ports))
            self._cut = ports

    def _plugged_of(self, socket: Socket) -> list[Nic]:
        return [nic for owner, nic in self._plugged.values() if owner.name == socket.name]


class Socket:
    """One machine's place at the router: see :class:`lab.nodes.base.Attachment`. Made by :meth:`Router.socket`."""

    def __init__(self, router: Router, name: str, instance_id: str, use_dhcp: bool, services: Services | None) -> None:
        self.router = router
        self.name = name
        self.instance_id = instance_id
        self.netns = f"overlay-{router.lab_id}-{name}"
        self._use_dhcp = use_dhcp
        self._services = services
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def nics(self) -> tuple[Nic, ...]:
        """The interfaces as the VPC has them now, device index 0 first."""
        snapshot = self.router.read_snapshot()
        cidrs = {subnet.subnet_id: ip_network(subnet.cidr) for subnet in snapshot.subnets}
        cidrs6 = {subnet.subnet_id: subnet.ipv6_cidr for subnet in snapshot.subnets}
        mine = {i.device_index or 0: i for i in snapshot.interfaces if i.instance_id == self.instance_id}
        return tuple(
            Nic(
                network_interface_id=interface.network_interface_id,
                device=f"eth{index}",
                port=f"{self.name}.{index}",
                mac=interface.mac,
                addresses=tuple(
                    f"{address}/{cidrs[interface.subnet_id].prefixlen if ip_address(address).version == 4 else 128}"
                    for address in addresses(interface)
                ),
                gateway4=str(cidrs[interface.subnet_id][1]),
                gateway6=GATEWAY6,
                network6=cidrs6[interface.subnet_id],
            )
            for index, interface in sorted(mine.items())
        )

    def plug(self) -> tuple[Nic, ...]:
        """A fresh namespace with fresh links, and the lab's own services of this machine."""
        self._stop_services()
        nics = self.router._plug(self)
        environment = {**os.environ, MARKER: self.router.lab_id}
        if self._use_dhcp:
            for nic in nics:
                self._running.append(dhcp.serve(self.router.netns, nic, self.router.directory, environment))
        if self._services:
            self._running.extend(self._services(self.netns))
        return nics

    def unplug(self) -> None:
        """Remove the links and the namespace, and end what served them."""
        self._stop_services()
        self.router._unplug(self)

    def cut(self) -> None:
        """Drop everything from and to this machine in the router, at once."""
        self.router._cut_off(self)

    def _stop_services(self) -> None:
        for process in self._running:
            process.kill()  # they keep nothing
            process.wait()
        self._running.clear()


def _wire(nic: Nic, machine: str) -> list[str]:
    """The ``ip`` commands, run in the router, that lay one wire.

    The router's end has the subnet's gateway address but no connected route: who can be reached is the program's
    business. Neighbours are permanent because the VPC knows where every address lives without asking.
    """
    gateway = f"{nic.gateway4}/{ip_interface(nic.addresses[0]).network.prefixlen}"
    # DHCPv6 and router advertisements are only for networks that the server itself is in.
    in_network6 = (
        [f"address add {ip_network(nic.network6)[1]}/64 dev {nic.port} nodad noprefixroute"] if nic.network6 else []
    )
    neighbours = [*(str(ip_interface(address).ip) for address in nic.addresses), MACHINE6]
    return [
        f"link add {nic.port} type veth peer name {nic.device} address {nic.mac} netns {machine}",
        f"link set {nic.port} addrgenmode none",
        f"link set {nic.port} up",
        netns.answer_at_once(nic.port),
        f"address add {gateway} dev {nic.port} noprefixroute",
        f"address add {nic.gateway6}/64 dev {nic.port} nodad",
        f"address add {ROUTER6} dev {nic.port} nodad",
        *in_network6,
        *(f"neigh replace {address} lladdr {nic.mac} dev {nic.port} nud permanent" for address in neighbours),
    ]
