# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical mistakes, with packets: the path names each of them, and nothing else, before and after a failover.

And a connection is tried and watched all the way: it dies on the very side, and in the very direction, that the path
says; where the path says that it works, it does. One lab serves all cases.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import look, path
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.ec2 import TransitGateways
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.owners import Owners
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab import outside
from lab.fabric import netns
from lab.handle import LabHandle
from lab.outside import CLIENTS, ON_PREMISES, Outside
from lab.probe import HTTP_PORT

pytestmark = pytest.mark.lab

OVERLAY, NODES = "192.168.10.15", ("node1", "node2")
HOSTS = {"on-premises": "172.20.1.5", "another VPC": "10.20.1.5"}
NETWORKS = {"on-premises": ON_PREMISES, "another VPC": CLIENTS}
_ALL = 0x0003  # ETH_P_ALL
_ports = itertools.count(20000)


class Watch:
    """Hears, in one namespace, the packets of one connection to the overlay IP: that from this port."""

    def __init__(self, namespace: str, port: int) -> None:
        self._port = port.to_bytes(2, "big")
        kind = socket.SOCK_DGRAM
        self._socket = netns.inside(namespace, lambda: socket.socket(socket.AF_PACKET, kind, socket.htons(_ALL)))
        self._socket.setblocking(False)

    def heard(self) -> set[str]:
        """``there`` and ``back``, as far as they came by since the last time."""
        overlay = socket.inet_aton(OVERLAY)
        found: set[str] = set()
        while True:
            try:
                packet = self._socket.recv(2048)
            except BlockingIOError:
                return found
            if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                continue
            ports = (packet[0] & 15) * 4
            if packet[16:20] == overlay and packet[ports : ports + 2] == self._port:
                found.add("there")
            if packet[12:16] == overlay and packet[ports + 2 : ports + 4] == self._port:
                found.add("back")

    def close(self) -> None:
        self._socket.close()


def ask(port: int) -> str | None:
    """Who answers at the overlay IP, asked from this port; None if nobody does."""
    connection = HTTPConnection(OVERLAY, HTTP_PORT, timeout=0.6, source_address=("", port))
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip()
    except OSError:
        return None
    finally:
        connection.close()


@dataclass
class Bed:
    """A lab in which both hosts outside reach the overlay IP, whoever holds it."""

    lab: LabHandle
    outside: Outside
    hosts: Mapping[str, str]
    group: str
    more: tuple[str, ...] = ()  # tables that a mistake has made

    @property
    def ec2(self) -> Any:
        return self.lab.owner_ec2

    def paths(self, source: str) -> dict[str, dict[str, Any]]:
        """What the path says, by holder."""
        world = self.lab.world
        key, secret = world.admin.access_key, world.admin.secret_key
        aws = Aws(AwsOptions(region=world.region, endpoint_url=world.endpoint_url, access_key=key, secret_key=secret))
        nodes = tuple(node.instance_id for node in world.nodes)
        request = look.Request(f"{HOSTS[source]}/32", f"{OVERLAY}/32", nodes, port=HTTP_PORT)
        found = path.paths(look.scene(Ec2(aws), Owners(TransitGateways(aws)), request))
        return {one["holder"]: one for one in found}

    def dies(self, source: str, holder: str) -> tuple[str, str] | None:
        """Try a connection: in which direction and on whose side its packets were lost; None where it is answered."""
        lab_id, node = self.lab.lab.lab_id, self.lab.lab.machine(holder).netns
        places = {"host": self.hosts[source], "gateway": f"overlay-{lab_id}-tgw", "vpc": f"overlay-{lab_id}-router"}
        port = next(_ports)
        watches = {name: Watch(place, port) for name, place in {**places, "node": node}.items()}
        try:
            answered = netns.inside(self.hosts[source], lambda: ask(port))
            time.sleep(0.05)
            heard = {name: watch.heard() for name, watch in watches.items()}
        finally:
            for watch in watches.values():
                watch.close()
        if answered:
            assert answered == holder
            return None
        for place, side in (("gateway", "clients' side"), ("vpc", "transit gateway"), ("node", "nodes' VPC")):
            if "there" not in heard[place]:
                return "there", side
        assert "back" in heard["node"], heard  # it has answered
        return ("back", "nodes' VPC") if "back" not in heard["gateway"] else ("back", "transit gateway")

    def move(self, holder: str) -> None:
        """As a failover does: in every table."""
        interface = self.lab.world.machine(holder).network_interface_ids[0]
        for table in self.more:
            where = {"RouteTableId": table, "DestinationCidrBlock": f"{OVERLAY}/32"}
            self.ec2.replace_route(**where, NetworkInterfaceId=interface)
        self.lab.move(holder)

    def tables(self, network: str, **target: str) -> None:
        """Send a network elsewhere, in all route tables of the nodes."""
        for table in self.lab.world.route_table_ids:
            self.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=network, **target)

    def let_in(self, network: str, *, there: bool) -> None:
        """Let a network in at the service's port of both nodes, or not."""
        call = self.ec2.authorize_security_group_ingress if there else self.ec2.revoke_security_group_ingress
        ranges = [{"CidrIp": network}]
        rule = {"IpProtocol": "tcp", "FromPort": HTTP_PORT, "ToPort": HTTP_PORT, "IpRanges": ranges}
        call(GroupId=self.group, IpPermissions=[rule])


@pytest.fixture(scope="module")
def bed(session_lab: LabHandle) -> Iterator[Bed]:
    lab = session_lab
    lab.reset()
    ec2 = lab.owner_ec2
    for node in NODES:
        lab.exec(node, "ip", "address", "replace", f"{OVERLAY}/32", "dev", "eth0")
        lab.set_source_dest_check(node, False)
    lab.move("node1")
    made = outside.build(ec2, lab.world, lab.control)
    for table in lab.world.route_table_ids:
        for network in NETWORKS.values():
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, TransitGatewayId=made.gateway)
    for table in made.tables:
        ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=table,
            DestinationCidrBlock=f"{OVERLAY}/32",
            TransitGatewayAttachmentId=made.nodes,
        )
    ec2.create_route(
        RouteTableId=made.clients_table, DestinationCidrBlock=f"{OVERLAY}/32", TransitGatewayId=made.gateway
    )
    hosts = {
        "on-premises": lab.outside("onprem", HOSTS["on-premises"], made.vpn),
        "another VPC": lab.outside("othervpc", HOSTS["another VPC"], made.clients),
    }
    interface = lab.world.nodes[0].network_interface_ids[0]
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    built = Bed(lab, made, hosts, found["Groups"][0]["GroupId"])
    lab.control.settings(security_groups=True)
    networks = ("10.0.0.0/16", *NETWORKS.values())
    for network in networks:
        built.let_in(network, there=True)
    lab.settle()
    yield built
    lab.control.settings(security_groups=False)
    for network in networks:
        built.let_in(network, there=False)
    lab.delete_routes()
    outside.remove(ec2)
    lab.settle()
    assert not lab.control.problems()


# --- the mistakes, each undone when it goes on -----------------------------------------------------------------------


def nothing(_bed: Bed, _source: str) -> Iterator[None]:
    yield


def no_static_route(bed: Bed, _source: str) -> Iterator[None]:
    for table in bed.outside.tables:
        where = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": f"{OVERLAY}/32"}
        bed.ec2.delete_transit_gateway_route(**where)
    yield
    for table in bed.outside.tables:
        where = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": f"{OVERLAY}/32"}
        bed.ec2.create_transit_gateway_route(**where, TransitGatewayAttachmentId=bed.outside.nodes)


def no_subnet_in_the_standbys_zone(bed: Bed, _source: str) -> Iterator[None]:
    attachment: dict[str, Any] = {"TransitGatewayAttachmentId": bed.outside.nodes}
    subnet = [bed.lab.world.nodes[1].subnet_id]
    bed.ec2.modify_transit_gateway_vpc_attachment(**attachment, RemoveSubnetIds=subnet)
    yield
    bed.ec2.modify_transit_gateway_vpc_attachment(**attachment, AddSubnetIds=subnet)


def no_way_back_of_the_standby(bed: Bed, source: str) -> Iterator[None]:
    """The standby's subnet has a table of its own, with the overlay IP, and without the way back to the source."""
    ec2, standby = bed.ec2, bed.lab.world.nodes[1]
    table = ec2.create_route_table(VpcId=bed.lab.world.vpc_id)["RouteTable"]["RouteTableId"]
    interface = bed.lab.world.nodes[0].network_interface_ids[0]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=f"{OVERLAY}/32", NetworkInterfaceId=interface)
    for name, network in NETWORKS.items():
        if name != source:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, TransitGatewayId=bed.outside.gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=standby.subnet_id)["AssociationId"]
    bed.more = (table,)
    yield
    bed.more = ()
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)


def security_group(bed: Bed, source: str) -> Iterator[None]:
    bed.let_in(NETWORKS[source], there=False)
    yield
    bed.let_in(NETWORKS[source], there=True)


def a_virtual_private_gateway_in_its_place(bed: Bed, source: str) -> Iterator[None]:
    gateway = bed.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    bed.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=bed.lab.world.vpc_id)
    bed.tables(NETWORKS[source], GatewayId=gateway)
    yield
    bed.tables(NETWORKS[source], TransitGatewayId=bed.outside.gateway)
    bed.ec2.detach_vpn_gateway(VpnGatewayId=gateway, VpcId=bed.lab.world.vpc_id)


def not_among_the_allowed_prefixes(bed: Bed, source: str) -> Iterator[None]:
    """Beyond Direct Connect, nobody hears of the overlay IP: the routers there know the VPC's CIDR alone."""
    door = "via 169.254.101.1 dev eth0 onlink"
    netns.ip(bed.hosts[source], [f"route add 10.0.0.0/16 {door}", "route delete default"])
    yield
    netns.ip(bed.hosts[source], [f"route add default {door}", "route delete 10.0.0.0/16"])


Plant = Callable[[Bed, str], Iterator[None]]


@contextmanager
def planted(bed: Bed, plant: Plant, source: str) -> Iterator[None]:
    """For as long as this lasts; afterwards node1 holds the overlay IP."""
    mistake = plant(bed, source)
    next(mistake)
    bed.lab.settle()
    try:
        yield
    finally:
        bed.move("node1")
        next(mistake, None)
        bed.lab.settle()


ON, OFF = "on-premises", "another VPC"
STANDBY, BOTH = ("node2",), NODES
further = pytest.mark.long


@pytest.mark.parametrize(
    ("plant", "source", "found", "holders"),
    [
        (nothing, ON, "", ()),
        pytest.param(nothing, OFF, "", (), marks=further),
        (no_static_route, ON, "no_static_route", BOTH),
        pytest.param(no_static_route, OFF, "no_static_route", BOTH, marks=further),
        (no_subnet_in_the_standbys_zone, ON, "no_attachment_subnet", STANDBY),
        pytest.param(no_subnet_in_the_standbys_zone, OFF, "no_attachment_subnet", STANDBY, marks=further),
        pytest.param(no_way_back_of_the_standby, ON, "no_return_route", STANDBY, marks=further),
        (no_way_back_of_the_standby, OFF, "no_return_route", STANDBY),
        (security_group, ON, "security_group", BOTH),
        pytest.param(security_group, OFF, "security_group", BOTH, marks=further),
        (a_virtual_private_gateway_in_its_place, ON, "virtual_private_gateway", BOTH),
        pytest.param(a_virtual_private_gateway_in_its_place, OFF, "virtual_private_gateway", BOTH, marks=further),
    ],
)
def test_each_mistake_is_named_and_packets_die_where_it_is(
    bed: Bed, plant: Plant, source: str, found: str, holders: tuple[str, ...]
) -> None:
    with planted(bed, plant, source):
        for holder in NODES:  # before the failover, and after it
            bed.move(holder)
            told = bed.paths(source)
            wrong = {n: [f["id"] for f in one["findings"] if f["severity"] == "error"] for n, one in told.items()}
            assert wrong == {name: [found] if name in holders else [] for name in NODES}
            first = next((hop for hop in told[holder]["hops"] if hop["passes"] is False), None)
            assert bed.dies(source, holder) == (first and (first["direction"], first["side"]))
            assert bed.lab.who() == holder  # inside of the VPC, nobody notices


def test_what_cannot_be_seen_is_said_and_packets_die_there(bed: Bed) -> None:
    """The allowed prefixes of Direct Connect lie beyond the API: no error is seen, and the only doubt is right."""
    with planted(bed, not_among_the_allowed_prefixes, ON):
        for holder in NODES:
            bed.move(holder)
            told = bed.paths(ON)[holder]
            [doubt] = [hop for hop in told["hops"] if hop["passes"] is not True]
            assert (doubt["passes"], doubt["rule"]) == (None, "cannot be seen from here")
            assert "allowed prefixes" in told["findings"][0]["remedy"]
            assert bed.dies(ON, holder) == (doubt["direction"], doubt["side"])
    assert bed.dies(ON, "node1") is None
