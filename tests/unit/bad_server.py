# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that answers each request as a script says: well, badly, slowly, or not at all."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Asked:
    """A request: its first line, its headers (names in lower case) and its body."""

    line: str
    headers: dict[str, str]
    body: str
    connection: int


Play = Callable[[socket.socket, Asked], bool]
"""Answers a request; says whether the connection stays open."""


def reply(
    body: str | bytes = "", status: int = 200, *, date: float | None = None, length: bool = True, **headers: str
) -> Play:
    """A whole answer. ``date``: its Date header. Without ``length`` it ends with the connection."""
    data = body.encode() if isinstance(body, str) else body

    def play(sock: socket.socket, _asked: Asked) -> bool:
        lines = [f"HTTP/1.1 {status} Whatever", f"Date: {formatdate(date, usegmt=True)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if length:
            lines.append(f"Content-Length: {len(data)}")
        sock.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        return length

    return play


def raw(data: bytes) -> Play:
    """These bytes, then the end of the connection."""

    def play(sock: socket.socket, _asked: Asked) -> bool:
        sock.sendall(data)
        return False

    return play


def drip(data: bytes, every: float = 0.05, at_once: int = 0) -> Play:
    """A byte at a time, after the first ``at_once``."""

    def play(sock: socket.socket, _asked: Asked) -> bool:
        sock.sendall(data[:at_once])
        for byte in data[at_once:]:
            sock.sendall(bytes([byte]))
            time.sleep(every)
        return False

    return play


def hang(sock: socket.socket, _asked: Asked) -> bool:
    """No answer, as long as the client has patience."""
    with contextlib.suppress(OSError):
        sock.recv(1)
    return False


def reset(sock: socket.socket, _asked: Asked) -> bool:
    """The connection is torn down."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def gone(_sock: socket.socket, _asked: Asked) -> bool:
    """The connection is closed without an answer."""
    return False


def tunnel(to: tuple[str, int]) -> Play:
    """What a proxy does with CONNECT, wherever the client wanted to go."""

    def play(sock: socket.socket, _asked: Asked) -> bool:
        with socket.create_connection(to, 5) as other:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(other, sock), daemon=True)
            back.start()
            pump(sock, other)
            back.join(5)
        return False

    return play


def pump(source: socket.socket, to: socket.socket) -> None:
    """Hand on what comes, until it ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


@dataclass
class BadServer:
    """The server. ``plays`` are used up one per request, the last one again and again; ``asked`` is what came in."""

    plays: list[Play]
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its URL; by TLS it is called localhost."""
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> BadServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone lets the one who accepts go on
        self._listener.close()
        self.close_idle()

    def close_idle(self) -> None:
        """Close every connection."""
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _address = self._listener.accept()
                with self._lock:
                    self.connections += 1
                    self._open.append(sock)
                    number = self.connections
                threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._open.append(sock)
            with sock:
                stays = True
                while stays:
                    stays = self._one(sock, number)

    def _one(self, sock: socket.socket, number: int) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            part = sock.recv(65536)
            if not part:
                return False
            data += part
        head, _end, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += sock.recv(65536)
        asked = Asked(lines[0], headers, body.decode(), number)
        with self._lock:
            self.asked.append(asked)
            play = self.plays[0] if len(self.plays) == 1 else self.plays.pop(0)
        return play(sock, asked)


class Authority:
    """A certificate authority with its file, and servers' contexts."""

    def __init__(self, directory: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Test authority")
        self._directory = directory
        cert = self._sign(self._name, self._key.public_key(), [], authority=True)
        self.file = directory / "ca.pem"
        self.file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))

    def server(self, names: Sequence[str] = ("localhost", "127.0.0.1"), *, expired: bool = False) -> ssl.SSLContext:
        """What a server of these names wraps its sockets with."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign(_named(names[0]), key.public_key(), names, expired=expired)
        path = self._directory / "server.pem"
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, *form) + cert.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(
        self, subject: x509.Name, key: Any, names: Sequence[str], *, authority: bool = False, expired: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * day)
            .not_valid_after(now - day if expired else now + day)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            told = [_general(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(told), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
