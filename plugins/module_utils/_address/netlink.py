# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by netlink. The only file that imports pyroute2.

Works alike with pyroute2 0.7.2 (Debian 12's package) and the newest. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import importlib
import importlib.util
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

from .live import NO_FAMILY, TRIES, TURNED, not_turned, refused, restless
from .plan import ADD, DELETE, DEPRECATE, Held, Link, Route, Rule, Step
from .source import Turn


def _part() -> Any:
    """pyroute2 without what its own ``__init__`` imports besides, which takes half of the time or more.

    Raises:
        Exception: it is not there, or is one whose parts cannot be imported alone.
    """
    spec = importlib.util.find_spec("pyroute2")
    if spec is None or "pyroute2" in sys.modules:
        raise ImportError("No part of pyroute2")
    package: Any = importlib.util.module_from_spec(spec)
    sys.modules["pyroute2"] = package
    try:
        package.IPRoute = importlib.import_module("pyroute2.iproute").IPRoute
        package.__version__ = importlib.import_module("pyroute2.config.version").__version__
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "pyroute2"]:
            del sys.modules[name]
        raise
    return package


try:
    try:
        pyroute2 = _part()
    except Exception:
        pyroute2 = importlib.import_module("pyroute2")
    from pyroute2.netlink.exceptions import NetlinkError

    MISSING = ""
except Exception as exc:  # not only ImportError: some versions break on some Pythons while they are imported
    pyroute2 = None
    NetlinkError = OSError
    MISSING = f"{type(exc).__name__}: {exc}"

VERSION: str | None = getattr(pyroute2, "__version__", None)

_BITS = {4: 32, 6: 128}
_PLAIN_RULE = {"FRA_SRC", "FRA_TABLE", "FRA_PRIORITY", "FRA_PROTOCOL", "FRA_SUPPRESS_PREFIXLEN"}
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_UNICAST = 1
_LOOKUP = 1  # what a rule does: look a table up
_ONLINK = 4
_IFF_UP = 0x1
_IFA_F_NODAD = 0x02  # nobody else on this link has the address: VPC routes are not neighbours
_IFA_F_DEPRECATED = 0x20
_IFA_F_PERMANENT = 0x80
_FOREVER = 0xFFFFFFFF
_NLM_F_DUMP_INTR = 0x10  # pyroute2 0.9 leaves it to us;
_INTERRUPTED = -1  # older ones raise an error with this code
_DONE = {ADD: errno.EEXIST, DELETE: errno.EADDRNOTAVAIL}  # what says that it was so already


class Netlink:
    """A netlink socket in the process's network namespace; use it as a context manager. See :class:`.live.Live`."""

    def __init__(self) -> None:
        self._ipr: Any = pyroute2.IPRoute()
        self._known: dict[int, str] = {}

    def __enter__(self) -> Netlink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ipr.close()

    def links(self) -> tuple[Link, ...]:
        """See :class:`.live.Live`."""
        found = tuple(
            Link(m["index"], m.get_attr("IFLA_IFNAME"), m.get_attr("IFLA_ADDRESS") or "", bool(m["flags"] & _IFF_UP))
            for m in self._dump("interfaces", lambda ipr: ipr.get_links())
        )
        self._known = {link.index: link.name for link in found}
        return found

    def held(self) -> tuple[Held, ...]:
        """See :class:`.live.Live`."""
        names = self._names()
        return tuple(_held(m, names.get(m["index"], "")) for m in self._dump("addresses", lambda ipr: ipr.get_addr()))

    def routes(self) -> tuple[Route, ...]:
        """See :class:`.live.Live`."""
        return tuple(route for family in _FAMILY for route in self._routes(family))

    def apply(self, steps: Sequence[Step]) -> None:
        """See :class:`.live.Live`."""
        for step in steps:
            verb = "delete" if step.action == DELETE else "replace" if step.action == DEPRECATE else "add"
            try:
                self._ipr.addr(verb, **self._message(step))
            except NetlinkError as exc:
                if exc.code != _DONE.get(step.action):
                    raise refused(step, exc.code) from exc

    def rules(self) -> tuple[Rule, ...]:
        """See :class:`.live.Live`."""
        return tuple(rule for family in _FAMILY for rule in self._rules(family))

    def steer(self, turns: Sequence[Turn]) -> None:
        """See :class:`.live.Live`."""
        for turn in turns:
            what, add = turn.what, turn.action == ADD
            try:
                if isinstance(what, Rule):
                    address, _slash, length = what.source.partition("/")
                    words = {"src": address, "src_len": int(length or _BITS[what.family]), "priority": what.priority}
                    self._ipr.rule("add" if add else "delete", family=_FAMILY[what.family], table=what.table, **words)
                else:
                    self._ipr.route("replace" if add else "delete", **self._default(what, add))
            except NetlinkError as exc:
                if exc.code not in TURNED[turn.action]:
                    raise not_turned(turn, os.strerror(exc.code)) from exc

    def _default(self, route: Route, add: bool) -> dict[str, Any]:
        indexes = {name: index for index, name in self._names().items()}
        if route.interface not in indexes:
            raise not_turned(Turn(ADD if add else DELETE, route), os.strerror(errno.ENODEV))
        where = {"oif": indexes[route.interface], "gateway": route.gateway, "table": route.table}
        # By its length alone: what a default destination is written as differs between versions.
        message = {"family": _FAMILY[route.family], "dst_len": 0, **where}
        return {**message, "flags": _ONLINK} if add else message

    def _rules(self, family: int) -> Iterator[Rule]:
        """Those that go by the source and by nothing else."""
        try:
            found = self._dump("rules", lambda ipr: ipr.get_rules(family=_FAMILY[family]))
        except NetlinkError as exc:
            if family == 6 and exc.code in NO_FAMILY:
                return
            raise
        for rule in found:
            given = {name for name, _value in rule["attrs"]}
            source = rule.get_attr("FRA_SRC")
            plain = given <= _PLAIN_RULE and not rule["dst_len"] and not rule["flags"] and rule["action"] == _LOOKUP
            if source and plain:
                length = "" if rule["src_len"] == _BITS[family] else f"/{rule['src_len']}"
                yield Rule(f"{source}{length}", rule.get_attr("FRA_TABLE"), rule.get_attr("FRA_PRIORITY") or 0)

    def _routes(self, family: int) -> Iterator[Route]:
        names = self._names()
        af = _FAMILY[family]
        for route in self._dump("routes", lambda ipr: ipr.get_routes(family=af)):
            if route["dst_len"] == 0 and route["type"] == _UNICAST:
                metric, source = route.get_attr("RTA_PRIORITY") or 0, route.get_attr("RTA_PREFSRC") or ""
                table = route.get_attr("RTA_TABLE") or route["table"]
                for index, gateway in _ways(route):
                    if index in names:
                        yield Route(family, names[index], metric, gateway, source, table)

    def _dump(self, what: str, ask: Callable[[Any], Iterable[Any]]) -> list[Any]:
        """A whole list. The kernel says where it changed while it was read: then it is asked for again."""
        for _try in range(TRIES):
            try:
                found = list(ask(self._ipr))
            except NetlinkError as exc:
                if exc.code != _INTERRUPTED:
                    raise
                self._ipr.close()  # with what is left of the list in it
                self._ipr = pyroute2.IPRoute()
            else:
                if not any(message["header"]["flags"] & _NLM_F_DUMP_INTR for message in found):
                    return found
        raise restless(what)

    def _names(self) -> dict[int, str]:
        """Names by index, of the links as they were last read: one dump serves a whole run."""
        if not self._known:
            self.links()
        return self._known

    def _message(self, step: Step) -> dict[str, Any]:
        overlay = step.overlay
        indexes = {name: index for index, name in self._names().items()}
        if overlay.interface not in indexes:
            indexes = {link.name: link.index for link in self.links()}
        if overlay.interface not in indexes:
            raise refused(step, errno.ENODEV)
        message: dict[str, Any] = {
            "index": indexes[overlay.interface],
            "family": _FAMILY[overlay.family],
            "address": overlay.address,
            "prefixlen": overlay.prefixlen,
        }
        if step.action == DELETE:
            return message
        if overlay.family == 6:
            # Up to 0.8 pyroute2 takes lifetimes from `cacheinfo` alone and drops the others without a word; from 0.9 on
            # it is the other way round. In this order every version sends them.
            message.update(flags=_IFA_F_NODAD, preferred_lft=0, valid_lft=_FOREVER)
            message["cacheinfo"] = {"preferred": 0, "valid": _FOREVER}
        elif overlay.label:
            message["label"] = overlay.label
        return message


def _ways(route: Any) -> list[tuple[int, str]]:
    """The interface's index and the gateway of a route, of a multipath one each."""
    paths = route.get_attr("RTA_MULTIPATH")
    if paths:
        return [(int(path["oif"]), path.get_attr("RTA_GATEWAY") or "") for path in paths]
    return [(int(route.get_attr("RTA_OIF") or 0), route.get_attr("RTA_GATEWAY") or "")]


def _held(message: Any, interface: str) -> Held:
    flags = message.get_attr("IFA_FLAGS") or message["flags"]
    label = message.get_attr("IFA_LABEL") or ""
    return Held(
        address=message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"),
        prefixlen=message["prefixlen"],
        interface=interface,
        label="" if label == interface else label,  # the kernel labels every IPv4 address with its interface's name
        permanent=bool(flags & _IFA_F_PERMANENT),
        deprecated=bool(flags & _IFA_F_DEPRECATED),
    )
