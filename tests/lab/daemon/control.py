# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the daemon what to do: one JSON request and one JSON answer per connection, on a socket for root alone."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.daemon.state import LabError

Handler = Callable[..., Any]


class ControlServer:
    """Serves ``handlers`` by name. A handler's exception is the answer; the daemon goes on."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        class Connection(socketserver.StreamRequestHandler):
            """One request."""

            def handle(self) -> None:
                request = json.loads(self.rfile.readline())
                try:
                    result = handlers[request["command"]](**request["arguments"])
                    answer: dict[str, Any] = {"result": result}
                except Exception as error:
                    answer = {"error": f"{error}" or type(error).__name__}
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(json.dumps(answer).encode() + b"\n")

        class Server(socketserver.ThreadingUnixStreamServer):
            """A thread per connection: a machine may take its time to boot."""

            daemon_threads = True

        self._server = Server(str(path), Connection)
        path.chmod(0o600)

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()


def tell(path: Path, command: str, *, timeout: float = 120.0, **arguments: Any) -> Any:
    """Send one command to a daemon and return its result. Raises :class:`LabError` with the daemon's reason."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            line = connection.makefile().readline()
        except OSError as error:
            raise LabError(f"the lab's daemon does not answer at {path}: {error}") from error
    if not line:
        raise LabError(f"the lab's daemon ended while it did {command!r}")
    answer = json.loads(line)
    if "error" in answer:
        raise LabError(answer["error"])
    return answer["result"]
