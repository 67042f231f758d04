# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who configures an interface. Read from /run, never guessed from the distribution's name; pure but for the host.

A manager's files in /run outlive it, so each is believed only while its unit runs.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

from ..plan import Link
from .tree import Host, PersistError

UNIT = "systemd_unit"
NM_REAPPLY = (1, 42)
"""The first NetworkManager whose dispatcher hears of `reapply`."""

_LINKS = "/run/systemd/netif/links/"


@dataclass(frozen=True)
class Owner:
    """``source``: the active .network file, the connection's UUID or the ifcfg file; ``why``: one clause for people."""

    method: str
    source: str
    why: str


def owner_for(host: Host, link: Link, method: str = "auto") -> Owner:
    """The owner of an interface, or the owner that the user names.

    Raises:
        PersistError: the user names a stack that has nothing to attach the address to.
    """
    if method == "auto":
        return detect(host, link)
    if method == "ifcfg" and _networkmanager(host, link) is not None:
        raise PersistError(
            f"persistence=ifcfg, but NetworkManager configures {link.name}, and deletes alias files whenever it writes"
            " the connection: use persistence=auto."
        )
    found = _NAMED.get(method, _nothing)(host, link)
    if found is not None:
        return Owner(method, found.source, f"persistence={method}")
    if method in ("networkd", "networkmanager_profile", "wicked"):
        raise PersistError(
            f"persistence={method}, but {link.name} is not configured by it (found: {detect(host, link).why}):"
            " use persistence=auto or persistence=systemd_unit."
        )
    return Owner(method, "", f"persistence={method}")


def detect(host: Host, link: Link) -> Owner:
    """The stack that configures the interface now."""
    for look in (_networkmanager, _networkd, _wicked, _ifupdown, _network_scripts):
        found = look(host, link)
        if found is not None:
            return found
    return Owner(UNIT, "", f"no known network stack configures {link.name}")


def _networkmanager(host: Host, link: Link) -> Owner | None:
    if not host.active("NetworkManager.service"):
        return None
    state = _assignments(host.read(f"/run/NetworkManager/devices/{link.index}"))
    uuid = state.get("connection-uuid", "")
    if state.get("managed") != "true" or not uuid:
        return None
    version = _nm_version(host.output("nmcli", "--version") or "")
    if version and version < NM_REAPPLY:
        why = f"NetworkManager {'.'.join(map(str, version))} (older than 1.42: in the profile)"
        return Owner("networkmanager_profile", uuid, why)
    return Owner("networkmanager", uuid, "NetworkManager")


def _networkd(host: Host, link: Link) -> Owner | None:
    if not host.active("systemd-networkd.service"):
        return None
    state = _assignments(host.read(f"{_LINKS}{link.index}"))
    source = state.get("NETWORK_FILE", "")
    if state.get("ADMIN_STATE", "unmanaged") == "unmanaged" or not source:
        return None
    others = [path for path in host.glob(f"{_LINKS}*") if path != f"{_LINKS}{link.index}"]
    if any(_assignments(host.read(path)).get("NETWORK_FILE") == source for path in others):
        # A drop-in of this file would put the address on every interface that it matches.
        return Owner(UNIT, "", f"systemd-networkd, but {source} configures several interfaces")
    netplan = " (netplan)" if re.match(r"/run/systemd/network/\d+-netplan-", source) else ""
    return Owner("networkd", source, f"systemd-networkd{netplan}, {source}")


def _wicked(host: Host, link: Link) -> Owner | None:
    source = f"/etc/sysconfig/network/ifcfg-{link.name}"
    if host.read(source) is not None and host.active("wickedd.service"):
        return Owner("wicked", source, f"wicked, {source}")
    return None


def _ifupdown(host: Host, link: Link) -> Owner | None:
    if host.read("/etc/network/interfaces") is None:
        return None
    state = _assignments(host.read("/run/network/ifstate"))
    return Owner("ifupdown", "", "ifupdown") if link.name in state else None


def _network_scripts(host: Host, link: Link) -> Owner | None:
    source = f"/etc/sysconfig/network-scripts/ifcfg-{link.name}"
    if host.read(source) is None:
        return None
    # One other interface that fails makes the whole unit a failed one; this one is up all the same.
    runs = host.active("network.service") or host.failed("network.service")
    if runs or host.read(f"/run/dhclient-{link.name}.pid") is not None:
        return Owner("ifcfg", source, f"network-scripts, {source}")
    return None


def _nothing(host: Host, link: Link) -> Owner | None:
    return None


_NAMED: dict[str, Callable[[Host, Link], Owner | None]] = {
    "networkd": lambda host, link: _only("networkd", _networkd(host, link)),
    "networkmanager_profile": _networkmanager,
    "wicked": _wicked,
}


def _only(method: str, found: Owner | None) -> Owner | None:
    return found if found is not None and found.method == method else None


def _assignments(text: str | None) -> dict[str, str]:
    """KEY=value lines of a state file."""
    pairs = (line.partition("=") for line in (text or "").splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _sign, value in pairs}


def _nm_version(text: str) -> tuple[int, int] | None:
    """From "nmcli tool, version 1.42.4" or "1.42.4-1.fc38"."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
