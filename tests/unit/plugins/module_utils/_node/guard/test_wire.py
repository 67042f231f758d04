# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's messages."""

from __future__ import annotations

import errno
import struct

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.guard import wire

V4 = bytes([192, 168, 10, 15])
V6 = bytes.fromhex("20010db8000000000000000000000015")


def test_an_address_is_asked_for_with_its_label() -> None:
    assert wire.add(V4, 32, 2, "eth0:1", 9).hex(" ") == (
        "34 00 00 00 14 00 05 06 09 00 00 00 00 00 00 00"  # length 52, RTM_NEWADDR, request ack exclusive create
        " 02 20 00 00 02 00 00 00"  # AF_INET /32, index 2
        " 08 00 02 00 c0 a8 0a 0f 08 00 01 00 c0 a8 0a 0f"  # IFA_LOCAL, IFA_ADDRESS
        " 0b 00 03 00 65 74 68 30 3a 31 00 00"  # IFA_LABEL eth0:1
    )


def test_an_ipv6_address_is_no_source_address_and_has_no_label() -> None:
    message = wire.add(V6, 128, 2, "", 1)
    assert message[16:24].hex(" ") == "0a 80 02 00 02 00 00 00"  # AF_INET6 /128 IFA_F_NODAD
    assert message[-20:].hex(" ") == "14 00 06 00 00 00 00 00 ff ff ff ff 00 00 00 00 00 00 00 00"  # IFA_CACHEINFO
    assert wire.add(V6, 128, 2, "eth0:1", 1) == message


def test_what_is_asked_is_read_back() -> None:
    both = wire.delete(V4, 32, 2, 3) + wire.add(V6, 128, 5, "", 4)
    assert [(kind, sequence, wire.address(body)) for kind, _flags, sequence, body in wire.messages(both)] == [
        (wire.DEL_ADDRESS, 3, (V4, 32, 2)),
        (wire.NEW_ADDRESS, 4, (V6, 128, 5)),
    ]


def test_half_a_message_ends_it() -> None:
    whole = wire.delete(V4, 32, 2, 3)
    assert list(wire.messages(whole + whole[:20])) == list(wire.messages(whole))
    assert list(wire.messages(bytes(16))) == []
    assert wire.address(struct.pack("=BBBBI", 2, 32, 0, 0, 2)) == (b"", 32, 2)


def test_a_link_has_a_name_and_a_port_of_a_bridge_is_none() -> None:
    name = struct.pack("=HH", 9, 3) + b"eth0\0\0\0\0"
    assert wire.link(struct.pack("=BxHiII", 0, 1, 2, 0, 0) + name) == (2, "eth0")
    assert wire.link(struct.pack("=BxHiII", 7, 1, 2, 0, 0) + name) == (2, "")


def test_an_error_has_the_errno() -> None:
    assert wire.code(struct.pack("=i", -errno.EEXIST) + bytes(16)) == errno.EEXIST
    assert wire.code(bytes(20)) == 0
