# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spelling and limits of overlay addresses. Pure. PRIVATE to the collection.

A *destination* is a canonical prefix such as 192.168.10.15/32 or 2001:db8::1/128: the form in which EC2 stores
a route, and in which two spellings of one address compare equal. The id of a managed prefix list stands for what is in
it: nothing here knows that.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# Where no overlay IP can live, and why. The VPC's own CIDRs are not known here: the EC2 part refuses those.
_REFUSED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "the unspecified range"),
    ("127.0.0.0/8", "the loopback range"),
    ("169.254.0.0/16", "the link-local range, where AWS keeps its own services"),
    ("224.0.0.0/4", "the multicast range"),
    ("240.0.0.0/4", "a reserved range"),
    ("::/128", "the unspecified address"),
    ("::1/128", "the loopback address"),
    ("::ffff:0:0/96", "the range of IPv4-mapped addresses: write the IPv4 address instead"),
    ("fe80::/10", "the link-local range"),
    ("fd00:ec2::/32", "the range that AWS reserves for its own services"),
    ("ff00::/8", "the multicast range"),
)
_RESERVED: tuple[tuple[Network, str], ...] = tuple((ipaddress.ip_network(cidr), why) for cidr, why in _REFUSED)

_LIST = re.compile("pl-[0-9a-f]{8,17}")
_EXAMPLES = "an address such as 192.168.10.15 or 2001:db8::15, or a prefix such as 192.168.10.0/24"


class AddressError(ValueError):
    """An address that cannot be an overlay IP. The text is a whole sentence with the remedy."""


def destination(text: str) -> str:
    """Return the canonical destination of an overlay IP; a bare address means /32 or /128.

    Raises:
        AddressError: not an address, host bits set, or in a range where an overlay IP cannot be.
    """
    return str(_parse(text))


def routed(text: str) -> str:
    """Return what a route of a VPC's table can have as its destination: as `destination`, or a managed prefix list.

    Raises:
        AddressError: as `destination`, or it begins like the id of a list and is none.
    """
    word = text.strip() if isinstance(text, str) else ""
    if not is_list(word):
        return destination(text)
    if not _LIST.fullmatch(word):
        raise AddressError(f"'{word}' is not the id of a managed prefix list: write one such as pl-0123456789abcdef0.")
    return word


def is_list(dest: str) -> bool:
    """Whether a destination is a managed prefix list."""
    return dest.startswith("pl-")


def host(text: str) -> str:
    """Return the canonical /32 or /128 that a node configures; a wider prefix is an error.

    Raises:
        AddressError: as `destination`, or the prefix is a network and not one address.
    """
    net = _parse(text)
    if net.num_addresses != 1:
        raise AddressError(
            f"'{net}' is a network; an interface needs one address: name the address in it that the node shall hold,"
            f" such as {net.network_address + 1}/{net.max_prefixlen}. The route may still cover the whole network."
        )
    return str(net)


def family(dest: str) -> int:
    """Return 4 or 6 for a canonical destination or a bare address; 0 for a list, whose entries have one."""
    return 0 if is_list(dest) else 6 if ":" in dest else 4


def bare(dest: str) -> str:
    """A canonical destination as people write it: one address without the length of its prefix."""
    return dest.removesuffix("/128" if family(dest) == 6 else "/32")


def slug(address: str) -> str:
    """An address or prefix as part of an XML id, as roles/pacemaker names its resources."""
    return re.sub(r"[^0-9A-Za-z.]", "-", address)


def _parse(text: str) -> Network:
    """Parse and judge one address or prefix."""
    if not isinstance(text, str) or not text.strip():
        raise AddressError(f"'{text}' is not an address: give {_EXAMPLES}.")
    word = text.strip()
    address, slash, length = word.partition("/")
    if slash and not length.isdecimal():
        raise AddressError(f"'{word}' has no prefix length after the slash: give {_EXAMPLES}.")
    try:
        net = ipaddress.ip_network(word, strict=False)
        given = ipaddress.ip_address(address)
    except ValueError:
        raise AddressError(f"'{word}' is not an IPv4 or IPv6 address or prefix: give {_EXAMPLES}.") from None
    if "%" in address:
        raise AddressError(f"'{word}' names a zone (after the %): an overlay IP is routed, give it without one.")
    if given != net.network_address:
        raise AddressError(
            f"'{word}' has host bits set: the network is {net};"
            f" for the single address write {given}/{net.max_prefixlen}."
        )
    if net.prefixlen == 0:
        raise AddressError(f"'{net}' is the default route, not an overlay IP: give {_EXAMPLES}.")
    if where := reserved(net):
        narrower = "an address" if where.startswith("lies in") else "a narrower prefix"
        raise AddressError(f"'{net}' {where}: choose {narrower} outside it.")
    return net


def reserved(network: Network) -> str:
    """In which range that is nobody's address a network lies, or that it covers one, and why; empty: in none."""
    for one, why in _RESERVED:
        if network.version == one.version and network.overlaps(one):
            return f"{'lies in' if network.prefixlen >= one.prefixlen else 'covers'} {one}, {why}"
    return ""


def within(inner: str, outer: str) -> bool:
    """Whether one prefix lies inside another of the same family; a list lies in itself alone."""
    if is_list(inner) or is_list(outer):
        return inner == outer
    return _network(inner).subnet_of(_network(outer))  # type: ignore[arg-type]


def covers(outer: str, inner: str) -> bool:
    """Whether one prefix holds another one, or is it; two families never do."""
    return family(outer) == family(inner) and within(inner, outer)


@lru_cache(maxsize=8192)
def _network(text: str) -> Network:
    """A canonical prefix; each of a table's is asked for once for every overlay IP."""
    return ipaddress.ip_network(text)
