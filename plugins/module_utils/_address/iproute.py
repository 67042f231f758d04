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
from .live import NO_FAMILY, TRIES, TURNED, NodeError, not_turned, refused, restless
from .plan import ADD, DELETE, MAIN, Held, Link, Route, Rule, Step
from .source import Turn

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

_TABLES = {"local": 255, "main": MAIN, "default": 253}
_PLAIN_RULE = {"priority", "src", "srclen", "table", "protocol"}


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
        shown = ("route", "show", "table", "all", "default")
        return tuple(r for family in (4, 6) for raw in self._of(family, *shown) for r in _route(family, raw))

    def rules(self) -> tuple[Rule, ...]:
        """See :class:`.live.Live`."""
        return tuple(rule for family in (4, 6) for raw in self._of(family, "rule", "show") for rule in _rule(raw))

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

    def steer(self, turns: Sequence[Turn]) -> None:
        """See :class:`.live.Live`."""
        for turn in turns:
            try:
                self._run(turn_words(turn).split())
            except Refused as exc:
                words = _first(exc.said)
                if _code(words) not in TURNED[turn.action]:
                    raise not_turned(turn, words) from exc

    def _of(self, family: int, *arguments: str) -> list[Mapping[str, Any]]:
        """With the tables' numbers; before iproute2 5.1, which could not tell them, a table with a name is left out.

        A kernel without IPv6 has nothing to show.
        """
        try:
            return self._json("-Numeric", f"-{family}", *arguments)
        except Refused as exc:
            if "unknown" in exc.said:
                return self._json(f"-{family}", *arguments)
            if family == 6 and _code(_first(exc.said)) in NO_FAMILY:
                return []
            raise

    def _shown(self) -> list[Mapping[str, Any]]:
        # Some versions print an empty object for what they leave out.
        return [link for link in self._json("address", "show") if "ifname" in link]

    def _json(self, *arguments: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = json.loads(self._run(["-json", *arguments]) or "[]")
        return found


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
    """A default route; of a multipath one every way."""
    table = _table(raw)
    if raw.get("type", "unicast") == "unicast" and table:
        for way in [raw] if "dev" in raw else raw.get("nexthops", ()):
            if "dev" in way:
                metric, source = raw.get("metric", 0), raw.get("prefsrc", "")
                yield Route(family, way["dev"], metric, way.get("gateway", ""), source, table)


def _rule(raw: Mapping[str, Any]) -> Iterator[Rule]:
    """A rule that goes by the source and by nothing else."""
    table = _table(raw)
    if raw["src"] != "all" and table and raw.keys() <= _PLAIN_RULE:
        length = f"/{raw['srclen']}" if "srclen" in raw else ""
        yield Rule(f"{raw['src']}{length}", table, raw["priority"])


def _table(raw: Mapping[str, Any]) -> int:
    """The number of a table; 0 where only its name is shown."""
    name = str(raw.get("table", MAIN))
    return _TABLES.get(name) or (int(name) if name.isdigit() else 0)


def turn_words(turn: Turn) -> str:
    """A turn as iproute2 takes it; `onlink`, since the table has no route to the gateway."""
    what, add = turn.what, turn.action == ADD
    if isinstance(what, Rule):
        words = f"from {what.source} lookup {what.table} priority {what.priority}"
        return f"-{what.family} rule {'add' if add else 'delete'} {words}"
    via = f"default via {what.gateway} dev {what.interface} table {what.table}"
    return f"-{what.family} route {f'replace {via} onlink' if add else f'delete {via}'}"


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
