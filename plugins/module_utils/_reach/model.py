# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides about a packet: subnets with their tables and network ACLs, security groups, attachments.

Pure. Rules: VPC user guide, "Route priority", "Network ACL rules" and "Security group rules"; transit gateway guide,
"VPC attachments".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .._base import net
from .._route.plan import ACTIVE, Route, Table
from .client_vpn import Held
from .plan import TransitRoute

Ports = tuple[int, int]
FIREWALL = "network-function"
"""The kind of an attachment by which a firewall is attached without a VPC: it sends back what it lets through."""
ANY: Ports = (0, 65535)


@dataclass(frozen=True)
class Ephemeral:
    """Where the own ports of a kind of client lie: all of ``ports`` must be let back.

    Those of ``rare`` are taken by some of its kind alone: where they are not let back, these do not get an answer.
    """

    ports: Ports
    rare: Ports | None = None
    rarely: str = ""


CLIENT = Ephemeral((32768, 60999), (49152, 65535), "a Windows client")
"""Linux, or Windows, which cannot be told from an address: ip_local_port_range; Windows since Vista (KB 929851)."""
LINUX = Ephemeral((32768, 60999))
WINDOWS = Ephemeral((49152, 65535))
TRANSLATED = Ephemeral((1024, 65535))
"""A load balancer, a NAT gateway, Client VPN, a function (VPC user guide, "Custom network ACLs", ephemeral ports)."""


@dataclass(frozen=True)
class Entry:
    """One rule of a network ACL or of a security group, for TCP.

    ``peer`` is a prefix, or the id of a security group or prefix list; ``number`` orders the rules of an ACL.
    """

    peer: str
    ports: Ports = ANY
    allow: bool = True
    number: int = 0

    def __str__(self) -> str:
        low, high = self.ports
        what = "all ports" if self.ports == ANY else f"port {low}" if low == high else f"ports {low}-{high}"
        return f"{f'rule {self.number}: ' if self.number else ''}{'allow' if self.allow else 'deny'} {what} {self.peer}"


@dataclass(frozen=True)
class Filter:
    """A network ACL, or the security groups of an interface together: entries of both directions."""

    name: str
    inbound: tuple[Entry, ...] = ()
    outbound: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Net:
    """A subnet with what is in effect in it; ``table`` and ``acl`` are None where they could not be read.

    ``more`` are its IPv6 blocks, ``owner_id`` is the account that may have shared it.
    """

    subnet_id: str
    cidr: str
    zone: str
    table: Table | None = None
    acl: Filter | None = None
    more: tuple[str, ...] = ()
    owner_id: str = ""

    def __str__(self) -> str:
        return f"{self.subnet_id} ({self.zone})"

    def holds(self, address: str) -> bool:
        """Whether an address or network lies in it."""
        blocks = [one for one in (self.cidr, *self.more) if one and net.family(one) == net.family(address)]
        return any(net.within(address, one) for one in blocks)


@dataclass(frozen=True)
class Host:
    """A node, or the source. ``address`` is a prefix; ``groups`` is None where its interface is not known.

    ``ephemeral`` are the ports of a client of its kind.
    """

    name: str
    address: str
    net: Net | None = None
    groups: Filter | None = None
    group_ids: tuple[str, ...] = ()
    network_interface_id: str = ""
    running: bool = True
    source_dest_check: bool = False
    ephemeral: Ephemeral = CLIENT


@dataclass(frozen=True)
class Attached:
    """An attachment. ``table_id`` is the table that routes what comes in by it; ``nets`` are its subnets, of a VPC.

    ``unread``: these could not be read; ``hidden`` are the ids of those that nobody who was asked can see, as in a
    VPC of which other subnets are shared. ``owner_id`` is the account of its gateway. ``untold``: nobody who was asked
    sees by which table it is routed, which the gateway's owner does.
    ``referencing``: security groups of other VPCs may be named in rules (SecurityGroupReferencingSupport).
    """

    attachment_id: str
    gateway_id: str
    kind: str
    resource_id: str
    owner_id: str = ""
    table_id: str | None = None
    untold: bool = False
    nets: tuple[Net, ...] = ()
    hidden: tuple[str, ...] = ()
    unread: bool = False
    appliance: bool = False
    referencing: bool = True

    def __str__(self) -> str:
        return f"{self.attachment_id} ({self.kind} {self.resource_id})"

    def in_zone(self, zone: str) -> Net | None:
        """The subnet by which a zone's packets enter."""
        return next((n for n in self.nets if n.zone == zone), None)

    @property
    def unknown(self) -> str:
        """Which of its subnets were not seen, or nothing."""
        return "its subnets" if self.unread else f"its subnets {', '.join(self.hidden)}" if self.hidden else ""

    @property
    def premises(self) -> bool:
        """Whether it leads to networks that nobody here sees: a VPN, Direct Connect, a peered gateway."""
        return self.kind not in ("vpc", FIREWALL)


@dataclass(frozen=True)
class Onward:
    """What the table of an attachment between does with what comes back by it; ``route`` is None where it has none.

    What is attached there, such as a VPC, may inspect what it gets, and send it on.
    """

    attachment_id: str
    table_id: str
    route: TransitRoute | None

    @property
    def ends(self) -> bool:
        """Whether it leads nowhere, or back to where it came from."""
        return self.route is None or not set(self.route.targets) - {self.attachment_id}

    def leads(self, attachment_id: str, sender: str = "") -> bool | None:
        """Whether it leads to that attachment, and not to the ``sender``; None where it leads to one more between."""
        if self.route is None or self.ends or self.route.targets == (sender,):
            return False
        return True if attachment_id in self.route.targets else None


@dataclass(frozen=True)
class Beside:
    """Another attachment that the answers go to in equal part, and what its table does with the overlay IP.

    ``unseen`` says why that could not be read.
    """

    attached: Attached
    there: TransitRoute | None = None
    there_on: Onward | None = None
    unseen: str = ""


@dataclass(frozen=True)
class Transit:
    """A way by a transit gateway. ``there`` is what the source's table does with the overlay IP, ``back`` the nodes'.

    ``there_on`` and ``back_on`` are what the table of an attachment between does, where one of these leads to one.
    ``parts_there`` and ``parts_back`` are the routes for parts of these networks. ``beside`` are other attachments that
    the source may as well come by.
    ``unseen`` says why the routes could not be read, else it is empty. ``referencing`` is the gateway's own
    SecurityGroupReferencingSupport, where somebody had to ask; None where that could not be read.
    """

    near: Attached
    far: Attached
    there: TransitRoute | None = None
    back: TransitRoute | None = None
    there_on: Onward | None = None
    back_on: Onward | None = None
    parts_there: tuple[TransitRoute, ...] = ()
    parts_back: tuple[TransitRoute, ...] = ()
    beside: tuple[Beside, ...] = ()
    unseen: str = ""
    referencing: bool | None = None

    @property
    def detours_there(self) -> bool:
        """Whether a packet goes by an attachment between: by which zone it comes out, is then not the sender's."""
        return _detours(self.there, self.far)

    @property
    def detours_back(self) -> bool:
        """Whether the answer does."""
        return _detours(self.back, self.near)


def _detours(route: TransitRoute | None, end: Attached) -> bool:
    return route is not None and bool(route.targets) and end.attachment_id not in route.targets


@dataclass(frozen=True)
class Elsewhere:
    """Where the nodes' table ``table_id`` sends the answers, in place of the source's attachment.

    That is to another VPC, with ``onward`` what its table does; or it is the end of them: see `lost`. Of a network that
    no ``route`` holds, there may be ``parts`` that are led somewhere. ``empty``: it is seen that the source is not in
    that VPC itself.
    """

    route: TransitRoute | None
    table_id: str
    far: Attached
    onward: Onward | None = None
    parts: tuple[TransitRoute, ...] = ()
    empty: bool = False

    @property
    def lost(self) -> str:
        """Why no answer can come to the source, or nothing: it is dropped, or led back to where it came from."""
        if self.route is None:
            return ""
        if not self.route.targets:
            return "which drops it"
        if self.route.target == self.far.attachment_id:
            return f"back into the nodes' own VPC ({self.far.resource_id})"
        if self.empty and self.onward and self.onward.leads(self.far.attachment_id):
            return f"another VPC ({self.route.resource_id}), whose table {self.onward.table_id} leads back to the nodes"
        return ""


@dataclass(frozen=True)
class Tunnel:
    """The way of a Client VPN endpoint's clients into the subnet that is the source: they get an address of it.

    ``rules`` and ``routes`` are those that decide about the overlay IP: of the longest prefix. ``lacks`` is the family
    of the overlay IP where the subnet has no block of it, else it is empty.
    """

    endpoint_id: str
    subnet_id: str
    rules: tuple[Held, ...] = ()
    routes: tuple[Held, ...] = ()
    lacks: str = ""


@dataclass(frozen=True)
class Unseen:
    """What the caller was not permitted to look at, and AWS's words; ``remedy``, where a permission is none."""

    what: str
    why: str
    remedy: str = ""


@dataclass(frozen=True)
class Scene:
    """All that was read. ``source_vpc`` is the VPC of the source, where it lies in one that could be found.

    ``source_tables`` are the route tables of that VPC, where it is another one than the nodes'; ``source_nets`` are the
    subnets that a source in it has parts in, where no one subnet holds all of it.
    ``peering_id`` and ``vgw_id`` name connections by which the source's network is bound to the nodes' VPC;
    ``ways_back`` are those by other gateways that the nodes' tables send the answers to, ``ways_out`` those that the
    source's table sends the packets to; what is not attached there has no ``attachment_id``.
    ``looked_at`` says where a source was looked for that was not found. ``targets`` are those interfaces of the nodes
    that receive the overlay IP, ``own`` are all that they have. ``account_id`` is the nodes' account.
    """

    overlay: str
    vpc_id: str
    nodes: tuple[Host, ...]
    source: Host
    source_vpc: str | None = None
    source_tables: tuple[Table, ...] = ()
    source_nets: tuple[Net, ...] = ()
    port: int | None = None
    tunnel: Tunnel | None = None
    transit: Transit | None = None
    elsewhere: Elsewhere | None = None
    ways_back: tuple[Transit, ...] = ()
    ways_out: tuple[Transit, ...] = ()
    peering_id: str = ""
    vgw_id: str = ""
    looked_at: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    targets: frozenset[str] = field(default_factory=frozenset)
    own: frozenset[str] = field(default_factory=frozenset)
    account_id: str = ""

    @property
    def ports(self) -> Ports:
        """The service's port, or any."""
        return (self.port, self.port) if self.port else ANY


def inspects(route: TransitRoute) -> bool:
    """Whether a route leads to a VPC, and to more than a VPC has: not all of that is the VPC's own.

    A block of a VPC is /16 or longer, of IPv6 /44 (VPC user guide, "VPC CIDR blocks").
    """
    block = ipaddress.ip_network(route.destination)
    return route.resource_type == "vpc" and block.prefixlen < (16 if block.version == 4 else 44)


def longest(routes: Iterable[Route], destination: str) -> Route | None:
    """The route that a packet takes: the longest prefix; of equal ones the static before the propagated one.

    The local route is preferred to a propagated one, be that more specific (Site-to-Site VPN user guide, "Route tables
    and route priority").
    """
    found = [r for r in routes if net.family(r.destination) == net.family(destination) and _within(destination, r)]
    if any(r.target == "local" for r in found):
        found = [r for r in found if r.target == "local" or r.ours]
    return max(
        found,
        key=lambda r: (ipaddress.ip_network(r.destination).prefixlen, r.ours or r.target == "local"),
        default=None,
    )


def led_to(tables: Iterable[Table | None], wanted: str) -> set[str]:
    """The transit gateways that tables send a network to."""
    routes = [longest(table.routes, wanted) for table in tables if table]
    return {one.target for one in routes if one and one.state == ACTIVE and one.target.startswith("tgw-")}


def _within(destination: str, route: Route) -> bool:
    return net.within(destination, route.destination)


def in_part(nets: Mapping[str, Net], network: str) -> tuple[Net, ...]:
    """The subnets that lie in a network."""
    blocks = {one: [b for b in (one.cidr, *one.more) if b] for one in nets.values()}
    return tuple(one for one, mine in blocks.items() if any(net.covers(network, block) for block in mine))


def subnet_of(nets: Mapping[str, Net], address: str) -> Net | None:
    """The subnet that an address lies in."""
    return next((one for one in nets.values() if one.holds(address)), None)
