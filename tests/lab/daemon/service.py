# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon itself: puts endpoint, metadata service, fabric and machines together, and keeps them going."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lab import scaling
from lab.daemon import inventory
from lab.daemon.control import ControlServer, Handler
from lab.daemon.manifest import Manifest
from lab.daemon.power import Power
from lab.daemon.ssh import end_masters
from lab.daemon.state import Directory, Lab, Machine
from lab.endpoint import Endpoint, VpcSnapshot
from lab.endpoint.imds import ImdsApp
from lab.endpoint.serving import Server, loopback_socket
from lab.fabric import netns
from lab.fabric.follower import Follower
from lab.fabric.router import ENDPOINT_ADDRESS, METADATA_ADDRESS, Router
from lab.nodes.base import MARKER, Node, NodeFactory, NodeSpec
from lab.nodes.full import FullNode, full_nodes_of
from lab.nodes.light import LightNode
from lab.probe import DATAGRAM_PORT, HTTP_PORT, responder
from lab.world import Machine as Instance
from lab.world import World, WorldSpec, build

log = logging.getLogger(__name__)

#: The overlay IP of the inventory, outside the VPC's 10.0.0.0/16.
OVERLAY = "192.168.10.15"
#: Machines that boot or shut down at the same time.
_AT_ONCE = 4


class Service:
    """One lab.

    Args:
        directory: its state directory, with a manifest.
        spec: the VPC to build.
        kind: of the nodes: ``light``, ``full`` or ``full:STACK``; clients are always light.
        region: and with it the partition.
    """

    def __init__(self, directory: Directory, spec: WorldSpec, kind: str, region: str) -> None:
        self.directory = directory
        self.spec = spec
        self.kind = kind
        self.endpoint = Endpoint(region=region)
        self.manifest = Manifest(directory.manifest, directory.lab_id)
        self.router = Router(directory.lab_id, directory.dhcp, self.manifest, self.snapshot, self.endpoint.measured)
        self.world: World
        self.nodes: dict[str, Node] = {}

    def snapshot(self) -> VpcSnapshot:
        """The VPC as it is now."""
        return self.endpoint.snapshot(self.world.vpc_id)

    def run(self) -> None:
        """Bring everything up, and write the lab's description, which says to all others that it is up."""
        self._make_places()
        self.router.start()
        log.info("router: network namespace %s", self.router.netns)
        here = loopback_socket()
        there = netns.listener(self.router.netns, ENDPOINT_ADDRESS, here.getsockname()[1])
        self.endpoint.start([here, there])
        self.world = build(self.endpoint, self.spec)
        log.info("endpoint: %s, VPC %s", self.endpoint.url, self.world.vpc_id)
        self._serve_metadata()
        self._make_machines()
        self._follow()
        _at_once(lambda node: node.boot(), self.nodes.values())
        log.info("machines: %s", ", ".join(self.nodes))
        ControlServer(self.directory.control, self._commands()).start()
        self._write_inventory()
        self._lab().save(self.directory.description)
        log.info("up")

    def _make_places(self) -> None:
        places = self.directory
        for path in (places.key.parent, places.masters, places.dhcp, places.machines):
            path.mkdir(mode=0o700, exist_ok=True)
        self.manifest.record("mount", str(places.machines))
        netns.command(["mount", "-t", "tmpfs", "-o", "mode=700", f"overlay-{places.lab_id}", str(places.machines)])
        netns.command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "overlay-lab", "-f", str(places.key)])

    def _serve_metadata(self) -> None:
        app = ImdsApp(self.endpoint, self.router.instance_of)
        Server(app, [netns.listener(self.router.netns, METADATA_ADDRESS, 80)]).start()

    def _make_machines(self) -> None:
        for instance in self.world.nodes:
            self._make_machine(instance, *node_factory(self.kind))
        for instance in self.world.clients:
            self._make_machine(instance, LightNode, False)

    def _make_machine(self, instance: Instance, factory: NodeFactory, use_dhcp: bool) -> None:
        directory = self.directory.machines / instance.name
        directory.mkdir(mode=0o700, exist_ok=True)
        # Nodes for failover bring an application of their own, which dies, hangs and comes back with them.
        bare = self.kind.partition("-")[0] in ("full:ha", "full:plain") and instance in self.world.nodes
        socket = self.router.socket(
            instance.name,
            instance.instance_id,
            use_dhcp=use_dhcp,
            services=None if bare else lambda namespace: [self._start_responder(instance.name, namespace)],
        )
        key = self.directory.key.with_suffix(".pub").read_text()
        spec = NodeSpec(self.directory.lab_id, instance.name, instance.instance_id, directory, key)
        self.nodes[instance.name] = factory(spec, socket, self.manifest)

    def _start_responder(self, name: str, namespace: str) -> subprocess.Popen[bytes]:
        ports = [str(DATAGRAM_PORT), str(HTTP_PORT)]
        return subprocess.Popen(
            netns.entered(namespace, [sys.executable, "-I", "-S", responder.__file__, name, *ports]),
            env={**os.environ, MARKER: self.directory.lab_id},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _follow(self) -> None:
        self.follower = Follower(
            self.snapshot,
            self.router.converge,
            lambda: self.endpoint.propagation_delay,
            lambda error: log.error("fabric: %s", error),
        )
        self.router.converge(self.snapshot())
        self.endpoint.subscribe(self.follower.notify)
        self.follower.start()
        self.power = Power({instance.instance_id: instance.name for instance in self.world.machines}, self._node)
        self.endpoint.on_power(self.power.event)

    def _commands(self) -> dict[str, Handler]:
        return {
            "crash": lambda machine: self._node(machine).crash(),
            "freeze": lambda machine: self._freeze(machine, True),
            "thaw": lambda machine: self._freeze(machine, False),
            "boot": lambda machine: self._node(machine).boot(),
            "reboot": lambda machine: self._node(machine).reboot(),
            "outside": self.router.outside,
            "partition": self.router.partition,
            "heal": self.router.heal,
            "settle": self._settle,
            "renew": self._renew,
            "replace": self._replace,
            "exec": self._exec,
        }

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            raise KeyError(f"the lab has no machine {name!r}; it has {', '.join(self.nodes)}")
        return self.nodes[name]

    def _freeze(self, name: str, frozen: bool) -> None:
        node = self._node(name)
        if not isinstance(node, FullNode):
            raise TypeError(f"{name} is no full node: only the processes of a full node can be frozen together")
        node.freeze(frozen)

    def _settle(self) -> None:
        """Return when the data path and the machines have caught up with the endpoint."""
        if not self.follower.settle():
            raise TimeoutError("the data path has not caught up with the endpoint")
        self.power.settle()

    def _renew(self) -> None:
        """Give every node a fresh disk and boot it."""
        self.router.heal()
        old = [self.nodes[instance.name] for instance in self.world.nodes]
        _at_once(lambda node: node.power_off(), old)
        end_masters(self.directory)
        self.directory.known_hosts.unlink(missing_ok=True)
        for node, instance in zip(old, self.world.nodes, strict=True):
            node.destroy()
            self._make_machine(instance, *node_factory(self.kind))
        _at_once(lambda node: node.boot(), [self.nodes[instance.name] for instance in self.world.nodes])

    def _replace(self, machine: str) -> None:
        """Let another instance, with an empty disk, have a node's name, as an Auto Scaling group does."""
        self._node(machine)  # or it is told that there is none
        scaling.terminate(self.endpoint, self.world, machine)
        self.power.settle()  # with it the node's disk is gone
        end_masters(self.directory)
        self.directory.known_hosts.unlink(missing_ok=True)
        self.world = scaling.launch_again(self.endpoint, self.world, machine)
        instance = self.world.machine(machine)
        self.power.replace(machine, instance.instance_id)
        self._make_machine(instance, *node_factory(self.kind))
        self.nodes[machine].boot()
        self._write_inventory()
        self._lab().save(self.directory.description)

    def _exec(self, machine: str, argv: Sequence[str], stdin: str = "", seconds: float = 30.0) -> dict[str, object]:
        done = self._node(machine).exec(argv, stdin=stdin, timeout=seconds)
        return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    def _machines(self) -> tuple[Machine, ...]:
        return tuple(
            Machine(
                name=instance.name,
                kind="client" if instance in self.world.clients else self.kind.partition(":")[0],
                instance_id=instance.instance_id,
                address=instance.addresses[0],
                netns=f"overlay-{self.directory.lab_id}-{instance.name}",
            )
            for instance in self.world.machines
        )

    def _node_endpoint_url(self) -> str:
        return f"http://{ENDPOINT_ADDRESS}:{self.endpoint.url.rpartition(':')[2]}"

    def _write_inventory(self) -> None:
        operator = self.world.operator
        keys = {"access_key": operator.access_key, "secret_key": operator.secret_key}
        role = {"assume_role_arn": self.world.routing_role_arn} if self.world.routing_role_arn else {}
        text = inventory.render(
            self.directory,
            self._machines(),
            self.world.region,
            [inventory.Overlay(OVERLAY, self.world.nodes[0].name, self.world.route_table_ids)],
            {"endpoint_url": self.endpoint.url, **keys, **role},
            {"endpoint_url": self._node_endpoint_url()},
        )
        self.directory.inventory.touch(mode=0o600)
        self.directory.inventory.write_text(text)

    def _lab(self) -> Lab:
        return Lab(
            lab_id=self.directory.lab_id,
            pid=os.getpid(),
            kind=self.kind,
            node_endpoint_url=self._node_endpoint_url(),
            router=self.router.netns,
            overlay=OVERLAY,
            machines=self._machines(),
            world=self.world,
        )


def _at_once(action: Callable[[Node], None], nodes: Iterable[Node]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(action, nodes))


def node_factory(kind: str) -> tuple[NodeFactory, bool]:
    """What makes nodes of ``kind``, and whether they take their addresses by DHCP."""
    name, _colon, stack = kind.partition(":")
    if name == "light":
        return LightNode, False
    return full_nodes_of(stack), True
