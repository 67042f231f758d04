# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few messages of rtnetlink(7) that the guard needs, as bytes: links and addresses, read and written.

Formats and numbers: netlink(7), rtnetlink(7), linux/if_addr.h, linux/rtnetlink.h. Addresses are in network order, as
the kernel has them, so that there is one spelling of each.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ERROR, DONE = 2, 3
NEW_LINK, DEL_LINK, GET_LINK = 16, 17, 18
NEW_ADDRESS, DEL_ADDRESS, GET_ADDRESS = 20, 21, 22
INTERRUPTED = 0x10
"""Of a dump: what it tells changed while it was told (NLM_F_DUMP_INTR)."""
GROUPS = 0x1 | 0x10 | 0x100
"""Links, IPv4 and IPv6 addresses: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""

_REQUEST, _ACK, _DUMP, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x300, 0x200, 0x400
_NAME = 3  # IFLA_IFNAME
_ADDRESS, _LOCAL, _LABEL, _LIFETIMES = 1, 2, 3, 6
_NO_DAD = 0x02  # nobody else on this link has it: VPC routes are not neighbours
_FOREVER = 0xFFFFFFFF
_INET, _INET6 = 2, 10

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_LINK = struct.Struct("=BxHiII")  # family, type, index, flags, change
_HERE = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_INT = struct.Struct("=i")


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The messages of one datagram: type, flags, sequence, body. What is cut off ends it."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, sequence, _port = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + _HEADER.size : at + length]
        at += _aligned(length)


def link(body: bytes) -> tuple[int, str]:
    """Index and name of a NEW_LINK or DEL_LINK; no name where it is not the link itself, but a bridge's port, say."""
    family, _type, index, _flags, _change = _LINK.unpack_from(body)
    name = b"" if family else _attributes(body, _LINK.size).get(_NAME, b"")
    return index, name.rstrip(b"\0").decode(errors="replace")


def address(body: bytes) -> tuple[bytes, int, int]:
    """Address, prefix length and index of the link of a NEW_ADDRESS or DEL_ADDRESS; no address where it has none."""
    _family, length, _flags, _scope, index = _HERE.unpack_from(body)
    found = _attributes(body, _HERE.size)
    return found.get(_LOCAL, found.get(_ADDRESS, b"")), length, index


def code(body: bytes) -> int:
    """The errno of an ERROR; 0 says that it was done."""
    return int(-_INT.unpack_from(body)[0])


def dump(kind: int, sequence: int) -> bytes:
    """Ask for all links, or all addresses."""
    body = _LINK.pack(0, 0, 0, 0, 0) if kind == GET_LINK else _HERE.pack(0, 0, 0, 0, 0)
    return _message(kind, _REQUEST | _DUMP, sequence, body)


def add(packed: bytes, length: int, index: int, label: str, sequence: int) -> bytes:
    """Ask to bring an address up as `_address.iproute` does; refused with EEXIST where it is up there."""
    six = len(packed) == 16
    body = _HERE.pack(_INET6 if six else _INET, length, _NO_DAD if six else 0, 0, index) + _both(packed)
    if six:  # never a source address
        body += _attribute(_LIFETIMES, struct.pack("=IIII", 0, _FOREVER, 0, 0))
    elif label:
        body += _attribute(_LABEL, label.encode() + b"\0")
    return _message(NEW_ADDRESS, _REQUEST | _ACK | _CREATE | _EXCLUSIVE, sequence, body)


def delete(packed: bytes, length: int, index: int, sequence: int) -> bytes:
    """Ask to take an address down."""
    body = _HERE.pack(_INET6 if len(packed) == 16 else _INET, length, 0, 0, index) + _both(packed)
    return _message(DEL_ADDRESS, _REQUEST | _ACK, sequence, body)


def _both(packed: bytes) -> bytes:
    return _attribute(_LOCAL, packed) + _attribute(_ADDRESS, packed)


def _message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


def _attributes(body: bytes, at: int) -> dict[int, bytes]:
    found = {}
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = body[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)
    return found


def _aligned(length: int) -> int:
    return (length + 3) & ~3
