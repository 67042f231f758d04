# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by netlink. The only file that imports pyroute2.

Works alike with pyroute2 0.7.2 (Debian 12's package) and the newest. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import os
import socket
from types import TracebackType
from typing import Any

from .plan import Held, Link, Overlay

try:
    import pyroute2
    from pyroute2.netlink.exceptions import NetlinkError

    MISSING = ""
except Exception as exc:  # not only ImportError: some versions break on some Pythons while they are imported
    pyroute2 = None
    NetlinkError = OSError
    MISSING = f"{type(exc).__name__}: {exc}"

VERSION: str | None = getattr(pyroute2, "__version__", None)

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_MAIN_TABLE = 254
_IFF_UP = 0x1
_IFA_F_NODAD = 0x02  # nobody else on this link has the address: VPC routes are not neighbours
_IFA_F_DEPRECATED = 0x20
_IFA_F_PERMANENT = 0x80
_FOREVER = 0xFFFFFFFF


class NodeError(RuntimeError):
    """The kernel refused. The text is a whole sentence with the remedy."""


class Netlink:
    """A netlink socket in the process's network namespace; use it as a context manager."""

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
        """All network interfaces."""
        found = tuple(
            Link(m["index"], m.get_attr("IFLA_IFNAME"), m.get_attr("IFLA_ADDRESS") or "", bool(m["flags"] & _IFF_UP))
            for m in self._ipr.get_links()
        )
        self._known = {link.index: link.name for link in found}
        return found

    def held(self) -> tuple[Held, ...]:
        """All live addresses."""
        names = self._names()
        return tuple(_held(m, names.get(m["index"], "")) for m in self._ipr.get_addr())

    def default(self) -> dict[int, str]:
        """Family -> the interface of the default route that wins (the lowest metric)."""
        names = self._names()
        found = {}
        for family, af in _FAMILY.items():
            routes = [r for r in self._ipr.get_routes(family=af, table=_MAIN_TABLE) if r["dst_len"] == 0]
            usable = [(r.get_attr("RTA_PRIORITY") or 0, index) for r in routes if (index := _oif(r)) in names]
            if usable:
                found[family] = names[min(usable)[1]]
        return found

    def _names(self) -> dict[int, str]:
        """Names by index, of the links as they were last read: one dump serves a whole run."""
        if not self._known:
            self.links()
        return self._known

    def add(self, overlay: Overlay) -> None:
        """Put an address on its interface; one that is there already stays."""
        try:
            self._ipr.addr("add", **self._message(overlay))
        except NetlinkError as exc:
            if exc.code != errno.EEXIST:
                raise _explained(exc, overlay, "add") from exc

    def deprecate(self, overlay: Overlay) -> None:
        """Make an IPv6 address unfit as a source address, in place."""
        try:
            self._ipr.addr("replace", **self._message(overlay))
        except NetlinkError as exc:
            raise _explained(exc, overlay, "change") from exc

    def delete(self, overlay: Overlay) -> None:
        """Take an address off its interface; one that is not there is no error."""
        message = self._message(overlay)
        where = {key: message[key] for key in ("index", "family", "address", "prefixlen")}
        try:
            self._ipr.addr("delete", **where)
        except NetlinkError as exc:
            if exc.code != errno.EADDRNOTAVAIL:
                raise _explained(exc, overlay, "delete") from exc

    def _message(self, overlay: Overlay) -> dict[str, Any]:
        found = list(self._ipr.link_lookup(ifname=overlay.interface))
        if not found:
            raise NodeError(f"interface '{overlay.interface}' has vanished: run again when it is there.")
        message: dict[str, Any] = {
            "index": found[0],
            "family": _FAMILY[overlay.family],
            "address": overlay.address,
            "prefixlen": overlay.prefixlen,
        }
        if overlay.family == 6:
            # Up to 0.8 pyroute2 takes lifetimes from `cacheinfo` alone and drops the others without a word; from 0.9 on
            # it is the other way round. In this order every version sends them.
            message.update(flags=_IFA_F_NODAD, preferred_lft=0, valid_lft=_FOREVER)
            message["cacheinfo"] = {"preferred": 0, "valid": _FOREVER}
        elif overlay.label:
            message["label"] = overlay.label
        return message


def _oif(route: Any) -> int:
    """The index of a route's interface (of a multipath route the first one's); 0 where it has none."""
    paths = route.get_attr("RTA_MULTIPATH")
    return int(paths[0]["oif"] if paths else route.get_attr("RTA_OIF") or 0)


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


def _explained(exc: Any, overlay: Overlay, verb: str) -> NodeError:
    """A kernel's errno as a sentence."""
    what = f"cannot {verb} {overlay.cidr} on {overlay.interface}"
    code = exc.code
    if code == errno.EPERM:
        return NodeError(f"{what}: this needs root; set become: true for the task.")
    if code == errno.EACCES and overlay.family == 6:
        return NodeError(
            f"{what}: IPv6 is switched off there;"
            f" set sysctl net.ipv6.conf.{overlay.interface}.disable_ipv6 to 0, or leave the IPv6 overlay out."
        )
    return NodeError(f"{what}: {os.strerror(code)} ({errno.errorcode.get(code, code)}).")
