# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Router advertisements for the machines behind a router: an address prefix and a default route (RFC 4861).

Answers each solicitation at once. (dnsmasq lets a machine wait for up to twenty seconds, at every boot.)
"""

from __future__ import annotations

import socket
import struct
import threading
from ipaddress import IPv6Address

from lab.fabric import netns

_SOLICITATION, _ADVERTISEMENT, _PREFIX_INFORMATION = 133, 134, 3
_ON_LINK_AND_AUTONOMOUS = 0xC0
_LIFETIME = 1800
_POLL_SECONDS = 0.2


def advertisement(prefix: str) -> bytes:
    """The message for a /64. The kernel fills in the checksum."""
    head = struct.pack("!BBHBBHII", _ADVERTISEMENT, 0, 0, 64, 0, _LIFETIME, 0, 0)
    kind = struct.pack("!BBBBIII", _PREFIX_INFORMATION, 4, 64, _ON_LINK_AND_AUTONOMOUS, _LIFETIME, _LIFETIME, 0)
    return head + kind + IPv6Address(prefix).packed


class Advertiser:
    """Listens in a namespace from now until `stop`, whatever links come and go there."""

    def __init__(self, router: str, prefix: str) -> None:
        self._message = advertisement(prefix)
        self._socket = netns.inside(router, _socket)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"advertiser {router}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and return when it has ended."""
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                message, (_source, _port, _flow, interface) = self._socket.recvfrom(1500)
                if message[0] == _SOLICITATION:
                    self._socket.sendto(self._message, ("ff02::1", 0, 0, interface))
            except TimeoutError:
                continue
            except OSError:
                continue  # the link went away between question and answer: the machine was switched off


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    # Whoever receives an advertisement that could have come from another link ignores it (RFC 4861, 6.1.2).
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    made.settimeout(_POLL_SECONDS)
    return made
