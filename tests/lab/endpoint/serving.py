# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve a WSGI application on sockets that someone else made, each in the network namespace it was made in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

#: Key of the WSGI environment that holds the client's socket: faults that cut a connection need it.
CONNECTION = "lab.connection"


class _Handler(WSGIRequestHandler):
    """Hands the socket to the application, and logs nothing: the lab keeps its own list of calls."""

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ[CONNECTION] = self.connection
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:
        """Stay silent."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """A client that went away, or that a fault cut off, is nobody's error."""


class Server:
    """One application on any number of listening sockets, a thread per connection."""

    def __init__(self, app: Any, sockets: Iterable[socket.socket]) -> None:
        self._sockets = list(sockets)
        self._servers: list[BaseWSGIServer] = []
        for listener in self._sockets:
            listener.listen(256)
            host, port = listener.getsockname()[:2]
            server = make_server(host, port, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
            self._servers.append(server)
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            for server in self._servers
        ]

    def start(self) -> None:
        """Accept connections, in background threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop accepting and close the sockets; running answers end by themselves."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        for listener in self._sockets:
            listener.close()


def loopback_socket(port: int = 0) -> socket.socket:
    """A TCP socket on 127.0.0.1; port 0 lets the kernel choose."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener
