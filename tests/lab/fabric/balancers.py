# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancers of the VPC: each a namespace with a wire per subnet, and a TCP proxy in it (balancer_program.py).

Its interfaces are the VPC's: what leaves them is routed by their subnets' tables, so that a target outside the VPC's
addresses is found by the overlay route or not at all. Its times are AWS's, multiplied by the setting
``balancer_second``: with 0.01, an idle hour takes 36 seconds, and the lab says so in its log.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from lab.endpoint.snapshot import BalancerSnap, InterfaceSnap, VpcSnapshot
from lab.fabric import netns
from lab.nodes.base import MARKER, Recorder

log = logging.getLogger(__name__)
PROGRAM = Path(__file__).with_name("balancer_program.py")
#: Told of each change of a target's health: group, address, port, healthy.
Measured = Callable[[str, str, int, bool], None]


@dataclass
class _Running:
    """One load balancer: its namespace, its process, its ports at the router by interface, what it was told last."""

    netns: str
    process: subprocess.Popen[str]
    ports: dict[str, str] = field(default_factory=dict)
    told: str = ""


class Balancers:
    """Every method is called under the router's lock."""

    def __init__(self, lab_id: str, router: str, recorder: Recorder, measured: Measured) -> None:
        self._lab_id, self._router, self._recorder, self._measured = lab_id, router, recorder, measured
        self._running: dict[str, _Running] = {}
        self._made = 0

    @property
    def ports(self) -> dict[str, str]:
        """The router's port of each interface."""
        return {interface: port for one in self._running.values() for interface, port in one.ports.items()}

    def plug(self, snapshot: VpcSnapshot) -> list[str]:
        """Make and remove what the snapshot says; returns the ports that are gone."""
        wanted = {one.arn: one for one in snapshot.balancers}
        gone = [port for arn in set(self._running) - set(wanted) for port in self._remove(self._running.pop(arn))]
        for arn, snap in wanted.items():
            if arn not in self._running:
                self._running[arn] = self._start(snap, snapshot.balancer_second)
            gone += self._wire(self._running[arn], snap, snapshot)
        return gone

    def configure(self, snapshot: VpcSnapshot) -> None:
        """Tell each what it listens to, once its wires are in the router's tables."""
        addresses = {one.network_interface_id: one.private_ips[0] for one in snapshot.interfaces}
        for snap in snapshot.balancers:
            running = self._running[snap.arn]
            told = json.dumps([
                _described(snap, number, addresses[interface], snapshot.balancer_second)
                for interface in snap.network_interface_ids
                for number in range(len(snap.listeners))
            ])  # fmt: skip
            if told != running.told and running.process.stdin:
                running.process.stdin.write(told + "\n")
                running.process.stdin.flush()
                running.told = told

    def stop(self) -> None:
        """End all."""
        for running in self._running.values():
            running.process.kill()

    def _start(self, snap: BalancerSnap, second: float) -> _Running:
        self._made += 1
        namespace = f"overlay-{self._lab_id}-nlb{self._made}"
        self._recorder.record("netns", namespace)
        netns.command(["ip", "netns", "add", namespace])
        netns.ip(namespace, ["link set lo up"])
        process = subprocess.Popen(
            netns.entered(namespace, [sys.executable, "-I", "-S", str(PROGRAM)]),
            env={**os.environ, MARKER: self._lab_id},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(process,), name=namespace, daemon=True).start()
        name = snap.arn.split("/")[-2]
        log.info("load balancer %s: network namespace %s, a second of its clocks takes %s s", name, namespace, second)
        return _Running(namespace, process)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            told: Mapping[str, Any] = json.loads(line)
            self._measured(told["group"], told["address"], told["port"], told["healthy"])

    def _wire(self, running: _Running, snap: BalancerSnap, snapshot: VpcSnapshot) -> list[str]:
        interfaces = {one.network_interface_id: one for one in snapshot.interfaces}
        cidrs = {one.subnet_id: one.cidr for one in snapshot.subnets}
        gone = [running.ports.pop(i) for i in set(running.ports) - set(snap.network_interface_ids)]
        netns.ip(self._router, [f"link delete {port}" for port in gone])
        for interface_id in snap.network_interface_ids:
            if interface_id not in running.ports:
                number = int(running.netns.rpartition("nlb")[2])
                port = next(p for p in (f"nlb{number}.{n}" for n in range(100)) if p not in running.ports.values())
                running.ports[interface_id] = port
                interface = interfaces[interface_id]
                self._lay(running.netns, port, interface, cidrs[interface.subnet_id])
        return gone

    def _lay(self, namespace: str, port: str, interface: InterfaceSnap, cidr: str) -> None:
        """A wire, and inside, a routing table of its own: answers leave by the interface that has the address."""
        network, address = ip_network(cidr), interface.private_ips[0]
        gateway, device = str(network[1]), f"eth{port.partition('.')[2]}"
        table = 100 + int(device[3:])
        netns.ip(
            self._router,
            [
                f"link add {port} type veth peer name {device} address {interface.mac} netns {namespace}",
                f"link set {port} addrgenmode none",
                f"link set {port} up",
                netns.answer_at_once(port),
                f"address add {gateway}/{network.prefixlen} dev {port} noprefixroute",
                f"neigh replace {address} lladdr {interface.mac} dev {port} nud permanent",
            ],
        )
        netns.ip(
            namespace,
            [
                f"address add {address}/32 dev {device}",
                f"link set {device} up",
                f"route replace default via {gateway} dev {device} onlink table {table}",
                f"rule add from {address} lookup {table}",
            ],
        )

    def _remove(self, running: _Running) -> list[str]:
        running.process.kill()
        running.process.wait()
        ports = list(running.ports.values())
        netns.ip(self._router, [f"link delete {port}" for port in ports])
        netns.command(["ip", "netns", "delete", running.netns])
        return ports


def _described(snap: BalancerSnap, number: int, address: str, second: float) -> dict[str, Any]:
    """A listener of one of the load balancer's addresses, as the program takes it."""
    listener = snap.listeners[number]
    check = listener.check
    return {
        "address": address,
        "port": listener.port,
        "idle": listener.idle_timeout * second,
        "group": listener.group_arn,
        "targets": [list(target) for target in listener.targets],
        "closes": listener.closes,
        "drain": None if listener.drain is None else listener.drain * second,
        "check": {
            "port": check.port,
            "interval": check.interval * second,
            "timeout": check.timeout * second,
            "healthy": check.healthy,
            "unhealthy": check.unhealthy,
        },
    }
