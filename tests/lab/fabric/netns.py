# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces: make them, run commands and open sockets in them, all by name and never in the host's own."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class FabricError(RuntimeError):
    """The kernel refused something; the message has the command and its answer."""


def path(name: str) -> Path:
    """Where a namespace can be entered."""
    return Path("/run/netns") / name


def command(argv: Sequence[str], stdin: str = "") -> str:
    """Run a command and return what it prints. Raises :class:`FabricError`."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FabricError(f"{' '.join(argv)}: {done.stderr.strip()}" + (f"\ninput was:\n{stdin}" if stdin else ""))
    return done.stdout


def entered(name: str, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` in a namespace. Only the network changes: mounts are those of the caller."""
    return ["nsenter", f"--net={path(name)}", *argv]


def ip(name: str, lines: Sequence[str], family: int = 0) -> None:
    """Run ``ip`` commands in a namespace, as one batch; it stops at the first that fails."""
    if lines:
        flag = [f"-{family}"] if family else []
        command(["ip", "-n", name, *flag, "-batch", "-"], "\n".join(lines) + "\n")


def answer_at_once(port: str) -> str:
    """The ``ip`` command that lets a port answer ARP for others without the kernel's pause of up to 0.8 s."""
    return f"ntable change name arp_cache dev {port} proxy_delay 0"


def nft(name: str, script: str) -> None:
    """Load an nftables script in a namespace, as one transaction."""
    command(entered(name, ["nft", "-f", "-"]), script)


def inside(name: str, call: Callable[[], T]) -> T:
    """Return ``call()`` as run by a thread that has entered the namespace and ends afterwards.

    Namespaces are a property of the thread, and a socket stays in the one it was made in: this is how one process
    listens in several networks.
    """
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            descriptor = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"cannot enter network namespace {name}")
            finally:
                os.close(descriptor)
            result.append(call())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name=f"inside {name}")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def set_sysctls(name: str, values: dict[str, str]) -> None:
    """Write ``net.*`` settings of one namespace; names are given with slashes, without the leading ``net/``."""

    def write() -> None:
        for key, value in values.items():
            Path("/proc/sys/net", key).write_text(value)

    inside(name, write)


def listener(name: str, address: str, port: int) -> socket.socket:
    """A bound TCP socket in a namespace, ready to be listened on; port 0 lets the kernel choose."""

    def bind() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        return sock

    return inside(name, bind)


def answers(name: str, address: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts TCP connections there, seen from inside the namespace."""

    def connect() -> bool:
        try:
            with socket.create_connection((address, port), timeout=timeout):
                return True
        except OSError:
            return False

    return inside(name, connect)
