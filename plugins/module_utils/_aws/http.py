# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 to one place, on connections that are kept, every step of it within a limit.

The standard library's client bounds each read alone, so that an answer of a byte a second never ends; and importing it
takes longer than all else that this does. What is not needed is not here: redirects, cookies, compression.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import math
import select
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .origin import Origin, Proxy
from .tls import BadCertificate, Trust

LARGEST = 32 * 1024 * 1024  # bytes of an answer; a hundred full route tables are a few millions
_LARGEST_HEAD = 64 * 1024
_WHOLE = 4  # an answer that has begun may take so many times as long as its beginning
_LOOKUP = 10.0  # seconds for a name, where nothing else limits it: a resolver's own first timeout is 5

__all__ = ["Answer", "BadCertificate", "Limits", "NoAnswer", "Place", "endless"]


def endless() -> float:
    """No deadline."""
    return math.inf


class NoAnswer(Exception):
    """There is no connection, or no whole answer in time. The text is a clause that says why."""


@dataclass(frozen=True)
class Limits:
    """How long a request may take, in seconds.

    Attributes:
        connect: until there is a connection, TLS and proxy included; looking a name up is counted apart.
        read: until the head of the answer is there, and between two parts of its body; the whole body `_WHOLE` times.
        left: what is left for everything together.
    """

    connect: float
    read: float
    left: Callable[[], float] = endless

    def until(self, seconds: float) -> float:
        """The moment (monotonic) that is so many seconds away, or the end of everything."""
        return time.monotonic() + max(0.0, min(seconds, self.left()))


@dataclass(frozen=True)
class Answer:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Place:
    """One origin with the connections to it. Safe to use from several threads.

    Args:
        origin: where it is.
        trust: whom to trust where the origin speaks TLS; by default the system's authorities.
        proxy: what stands between.
    """

    def __init__(self, origin: Origin, trust: Trust | None = None, proxy: Proxy | None = None) -> None:
        self.origin = origin
        self.proxy = proxy
        self._trust = trust or Trust()
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._lookup: _Lookup | None = None

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes, limits: Limits) -> Answer:
        """Send one request and read the whole answer; nothing is sent twice.

        Raises:
            NoAnswer: no connection, or no whole answer within the limits.
            BadCertificate: whoever is there is not who he should be.
        """
        if self.proxy and not self.origin.tls:  # told in the request itself where it shall go
            path = f"{self.origin}{path}"
            headers = (
                {**headers, "Proxy-Authorization": self.proxy.authorization} if self.proxy.authorization else headers
            )
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if any(not line.isprintable() or not line.isascii() for line in lines):
            raise NoAnswer("the request cannot be sent: a key, a token or the path has characters that no header has")
        request = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        connection = self._kept() or self._connect(limits)
        try:
            answer, again = connection.ask(request, limits)
        except BaseException:
            connection.close()
            raise
        if again:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _kept(self) -> _Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.quiet():
                return connection
            connection.close()

    def _connect(self, limits: Limits) -> _Connection:
        via = self.proxy or self.origin
        addresses = self._addresses(via.host, via.port, limits)
        try:
            return self._shake(addresses, limits)
        except BadCertificate:
            if not self._trust.widen():
                raise
            return self._shake(addresses, limits)

    def _shake(self, addresses: list[tuple[Any, ...]], limits: Limits) -> _Connection:
        end = limits.until(limits.connect)
        sock = self._socket(addresses, end)
        try:
            connection = _Connection(sock)
            if self.proxy and self.origin.tls:
                connection.tunnel(self.proxy, self.origin, end)
            if self.origin.tls:
                sock.settimeout(_seconds(end))
                connection.sock = self._trust.wrap(sock, self.origin.host)
            return connection
        except OSError as exc:
            sock.close()
            raise NoAnswer(_why(exc, "the connection was not made in time")) from None
        except BaseException:
            sock.close()
            raise

    def _socket(self, addresses: list[tuple[Any, ...]], end: float) -> socket.socket:
        """Connected to the first address that answers."""
        failed: NoAnswer | None = None
        for number, (family, kind, protocol, _name, address) in enumerate(addresses):
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)
                left = _seconds(end)
                sock.settimeout(left / (len(addresses) - number))  # the first may be a road that ends
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as exc:
                if sock:
                    sock.close()
                failed = failed or NoAnswer(_why(exc, "no connection in time"))
        self._lookup = None  # the name may have moved
        raise failed or NoAnswer("the name has no address")

    def _addresses(self, host: str, port: int, limits: Limits) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._lookup is None or self._lookup.failed:
                self._lookup = _Lookup(host, port)
            lookup = self._lookup
        return lookup.wait(min(_LOOKUP, limits.left()))


class _Lookup:
    """The addresses of a name. The system's resolver knows no deadline, so it is asked in a thread that may be left."""

    def __init__(self, host: str, port: int) -> None:
        self.failed = False
        self._host, self._port = host, port
        self._found: list[tuple[Any, ...]] = []
        self._error = ""
        self._done = threading.Event()
        if _literal(host):
            self._ask()
        else:
            threading.Thread(target=self._ask, daemon=True).start()

    def wait(self, seconds: float) -> list[tuple[Any, ...]]:
        if not self._done.wait(max(0.0, seconds)):
            raise NoAnswer(f"the name {self._host} was not resolved in time")
        if self.failed:
            raise NoAnswer(f"the name {self._host} cannot be resolved: {self._error}")
        return self._found

    def _ask(self) -> None:
        try:
            self._found = list(socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            self.failed, self._error = True, getattr(exc, "strerror", None) or str(exc)
        self._done.set()


class _Connection:
    """One connection, with what was read beyond the last answer."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._rest = b""
        self._end = self._stall = 0.0

    def close(self) -> None:
        self.sock.close()

    def quiet(self) -> bool:
        """Whether the other side neither closed it nor sent what nobody asked for."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not self._rest and not poll.poll(0)

    def ask(self, request: bytes, limits: Limits) -> tuple[Answer, bool]:
        """The answer, and whether the connection can be used again."""
        try:
            self._end = limits.until(limits.read)
            self._stall = limits.read
            self.sock.settimeout(_seconds(self._end))
            self.sock.sendall(request)
            status, headers = self._head()
            self._end = limits.until(limits.read * _WHOLE)
            body, delimited = self._body(status, headers)
        except OSError as exc:
            raise NoAnswer(_why(exc, "no answer in time")) from None
        except ValueError as exc:
            raise NoAnswer(f"what came is no HTTP answer: {exc}") from None
        again = delimited and "close" not in headers.get("connection", "").lower() and headers[""] == "HTTP/1.1"
        return Answer(status, headers, body), again

    def tunnel(self, proxy: Proxy, origin: Origin, end: float) -> None:
        """Have the proxy connect us."""
        to = f"[{origin.host}]:{origin.port}" if ":" in origin.host else f"{origin.host}:{origin.port}"
        lines = [f"CONNECT {to} HTTP/1.1", f"Host: {to}"]
        if proxy.authorization:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        self._end = end
        self._stall = math.inf
        try:
            self.sock.settimeout(_seconds(end))
            self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            status, _headers = self._head()
        except OSError as exc:
            raise NoAnswer(_why(exc, f"the proxy {proxy} did not answer in time")) from None
        except ValueError:
            raise NoAnswer(f"the proxy {proxy} did not answer as a proxy does") from None
        if status == 407:
            raise NoAnswer(f"the proxy {proxy} wants a user and a password that it accepts (407)")
        if status != 200:
            raise NoAnswer(f"the proxy {proxy} refused to connect (status {status})")

    def _head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of the next answer, interim ones passed over; under "" its version."""
        while True:
            lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            version, _space, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1."):
                raise ValueError(repr(lines[0][:40]))
            status = int(rest[:3])
            headers = {"": version}
            for line in lines[1:]:
                name, _colon, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            if status >= 200:
                return status, headers

    def _body(self, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The body, and whether its end could be told from the answer itself."""
        if status in (204, 304):
            return b"", True
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks(), True
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"])), True
        parts = [self._rest]
        self._rest = b""
        size = 0
        while part := self._receive(closing=True):
            size += len(part)
            _check_size(size)
            parts.append(part)
        return b"".join(parts), False

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            length = int(self._until(b"\r\n").partition(b";")[0], 16)
            size += length
            _check_size(size)
            if not length:
                while self._until(b"\r\n"):  # trailers
                    pass
                return b"".join(parts)
            parts.append(self._exactly(length))
            if self._until(b"\r\n"):
                raise ValueError("a chunk that is longer than it says")

    def _until(self, mark: bytes) -> bytes:
        """What comes before the mark, which is taken too."""
        while mark not in self._rest:
            if len(self._rest) > _LARGEST_HEAD:
                raise ValueError("its head does not end")
            self._rest += self._receive()
        found, _mark, self._rest = self._rest.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        _check_size(size)
        parts, have = [self._rest], len(self._rest)
        while have < size:
            part = self._receive()
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _receive(self, *, closing: bool = False) -> bytes:
        self.sock.settimeout(min(self._stall, _seconds(self._end)))
        data = self.sock.recv(65536)
        if not data and not closing:
            raise ConnectionError("the connection was closed before the answer was complete")
        return data


def _check_size(size: int) -> None:
    if not 0 <= size <= LARGEST:
        raise ValueError(f"it is {size} bytes long")


def _seconds(end: float) -> float:
    """What is left until a moment, as a socket's timeout."""
    left = end - time.monotonic()
    if left <= 0:
        raise socket.timeout
    return left


def _literal(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
            return True
        except OSError:
            continue
    return False


def _why(exc: OSError, late: str) -> str:
    if isinstance(exc, socket.timeout):
        return late
    return exc.strerror or str(exc) or "no answer"
