# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer probes on every address of a machine with the machine's name: ``python responder.py NAME UDP-PORT HTTP-PORT``.

Runs by itself (standard library only) in a machine's network namespace. It listens on the wildcard address, so an
overlay address that comes or goes needs no restart, and answers from the address that was asked.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading

_PACKET_INFO_BYTES = 20
_ADDRESS_BYTES = 16
_SO_RCVBUFFORCE = 33  # Linux; Python has no name for it


def be_patient(sock: socket.socket) -> None:
    """Let datagrams wait while the host is busy elsewhere: the usual buffer is full after a quarter of a second, and
    what is dropped then would look like packets lost on the way."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)


def dual_stack(kind: socket.SocketKind, port: int) -> socket.socket:
    """A socket on ``port`` of every IPv4 and IPv6 address."""
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", port))
    return sock


def answer_datagrams(name: bytes, sock: socket.socket) -> None:
    """Send each datagram back to where it came from, with our name after it."""
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    be_patient(sock)
    while True:
        data, control, _flags, client = sock.recvmsg(64, socket.CMSG_SPACE(_PACKET_INFO_BYTES))
        # The asked address as source, the interface left to the routing table.
        asked = [
            (level, kind, info[:_ADDRESS_BYTES] + bytes(_PACKET_INFO_BYTES - _ADDRESS_BYTES))
            for level, kind, info in control
            if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
        ]
        with contextlib.suppress(OSError):  # the address has gone meanwhile: no answer is the answer
            sock.sendmsg([data, name], asked, 0, client)


class _WhoAnswers(socketserver.StreamRequestHandler):
    """One line of text, whatever was asked."""

    timeout = 5
    name = b""

    def handle(self) -> None:
        while self.rfile.readline(1024).strip():
            pass
        body = self.name + b"\n"
        head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128  # a busy host must not look like a dead service: with 5, some SYNs would be dropped

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's error."""


def main() -> None:
    """Serve until killed."""
    name = sys.argv[1].encode()
    _WhoAnswers.name = name
    server = _Server(("", 0), _WhoAnswers, bind_and_activate=False)
    server.socket = dual_stack(socket.SOCK_STREAM, int(sys.argv[3]))
    server.server_activate()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer_datagrams(name, dual_stack(socket.SOCK_DGRAM, int(sys.argv[2])))


if __name__ == "__main__":
    main()
