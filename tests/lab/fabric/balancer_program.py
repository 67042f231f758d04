# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Network Load Balancer as a TCP proxy, run in a namespace of its own: `python -I -S balancer_program.py`.

It reads its configuration from stdin, a line of JSON at each change (see `balancers.py`), and writes to stdout what the
health checks measure. All its times are given to it in real seconds: who scales them has done so.

* A connection goes on by the address that it came to, to the one target, or to a healthy one of several.
* Where no target is healthy, it goes to any: fail open.
* When a target becomes unhealthy, its connections are reset at both ends, if that is asked for.
* A target that is registered no more gets no new connections. Those that it has go on, and are reset after the
  deregistration delay, if that is asked for; one that is registered again in that time keeps them.
* A connection on which neither end has sent a segment for as long as the idle timeout, keepalives counted, is forgotten
  without a word (TCP_REPAIR lets a socket close silently). Whoever sends next is reset, by the kernel, which knows no
  such connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

_TCP_REPAIR = 19  # linux/tcp.h
_SEGMENTS_IN = 140  # where tcpi_segs_in is in struct tcp_info
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclass
class Target:
    """A target of a group and what its checks have said; ``run`` counts those in a row that said the other thing."""

    group: str
    address: str
    port: int
    healthy: bool | None = None
    run: int = 0


@dataclass(eq=False)
class Flow:
    """One connection: the client's end and the target's."""

    client: socket.socket
    server: socket.socket
    target: Target
    listener: tuple[str, int]
    segments: int = 0
    last: float = field(default_factory=time.monotonic)
    over: bool = False
    task: asyncio.Task[None] | None = None

    def close(self, option: int, level: int, value: Any) -> None:
        """End both ends in the way that a socket option says."""
        self.over = True
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(level, option, value)
            end.close()

    def reset(self) -> None:
        """Tell both ends."""
        self.close(socket.SO_LINGER, socket.SOL_SOCKET, _RESET)

    def forget(self) -> None:
        """Tell neither."""
        self.close(_TCP_REPAIR, socket.IPPROTO_TCP, 1)


class Balancer:
    """The whole of it, in one event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listeners: dict[tuple[str, int], dict[str, Any]] = {}
        self.sockets: dict[tuple[str, int], tuple[socket.socket, asyncio.Task[None]]] = {}
        self.targets: dict[tuple[str, str, int], Target] = {}
        self.checks: dict[tuple[str, str, int], asyncio.Task[None]] = {}
        self.draining: dict[tuple[str, str, int], tuple[Target, asyncio.Task[None]]] = {}
        self.flows: set[Flow] = set()
        self.working: set[asyncio.Task[None]] = set()
        self.turns = itertools.count()

    def configure(self, listeners: list[dict[str, Any]]) -> None:
        """Listen where it is asked for, check what is registered, and nothing else."""
        self.listeners = {(one["address"], one["port"]): one for one in listeners}
        for place in set(self.sockets) - set(self.listeners):
            listening, task = self.sockets.pop(place)
            task.cancel()
            listening.close()
        for place in set(self.listeners) - set(self.sockets):
            listening = socket.create_server(place, backlog=128)
            listening.setblocking(False)
            self.sockets[place] = listening, self.loop.create_task(self._accept(place, listening))
        wanted = {(one["group"], *target): one for one in listeners for target in map(tuple, one["targets"])}
        for key in set(self.targets) - set(wanted):
            self.checks.pop(key).cancel()
            self._drain(key, self.targets.pop(key))
        for key in set(wanted) - set(self.targets):
            self.targets[key] = self._back(key) or Target(*key)
            self.checks[key] = self.loop.create_task(self._check(key))

    def _drain(self, key: tuple[str, str, int], target: Target) -> None:
        listener = next((one for one in self.listeners.values() if one["group"] == key[0]), None)
        if listener is not None and listener["drain"] is not None:
            self.draining[key] = target, self.loop.create_task(self._drained(key, listener["drain"]))

    async def _drained(self, key: tuple[str, str, int], delay: float) -> None:
        await asyncio.sleep(delay)
        target, _task = self.draining.pop(key)
        for flow in [one for one in self.flows if one.target is target]:
            self._end(flow, Flow.reset)

    def _back(self, key: tuple[str, str, int]) -> Target | None:
        """A target that was to drain."""
        if key not in self.draining:
            return None
        target, task = self.draining.pop(key)
        task.cancel()
        target.healthy, target.run = None, 0
        return target

    # --- connections --------------------------------------------------------------------------------------------------

    async def _accept(self, place: tuple[str, int], listening: socket.socket) -> None:
        while True:
            client, _peer = await self.loop.sock_accept(listening)
            client.setblocking(False)
            self._work(self._serve(place, client))

    def _work(self, todo: Any) -> None:
        task = self.loop.create_task(todo)
        self.working.add(task)
        task.add_done_callback(self.working.discard)

    async def _serve(self, place: tuple[str, int], client: socket.socket) -> None:
        target = self._choose(self.listeners[place]["group"])
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setblocking(False)
        try:
            if target is None:
                raise OSError("no target is registered")
            server.bind((place[0], 0))
            await self.loop.sock_connect(server, (target.address, target.port))
        except OSError:
            server.close()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()
            return
        flow = Flow(client, server, target, place, task=asyncio.current_task())
        self.flows.add(flow)
        await asyncio.gather(self._relay(flow, client, server), self._relay(flow, server, client))
        self.flows.discard(flow)
        if not flow.over:
            client.close()
            server.close()

    def _choose(self, group: str) -> Target | None:
        known = [target for target in self.targets.values() if target.group == group]
        chosen = [target for target in known if target.healthy is not False] or known
        return chosen[next(self.turns) % len(chosen)] if chosen else None

    async def _relay(self, flow: Flow, here: socket.socket, there: socket.socket) -> None:
        try:
            while data := await self.loop.sock_recv(here, 65536):
                await self.loop.sock_sendall(there, data)
            there.shutdown(socket.SHUT_WR)
        except OSError:
            if not flow.over:
                self._end(flow, Flow.reset)

    async def watch_idle(self) -> None:
        """Forget what idles for longer than its listener keeps it."""
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            for flow in list(self.flows):
                listener = self.listeners.get(flow.listener)
                if flow.over or listener is None:
                    continue
                seen = sum(_segments(end) for end in (flow.client, flow.server))
                if seen != flow.segments:
                    flow.segments, flow.last = seen, now
                elif now - flow.last > listener["idle"]:
                    self._end(flow, Flow.forget)

    def _end(self, flow: Flow, how: Any) -> None:
        """Take the ends out of the loop first: it does not notice that they were closed."""
        for end in (flow.client, flow.server):
            self.loop.remove_reader(end)
            self.loop.remove_writer(end)
        how(flow)
        self.flows.discard(flow)
        if flow.task:
            flow.task.cancel()

    # --- health -------------------------------------------------------------------------------------------------------

    async def _check(self, key: tuple[str, str, int]) -> None:
        while True:
            listener = next((one for one in self.listeners.values() if one["group"] == key[0]), None)
            if listener is None:
                return
            check, begun = listener["check"], self.loop.time()
            good = await self._answers(listener["address"], key[1], check["port"] or key[2], check["timeout"])
            self._count(self.targets[key], good, check, listener["closes"])
            await asyncio.sleep(max(0.0, check["interval"] - (self.loop.time() - begun)))

    async def _answers(self, source: str, address: str, port: int, timeout: float) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.bind((source, 0))
                await asyncio.wait_for(self.loop.sock_connect(probe, (address, port)), timeout)
            except (TimeoutError, OSError):
                return False
        return True

    def _count(self, target: Target, good: bool, check: dict[str, Any], closes: bool) -> None:
        target.run = 0 if good is target.healthy else target.run + 1
        if target.run < (check["healthy"] if good else check["unhealthy"]):
            return
        target.healthy, target.run = good, 0
        told = {"group": target.group, "address": target.address, "port": target.port, "healthy": good}
        print(json.dumps(told), flush=True)
        if not good and closes:
            for flow in [one for one in self.flows if one.target is target]:
                self._end(flow, Flow.reset)


def _segments(end: socket.socket) -> int:
    """How many segments have come in, keepalives too."""
    try:
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return 0
    return int(struct.unpack_from("I", info, _SEGMENTS_IN)[0])


async def _run() -> None:
    balancer = Balancer()
    reader = asyncio.StreamReader(limit=2**20)
    await balancer.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    idle = balancer.loop.create_task(balancer.watch_idle())
    while line := await reader.readline():
        balancer.configure(json.loads(line))
    idle.cancel()


if __name__ == "__main__":
    asyncio.run(_run())
