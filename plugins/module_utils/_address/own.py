# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address is the node's own: never to be taken, relabelled or removed, or nobody reaches the node any more. Pure.

The kernel knows it by a lifetime where a DHCP client sets one; wicked sets none, and a fixed address has none.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from typing import Protocol

_BY_DHCP = "came by DHCP"
_FIRST = "is the first of"
_ALONE = "is the only one from which"
_LENGTH = {4: 32, 6: 128}


class Address(Protocol):
    """What is asked of a live address: of `plan.Held`."""

    @property
    def address(self) -> str: ...
    @property
    def prefixlen(self) -> int: ...
    @property
    def interface(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def family(self) -> int: ...
    @property
    def cidr(self) -> str: ...
    @property
    def permanent(self) -> bool: ...
    @property
    def deprecated(self) -> bool: ...


class Default(Protocol):
    """What is asked of a default route: of `plan.Route`."""

    @property
    def family(self) -> int: ...
    @property
    def interface(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def source(self) -> str: ...


def why(held: Address, all_held: Iterable[Address], routes: Iterable[Default], leased: Collection[str] = ()) -> str:
    """Why an address is the node's own, a clause; empty for one that may be an overlay IP.

    Args:
        held: the address.
        all_held: all live addresses, in the kernel's order.
        routes: the default routes.
        leased: what a DHCP client says that it has got.
    """
    if not held.permanent or held.address in leased:
        return _BY_DHCP
    beside = [h for h in all_held if h.interface == held.interface and h.family == held.family and _global(h)]
    ways = [r for r in routes if r.interface == held.interface and r.family == held.family]
    gateways = [ipaddress.ip_address(r.gateway) for r in ways if r.gateway]
    if any(_has(held, gateway) for gateway in gateways):
        return f"is the one by which {held.interface} reaches its gateway"
    if any(r.source == held.address for r in ways) and not any(_has(h, g) for h in beside for g in gateways):
        return "is the source of the default route"
    networks = [h for h in beside if h.prefixlen < _LENGTH[h.family]]
    if held in networks[:1] and held.interface != "lo":
        return f"{_FIRST} {held.interface} that brings a network along"
    alone = gateways and all(h.deprecated for h in beside if h is not held)
    if alone and not held.label and not held.deprecated and held.prefixlen == _LENGTH[held.family]:
        return f"{_ALONE} its default route can be used"
    return ""


def guessed(clause: str) -> bool:
    """Whether such an address may still be an overlay IP that somebody put there by hand."""
    return clause.startswith((_FIRST, _ALONE))


def _has(held: Address, gateway: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the gateway is a neighbour by this address."""
    return (
        held.prefixlen < _LENGTH[held.family]
        and gateway.version == held.family
        and gateway in ipaddress.ip_interface(held.cidr).network
    )


def _global(held: Address) -> bool:
    return not ipaddress.ip_address(held.address).is_link_local
