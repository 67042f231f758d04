# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Through a load balancer: what becomes of connections at a switchover, at a failover, and in an idle hour.

Its timers are scaled (`balancer_second`): with 0.1, AWS's 5 seconds between two health checks are half a second here.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer_job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer import Want, WantedListener
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.elb import LoadBalancers
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab.fabric import netns
from lab.handle import LabHandle

pytestmark = pytest.mark.lab

OVERLAY, NAME, PORT, LATER = "192.168.10.15", "sap-ascs", 3600, 3601


@dataclass
class Site:
    """A lab with a service on both nodes that says who it is and repeats what it hears, and a load balancer."""

    lab: LabHandle
    servers: list[socket.socket] = field(default_factory=list)
    held: list[socket.socket] = field(default_factory=list)

    @property
    def nodes(self) -> list[str]:
        """Their instances, whose interfaces are made to remember as long as the load balancer does."""
        return [node.instance_id for node in self.lab.world.nodes]

    def remember(self, seconds: int) -> None:
        """How long the nodes' interfaces remember an idle connection."""
        for node in self.lab.world.nodes:
            self.lab.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=node.network_interface_ids[0],
                ConnectionTrackingSpecification={"TcpEstablishedTimeout": seconds},
            )
        self.lab.settle()

    def serve(self, node: str, port: int) -> None:
        listening = netns.listener(self.lab.lab.machine(node).netns, "0.0.0.0", port)
        listening.listen()
        self.servers.append(listening)
        threading.Thread(target=self._accept, args=(node, listening), daemon=True).start()

    def _accept(self, node: str, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _peer = listening.accept()
                threading.Thread(target=_answer, args=(node, connection), daemon=True).start()

    def balance(self, second: float, *listeners: WantedListener, nodes: Sequence[str] = (), **more: Any) -> None:
        """Make the load balancer (or change it), with this long a second, and wait for its targets' health."""
        self.lab.control.settings(balancer_second=second)
        subnets = tuple(node.subnet_id for node in self.lab.world.nodes)
        chosen = listeners or (WantedListener(PORT, OVERLAY, PORT),)
        self._run(Want(NAME, chosen, subnets, **more), nodes)
        self.lab.settle()
        wait_for(lambda: set(self.health()) - {"draining"} == {"healthy"}, 10, self.health)

    def remove(self) -> None:
        self._run(Want(NAME, state="absent"))

    def _run(self, want: Want, nodes: Sequence[str] = ()) -> None:
        world = self.lab.world
        key, secret = world.admin.access_key, world.admin.secret_key
        aws = Aws(AwsOptions(region=world.region, endpoint_url=world.endpoint_url, access_key=key, secret_key=secret))
        balancer_job.run(LoadBalancers(aws), Ec2(aws), balancer_job.Request(want, tuple(nodes), wait_timeout=10))

    def health(self) -> list[str]:
        elb = self.lab.client("elbv2")
        groups = elb.describe_target_groups()["TargetGroups"]
        return [
            one["TargetHealth"]["State"]
            for group in groups
            for one in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        ]

    def addresses(self) -> list[str]:
        """Those of the load balancer, one in each zone."""
        found = self.lab.ec2.describe_network_interfaces()["NetworkInterfaces"]
        return [i["PrivateIpAddress"] for i in found if i["Description"].startswith("ELB net/")]

    def connect(self, address: str = "", port: int = PORT) -> socket.socket:
        """From the client to the load balancer, or to an address."""
        place = (address or self.addresses()[0], port)
        made = netns.inside(self.lab.lab.machine("client1").netns, lambda: socket.create_connection(place, timeout=5))
        self.held.append(made)
        return made

    def end(self) -> None:
        for one in (*self.servers, *self.held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _answer(node: str, connection: socket.socket) -> None:
    with suppress(OSError):
        while heard := connection.recv(100):
            connection.sendall(f"{node}:".encode() + heard)


def ask(connection: socket.socket, seconds: float = 15.0) -> str:
    """Who answers on this connection, or what becomes of it."""
    connection.settimeout(seconds)
    try:
        connection.sendall(b"x")
        return connection.recv(100).decode().partition(":")[0] or "closed"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "silence"


def listen(connection: socket.socket, seconds: float) -> str:
    """What a client that only waits hears."""
    connection.settimeout(seconds)
    try:
        return connection.recv(100).decode() or "closed"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "silence"


def wait_for(condition: Callable[[], bool], seconds: float, shown: Callable[[], object]) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, shown()
        time.sleep(0.05)


@pytest.fixture
def site(lab: LabHandle, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(balancer_job, "PAUSE", 0.1)
    for node in ("node1", "node2"):
        lab.exec(node, "ip", "address", "replace", f"{OVERLAY}/32", "dev", "eth0")
        lab.set_source_dest_check(node, False)
    lab.move("node1")
    made = Site(lab)
    for node in ("node1", "node2"):
        for port in (PORT, LATER):
            made.serve(node, port)
    yield made
    made.end()
    made.remove()
    made.remember(432_000)
    lab.control.settings(balancer_second=1.0)
    lab.delete_routes()


def test_established_connections_at_a_switchover(site: Site) -> None:
    """The new holder resets them at the next segment, and that passes through; new ones come to it at once."""
    site.balance(0.2)
    zones = [site.connect(address) for address in site.addresses()]
    assert [ask(one) for one in zones] == ["node1", "node1"]
    site.lab.move("node2")
    assert [ask(one) for one in zones] == ["reset", "reset"]
    assert [ask(site.connect(address)) for address in site.addresses()] == ["node2", "node2"]
    assert site.health() == ["healthy"]


def test_who_only_waits_learns_of_a_failover(site: Site) -> None:
    """After interval x threshold (2 x 5 s, here 2 x 0.5 s) and no more than one check later; directly: never."""
    site.balance(0.1)
    by_balancer, direct = site.connect(), site.connect(OVERLAY)
    assert (ask(by_balancer), ask(direct)) == ("node1", "node1")
    begun = time.monotonic()
    site.lab.crash("node1")
    try:
        assert listen(by_balancer, 6) == "reset"
        took = time.monotonic() - begun
        assert 0.4 <= took <= 3.0, took
        assert listen(direct, 1) == "silence"
        assert site.health() == ["unhealthy"]
        site.lab.move("node2")
        assert ask(site.connect()) == "node2"  # fails open: whatever the check says by now
        wait_for(lambda: site.health() == ["healthy"], 10, site.health)
    finally:
        site.lab.boot("node1")


def test_one_unhealthy_target_is_used_all_the_same(site: Site) -> None:
    """The check asks another port, where nobody listens any more; connections live on where that is asked for."""
    site.balance(0.1, WantedListener(PORT, OVERLAY, PORT, health_port=LATER), close_unhealthy=False)
    kept = site.connect()
    assert ask(kept) == "node1"
    for server in site.servers[1:2]:  # node1's LATER
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    wait_for(lambda: site.health() == ["unhealthy"], 10, site.health)
    assert (ask(kept), ask(site.connect())) == ("node1", "node1")


def test_a_target_that_is_registered_no_more_drains(site: Site) -> None:
    """The service gets another port. Who is connected to the old one has the deregistration delay left, 10 s or 1 s."""
    site.balance(0.1, deregistration_delay=10)
    old = site.connect()
    assert ask(old) == "node1"
    later = WantedListener(PORT, OVERLAY, LATER)
    begun = time.monotonic()
    site.balance(0.1, later, deregistration_delay=10)
    assert ask(old) == "node1"
    assert ask(site.connect()) == "node1"
    assert listen(old, 5) == "reset"
    assert 0.9 <= time.monotonic() - begun <= 4, time.monotonic() - begun


def test_an_idle_hour(site: Site) -> None:
    """3,600 s without a word: forgotten silently after 350 s and then reset, or kept for 3,900 s."""
    second = 0.002
    never: dict[str, Any] = {"interval": 300, "unhealthy": 10, "close_unhealthy": False}
    kept = WantedListener(LATER, OVERLAY, LATER, idle_timeout=3900)
    site.balance(second, WantedListener(PORT, OVERLAY, PORT), kept, nodes=site.nodes, **never)
    short, long = site.connect(port=PORT), site.connect(port=LATER)
    assert (ask(short), ask(long)) == ("node1", "node1")
    assert listen(short, 3600 * second) == "silence"  # nobody tells it
    assert (ask(short), ask(long)) == ("reset", "node1")


def test_an_idle_hour_that_the_nodes_interfaces_forget(site: Site) -> None:
    """As those of the newest instances do after 350 s: the load balancer still forwards, into nothing."""
    second = 0.003
    never: dict[str, Any] = {"interval": 300, "unhealthy": 10, "close_unhealthy": False}
    site.remember(350)
    site.balance(second, WantedListener(PORT, OVERLAY, PORT, idle_timeout=3900), **never)
    connection = site.connect()
    assert ask(connection) == "node1"
    assert listen(connection, 1000 * second) == "silence"
    assert ask(connection, 2) == "silence"


def test_keepalives_hold_an_idle_connection(site: Site) -> None:
    """Those of the client alone, once a second, where 600 s are 3."""
    second = 0.005
    never: dict[str, Any] = {"interval": 300, "unhealthy": 10, "close_unhealthy": False}
    site.balance(second, WantedListener(PORT, OVERLAY, PORT, idle_timeout=600), **never)
    silent, alive = site.connect(), site.connect()
    for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1)):
        alive.setsockopt(socket.IPPROTO_TCP, option, value)
    alive.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert (ask(silent), ask(alive)) == ("node1", "node1")
    assert listen(silent, 5) == "silence"
    assert (ask(silent), ask(alive)) == ("reset", "node1")
