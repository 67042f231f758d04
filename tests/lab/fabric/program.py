# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the router's kernel must hold for a VPC to work: a pure function of the snapshot and of what is plugged in.

AWS's rules, as routes (sources: VPC user guide, "Route tables" and "How VPC route tables work"):

* every subnet has a routing table of its own, chosen by the port a packet comes in by;
* the local route reaches every plugged interface of the VPC, and nothing else of the VPC's addresses;
* a route to a network interface sends the packet there whatever its destination is, and is a black hole while
  the interface is not plugged in;
* a subnet's packets enter a transit gateway only where its attachment has a subnet in the same zone; what comes out of
  it is routed by the table of an attachment subnet (transit gateway guide, "VPC attachments");
* a route to a peering connection or a virtual private gateway leads there from every zone;
* where no route matches, and for gateways that the lab does not have, the packet is dropped without an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from lab.endpoint.snapshot import InterfaceSnap, RouteSnap, Subnet, VpcSnapshot

#: The kernel's own table, used by the router's own sockets (metadata service, endpoint).
MAIN = 254
#: Above 255: the kernel asks its own tables 253 to 255 for every packet, whatever subnet it comes from.
FIRST_TABLE = 1000
RULE_PREFERENCE = 100

#: The next hop for IPv6, on every port; a permanent neighbour entry gives it the machine's MAC address.
MACHINE6 = "fe80::ec2"

#: Interfaces without an IPv6 address get one of this prefix and their IPv4 address, so that IPv6 overlays have a way
#: to and from every machine even in a VPC without an IPv6 block (RFC 4193).
ULA = "fd00:a115:0:1::"
ULA_BLOCK = "fd00:a115:0:1::/64"

DROP = "blackhole"

#: The router's port to the transit gateway, and the next hop behind it.
GATEWAY_PORT = "tgw"
GATEWAY_HOP = "169.254.100.2"


@dataclass(frozen=True, order=True)
class Route:
    """One kernel route; ``how`` is DROP or the rest of an ``ip route`` command."""

    table: int
    destination: str
    how: str = DROP

    @property
    def family(self) -> int:
        """4 or 6."""
        return ip_network(self.destination).version

    def replace(self) -> str:
        """The line of an ``ip -batch`` file that sets this route, atomically if the destination has one already."""
        if self.how == DROP:
            return f"route replace {DROP} {self.destination} table {self.table}"
        return f"route replace {self.destination} {self.how} table {self.table}"

    def delete(self) -> str:
        """The line that removes whatever this destination has."""
        return f"route delete {self.destination} table {self.table}"

    def uses(self, port: str) -> bool:
        """Whether the route leads out of ``port``."""
        return f" dev {port} " in f" {self.how} "


@dataclass(frozen=True)
class Program:
    """Everything that follows from a snapshot. ``rules`` are (port, table); ``proxies`` are (port, address)."""

    routes: frozenset[Route] = frozenset()
    rules: frozenset[tuple[str, int]] = frozenset()
    proxies: frozenset[tuple[str, str]] = frozenset()
    checked: frozenset[str] = frozenset()
    owned: frozenset[tuple[str, str]] = frozenset()

    def without(self, port: str) -> Program:
        """What is left in the kernel when ``port`` has vanished: rules and nftables sets go by name and stay."""
        return Program(
            frozenset(route for route in self.routes if not route.uses(port)),
            self.rules,
            frozenset(proxy for proxy in self.proxies if proxy[0] != port),
            self.checked,
            self.owned,
        )


def addresses(interface: InterfaceSnap) -> tuple[str, ...]:
    """All addresses of an interface, the fabric's own IPv6 one included if the VPC gives none."""
    if any(ip_address(address).version == 6 for address in interface.private_ips):
        return interface.private_ips
    return (*interface.private_ips, str(ip_address(int(ip_address(ULA)) + int(ip_address(interface.private_ips[0])))))


def table_numbers(snapshot: VpcSnapshot, known: Mapping[str, int]) -> dict[str, int]:
    """A kernel table for every subnet; a subnet keeps the number that it has in ``known``."""
    numbers = dict(known)
    for subnet in snapshot.subnets:
        numbers.setdefault(subnet.subnet_id, FIRST_TABLE + len(numbers))
    return numbers


def program(
    snapshot: VpcSnapshot,
    ports: Mapping[str, str],
    numbers: Mapping[str, int],
    *,
    gateway: bool = False,
    connections: frozenset[str] = frozenset(),
) -> Program:
    """The kernel state for ``snapshot``.

    Args:
        snapshot: the VPC.
        ports: the router's port of each plugged network interface, by its id.
        numbers: the kernel table of each subnet, by its id.
        gateway: whether the transit gateway is plugged in.
        connections: the peering connections and virtual private gateways that are plugged in.
    """
    plugged = [interface for interface in snapshot.interfaces if interface.network_interface_id in ports]
    tables = {table.route_table_id: table.routes for table in snapshot.tables}
    local = list(_local(snapshot, plugged, ports))
    routes = {Route(MAIN, destination, how) for destination, how in local}
    for subnet in snapshot.subnets:
        number = numbers[subnet.subnet_id]
        # The order decides where two routes share a destination: the local route wins, as in a VPC.
        chosen = {"0.0.0.0/0": DROP, "::/0": DROP}
        out = connections | (_enters(snapshot, subnet) if gateway else frozenset())
        chosen.update(_custom(tables.get(subnet.route_table_id, ()), plugged, ports, out))
        chosen.update(local)
        routes |= {Route(number, destination, how) for destination, how in chosen.items()}
    return Program(
        routes=frozenset(routes),
        rules=frozenset(
            {(ports[i.network_interface_id], numbers[i.subnet_id]) for i in plugged}
            | {(GATEWAY_PORT, numbers[entry]) for entry in (_entry(snapshot) if gateway else [])}
        ),
        proxies=frozenset(_proxies(plugged, ports)),
        checked=frozenset(ports[i.network_interface_id] for i in plugged if i.source_dest_check),
        owned=frozenset((ports[i.network_interface_id], address) for i in plugged for address in addresses(i)),
    )


def _local(
    snapshot: VpcSnapshot, plugged: Iterable[InterfaceSnap], ports: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    blocks = [*snapshot.cidrs, *(subnet.ipv6_cidr for subnet in snapshot.subnets if subnet.ipv6_cidr), ULA_BLOCK]
    yield from ((block, DROP) for block in blocks)
    for interface in plugged:
        for address in addresses(interface):
            yield _host(address), f"dev {ports[interface.network_interface_id]}"


def _enters(snapshot: VpcSnapshot, subnet: Subnet) -> frozenset[str]:
    """The transit gateway that this subnet's packets can enter."""
    transit = snapshot.transit
    zones = {s.zone for s in snapshot.subnets if transit and s.subnet_id in transit.entries}
    return frozenset({transit.gateway_id} if transit and subnet.zone in zones else ())


def _entry(snapshot: VpcSnapshot) -> list[str]:
    """The attachment subnet by which packets come in: one and the same for all of them."""
    return sorted(snapshot.transit.entries)[:1] if snapshot.transit else []


def _custom(
    routes: Iterable[RouteSnap], plugged: Iterable[InterfaceSnap], ports: Mapping[str, str], gateways: frozenset[str]
) -> Iterator[tuple[str, str]]:
    targets = {interface.network_interface_id: interface for interface in plugged}
    for route in routes:
        if route.target == "local" or not _is_network(route.destination):
            continue
        if route.target in gateways and ip_network(route.destination).version == 4:
            yield route.destination, f"via {GATEWAY_HOP} dev {GATEWAY_PORT} onlink"
            continue
        interface = targets.get(route.network_interface_id or "")
        if interface is None:
            yield route.destination, DROP
            continue
        via = MACHINE6 if ip_network(route.destination).version == 6 else interface.private_ips[0]
        yield route.destination, f"via {via} dev {ports[interface.network_interface_id]} onlink"


def _proxies(plugged: Iterable[InterfaceSnap], ports: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The router answers ARP for the other machines of a subnet, as the VPC does: no two machines share a wire."""
    machines = list(plugged)
    for asker in machines:
        for other in machines:
            if asker is not other and asker.subnet_id == other.subnet_id:
                yield from (
                    (ports[asker.network_interface_id], address)
                    for address in other.private_ips
                    if ip_address(address).version == 4
                )


def _host(address: str) -> str:
    return str(ip_network(address))


def _is_network(destination: str) -> bool:
    """Whether the destination is a CIDR block and not a prefix list."""
    return "/" in destination


def batches(old: Program, new: Program) -> dict[int, list[str]]:
    """The ``ip -batch`` lines per address family that lead from one program to the other, replacements first.

    A destination that stays in a table is replaced, never deleted and added: no packet sees a hole in between.
    """
    lines: dict[int, list[str]] = {4: [], 6: []}
    for route in sorted(new.routes - old.routes):
        lines[route.family].append(route.replace())
    kept = {(route.table, route.destination) for route in new.routes}
    for route in sorted(old.routes - new.routes):
        if (route.table, route.destination) not in kept:
            lines[route.family].append(route.delete())
    for family in lines:
        lines[family] += [_rule("add", *rule) for rule in sorted(new.rules - old.rules)]
        lines[family] += [_rule("delete", *rule) for rule in sorted(old.rules - new.rules)]
    lines[4] += [f"neigh replace proxy {address} dev {port}" for port, address in sorted(new.proxies - old.proxies)]
    lines[4] += [f"neigh delete proxy {address} dev {port}" for port, address in sorted(old.proxies - new.proxies)]
    return lines


def _rule(verb: str, port: str, table: int) -> str:
    return f"rule {verb} pref {RULE_PREFERENCE} iif {port} lookup {table}"
