# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transit gateway of the VPC: a namespace with a table per attachment, and hosts outside of the VPC behind it.

An attachment's table decides about what comes in by it; the zone rule is the VPC's (program.py). A route is replaced or
deleted alone, so that no packet sees a hole that the gateway has not.

A host may also be behind a peering connection or a virtual private gateway, for which the namespace stands, too: what
they bring must be addressed to the VPC's own CIDRs (VPC user guide, "Route tables"; VPC peering guide, "limitations").
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from lab.endpoint.snapshot import VpcSnapshot
from lab.fabric import netns
from lab.fabric.program import GATEWAY_HOP, GATEWAY_PORT
from lab.nodes.base import Recorder

_ROUTER = "169.254.100.1"
_DOOR = "169.254.101.1"  # of the gateway, for every host
_FROM_VPC = 99  # the kernel table for what comes from the VPC; the hosts' follow
_CONNECTIONS = ("pcx-", "vgw-")
_SYSCTLS = {"ipv4/ip_forward": "1", "ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0"}


@dataclass
class _Host:
    """A host, its wire's name and table in the gateway, and the attachment or connection that it is behind."""

    netns: str
    address: str
    wire: str
    table: int
    attachment_id: str


class Gateway:
    """Made with the first host. Every method is called under the router's lock."""

    def __init__(self, lab_id: str, router: str, recorder: Recorder) -> None:
        self._lab_id, self._recorder = lab_id, recorder
        self._netns = self._namespace("tgw")
        self._hosts: dict[str, _Host] = {}
        self._routes: set[tuple[int, str, str]] = set()
        netns.set_sysctls(self._netns, _SYSCTLS)
        netns.ip(
            router,
            [
                f"link add {GATEWAY_PORT} type veth peer name vpc netns {self._netns}",
                f"address add {_ROUTER}/30 dev {GATEWAY_PORT}",
                f"link set {GATEWAY_PORT} up",
            ],
        )
        lines = [f"address add {GATEWAY_HOP}/30 dev vpc", "link set vpc up"]
        netns.ip(self._netns, [*lines, *_table("vpc", _FROM_VPC)])

    def host(self, name: str, address: str, attachment_id: str) -> str:
        """A host with this address, made where there is none of this name; its namespace."""
        known = self._hosts.get(name)
        if known is None:
            number = len(self._hosts) + 1
            known = _Host(self._namespace(name), address, f"host{number}", _FROM_VPC + number, attachment_id)
            self._hosts[name] = known
            netns.ip(
                self._netns,
                [
                    f"link add {known.wire} type veth peer name eth0 netns {known.netns}",
                    f"address add {_DOOR}/32 dev {known.wire}",
                    f"link set {known.wire} up",
                    *_table(known.wire, known.table),
                ],
            )
            netns.ip(
                known.netns,
                [
                    "link set lo up",
                    f"address add {address}/32 dev eth0",
                    "link set eth0 up",
                    f"route add default via {_DOOR} dev eth0 onlink",
                ],
            )
        known.attachment_id = attachment_id
        return known.netns

    @property
    def connections(self) -> frozenset[str]:
        """Peering connections and virtual private gateways with a host behind them."""
        return frozenset(h.attachment_id for h in self._hosts.values() if h.attachment_id.startswith(_CONNECTIONS))

    def converge(self, snapshot: VpcSnapshot) -> None:
        """Make the tables follow the snapshot; only what differs is changed."""
        wanted: set[tuple[int, str, str]] = set()
        for host in self._hosts.values():
            inward, back = _ways(snapshot, host)
            wanted |= {(host.table, prefix, f"via {_ROUTER} dev vpc") for prefix in inward if ":" not in prefix}
            if back:
                wanted.add((_FROM_VPC, f"{host.address}/32", f"dev {host.wire}"))
        netns.ip(self._netns, [f"route replace {where} {how} table {t}" for t, where, how in wanted - self._routes])
        netns.ip(self._netns, [f"route delete {where} {how} table {t}" for t, where, how in self._routes - wanted])
        self._routes = wanted

    def _namespace(self, name: str) -> str:
        namespace = f"overlay-{self._lab_id}-{name}"
        self._recorder.record("netns", namespace)
        netns.command(["ip", "netns", "add", namespace])
        return namespace


def _ways(snapshot: VpcSnapshot, host: _Host) -> tuple[list[str], bool]:
    """The prefixes that a host's packets may be addressed to, and whether what comes from the VPC gets to it."""
    if host.attachment_id.startswith(_CONNECTIONS):
        return list(snapshot.cidrs), True
    transit = snapshot.transit
    if transit is None:
        return [], False
    inward = [prefix for near, prefix in transit.inward if near == host.attachment_id]
    return inward, _longest(transit.outward, host.address) == host.attachment_id


def _table(wire: str, table: int) -> list[str]:
    """What comes in by this wire is decided by this table, which drops what it does not know."""
    return [f"route add blackhole default table {table}", f"rule add iif {wire} lookup {table}"]


def _longest(routes: tuple[tuple[str, str], ...], address: str) -> str | None:
    """The attachment that the longest prefix leads to."""
    holding = [(ip_network(prefix).prefixlen, target) for prefix, target in routes if _holds(prefix, address)]
    return max(holding)[1] if holding else None


def _holds(prefix: str, address: str) -> bool:
    return ip_network(prefix).version == ip_address(address).version and ip_address(address) in ip_network(prefix)
