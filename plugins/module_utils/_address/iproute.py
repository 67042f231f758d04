# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by iproute2's `ip`: for nodes without pyroute2, and for the failover program.

It is on every node and answers in milliseconds, where pyroute2 takes a quarter of a second to import. What is to be
done is decided by the same planner, `_address.plan`; all steps go to one `ip -batch`.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._base import programs
from .kept import Kept
from .live import TRIES, NodeError, refused, restless
from .plan import ABSENT, ADD, AUTO, DELETE, PRESENT, Held, Link, Node, Request, Route, Step, plan

_FOREVER = 0xFFFFFFFF
_SECONDS = 5.0
_INTERRUPTED = "Dump was interrupted"
Run = Callable[..., str]
"""Runs `ip` with these arguments, and with ``lines`` as its input, and returns what it prints; raises NodeError."""

AddressError = NodeError
"""What the node's own program calls it."""

# What `ip` prints for an errno: the kernel's own words where it has any (since Linux 5 or 6), else strerror's.
_WORDS = {
    "Cannot find device": errno.ENODEV,
    "Address already assigned": errno.EEXIST,
    "Address not found": errno.EADDRNOTAVAIL,
    "IPv6 is disabled on": errno.EACCES,
}
_ERRNOS = {os.strerror(code): code for code in errno.errorcode}
_DONE = {ADD: errno.EEXIST, DELETE: errno.EADDRNOTAVAIL}  # what says that it was so already


class Refused(NodeError):
    """`ip` ended with an error; ``said`` is what it printed about it."""

    def __init__(self, command: Sequence[str], said: str) -> None:
        super().__init__(f"'{' '.join(command)}' failed: {said}.")
        self.said = said


def run_ip(arguments: Sequence[str], lines: str = "") -> str:
    """Run `ip`; the only place where it is started."""
    command = ["ip", *arguments]
    for _try in range(TRIES):
        try:
            done = programs.run(command, input=lines, capture_output=True, text=True, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise NodeError(f"'{' '.join(command)}' could not be run ({exc}): is iproute2 installed?") from exc
        if done.returncode != 0:
            raise Refused(command, done.stderr.strip() or f"exit code {done.returncode}")
        if _INTERRUPTED not in done.stderr:
            return str(done.stdout)
    raise restless("addresses or routes")


def missing(run: Run = run_ip) -> str:
    """Why `ip` cannot be used here, a clause; empty where it can."""
    try:
        printed = run(["-json", "route", "show", "default"])
        json.loads(printed or "[]")
    except NodeError as exc:
        return str(exc).rstrip(".")
    except ValueError:
        return f"'ip -json route' prints no JSON: {printed.splitlines()[0]}"
    return ""


def version(run: Run = run_ip) -> str | None:
    """What `ip` says of itself, such as 6.1.0; None without it."""
    try:
        found = re.search(r"iproute2-(\S+?),?(?:\s|$)", run(["-Version"]))
    except NodeError:
        return None
    return found[1] if found else None


class IpRoute:
    """`ip` in the process's network namespace. See :class:`.live.Live`.

    Args:
        run: how `ip` is run (tests).
    """

    def __init__(self, run: Run = run_ip) -> None:
        self._run = run

    def __enter__(self) -> IpRoute:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing is kept open."""

    def links(self) -> tuple[Link, ...]:
        """See :class:`.live.Live`."""
        return tuple(map(_link, self._shown()))

    def held(self) -> tuple[Held, ...]:
        """See :class:`.live.Live`."""
        return tuple(_held(self._shown()))

    def both(self) -> tuple[tuple[Link, ...], tuple[Held, ...]]:
        """Links and addresses of one moment."""
        shown = self._shown()
        return tuple(map(_link, shown)), tuple(_held(shown))

    def routes(self) -> tuple[Route, ...]:
        """See :class:`.live.Live`."""
        return tuple(
            route
            for family in (4, 6)
            for raw in self._json(f"-{family}", "route", "show", "default")
            for route in _route(family, raw)
        )

    def apply(self, steps: Sequence[Step]) -> None:
        """See :class:`.live.Live`. One `ip` for all of them; it stops at the first refusal and tells its line."""
        left = list(steps)
        while left:
            try:
                self._run(["-batch", "-"], lines="".join(f"{line(step)}\n" for step in left))
                return
            except Refused as exc:
                done, words = _failed(exc.said), _first(exc.said)
                if not 0 < done <= len(left):
                    raise
                step, code = left[done - 1], _code(words)
                if code != _DONE.get(step.action):
                    raise refused(step, code, words) from exc
                left = left[done:]

    def _shown(self) -> list[Mapping[str, Any]]:
        # Some versions print an empty object for what they leave out.
        return [link for link in self._json("address", "show") if "ifname" in link]

    def _json(self, *arguments: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = json.loads(self._run(["-json", *arguments]) or "[]")
        return found


class Addresses:
    """The overlay addresses of this node, for its own program.

    Args:
        run: how `ip` is run (tests).
        kept: where it is written down what is held here, before it goes up and until it goes down; None: nowhere.
    """

    def __init__(self, run: Run = run_ip, kept: Kept | None = None) -> None:
        self._live, self._kept = IpRoute(run), kept

    def up(self, addresses: Iterable[str], interface: str = AUTO, label: str = AUTO, *, dry_run: bool = False) -> bool:
        """Bring the addresses up on the interface, wherever else they were; whether anything was (to be) done.

        Raises:
            AddressError: refused by the kernel.
            plan.PlanError: no such interface, no default route, or a label that cannot be.
        """
        return self._apply(Request(tuple(addresses), interface, label, PRESENT), dry_run)

    def down(self, addresses: Iterable[str]) -> bool:
        """Take the addresses down wherever they are; whether anything was done."""
        named = tuple(addresses)
        if self._kept is not None:
            self._kept.release(named)
        return self._apply(Request(named, state=ABSENT), False)

    def keep(self, addresses: Iterable[str]) -> None:
        """Write down that they are held here, as far as they are live."""
        if self._kept is not None:
            self._kept.keep(self.held(addresses))

    def held(self, addresses: Iterable[str]) -> list[Held]:
        """Where the addresses are live now."""
        wanted = {cidr.partition("/")[0] for cidr in addresses}
        return [held for held in self._live.held() if held.address in wanted]

    def _apply(self, request: Request, dry_run: bool) -> bool:
        links, held = self._live.both()
        need_default = request.interface == AUTO and request.state == PRESENT
        node = Node(links, held, self._live.routes() if need_default else ())
        decisions = plan(request, node)
        steps = [step for decision in decisions for step in decision.steps]
        if dry_run:
            return bool(steps)
        new: list[str] = []
        if self._kept is not None and request.state == PRESENT:
            new = self._kept.keep(decision.overlay for decision in decisions)
        try:
            self._live.apply(steps)
        except NodeError:
            if self._kept is not None:
                self._kept.release(new)
            raise
        return bool(steps)


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(raw["ifindex"], raw["ifname"], raw.get("address", ""), "UP" in raw.get("flags", ()))


def _held(links: Iterable[Mapping[str, Any]]) -> Iterator[Held]:
    for link in links:
        for raw in link.get("addr_info", ()):
            if "local" not in raw:
                continue
            label = raw.get("label", "")
            yield Held(
                address=raw["local"],
                prefixlen=raw["prefixlen"],
                interface=link["ifname"],
                label="" if label == link["ifname"] else label,
                permanent=not raw.get("dynamic") and raw.get("valid_life_time", _FOREVER) == _FOREVER,
                deprecated=bool(raw.get("deprecated")) or raw.get("preferred_life_time") == 0,
            )


def _route(family: int, raw: Mapping[str, Any]) -> Iterator[Route]:
    """A default route; of a multipath one the first way."""
    way = raw if "dev" in raw else next(iter(raw.get("nexthops", ())), {})
    if raw.get("type", "unicast") == "unicast" and "dev" in way:
        yield Route(family, way["dev"], raw.get("metric", 0), way.get("gateway", ""), raw.get("prefsrc", ""))


def line(step: Step) -> str:
    """A step as `ip -batch` takes it; `replace` because a repeated request must not fail."""
    overlay = step.overlay
    if step.action == DELETE:
        return f"address delete {overlay.cidr} dev {overlay.interface}"
    words = f"address replace {overlay.cidr} dev {overlay.interface}"
    if overlay.family == 6:
        # Never a source address, and no neighbour to ask: a VPC routes it.
        return f"{words} nodad valid_lft forever preferred_lft 0"
    return f"{words} label {overlay.label}" if overlay.label and step.action == ADD else words


def _failed(said: str) -> int:
    """The number of the line that failed; 0 where it is not told."""
    found = re.search(r"Command failed \S+?:(\d+)", said)
    return int(found[1]) if found else 0


def _first(said: str) -> str:
    """The reason in what `ip` prints: without its prefixes, and without "Command failed"."""
    text = next((words for words in said.splitlines() if not words.startswith("Command failed")), said)
    return re.sub(r"^(?:RTNETLINK answers|Error): (?:ipv[46]: )?", "", text).rstrip(". ")


def _code(words: str) -> int:
    """The errno behind these words; 0 where they name none."""
    return _ERRNOS.get(words) or next((code for text, code in _WORDS.items() if words.startswith(text)), 0)
