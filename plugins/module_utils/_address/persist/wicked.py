# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wicked: two variables in the interface's ifcfg file, since wicked reads no other. Pure.

Fixed addresses stand beside BOOTPROTO='dhcp'; IP_OPTIONS of an IPv6 address keeps it from being a source address (both
ifcfg(5)). Nothing else of the file changes. When it is written nothing is reloaded: wicked does not touch addresses
that none of its leases owns.

When our lines go, wicked may have them in memory, since it has brought the interface up with them: its lease of static
addresses, which it writes to /run/wicked, says so. Then a restart of wickedd (each update of its package) would put a
removed address back. `wicked ifup` makes it read the file again; it deletes and adds no address that is live.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..._base.deployment import USUAL
from ..plan import Overlay
from .text import slug
from .tree import Change, Host, PersistError, Tree

PATTERN = "/etc/sysconfig/network/ifcfg-*"
_LEASES = "/run/wicked/leaseinfo.{interface}.{kind}.ipv{family}"
_POLICY = "/run/wicked/nanny/policy__{interface}.xml"
_LEASED = re.compile(r"^IPADDR\w*='?(?P<address>[0-9a-f.:]+)/\d+'?$", re.MULTILINE)
_NAMES = "IPADDR|LABEL|IP_OPTIONS|DEPLOYMENT"
_OURS = re.compile(rf"^(?:{_NAMES})_awsoverlay_\w+=.*\n?", re.MULTILINE)
_VARIABLE = re.compile(r"^IPADDR_awsoverlay_(?P<slug>\w+)='(?P<address>[0-9a-f.:]+)/(?P<length>\d+)'$", re.MULTILINE)
_SECONDS = 10  # that it waits for leases which are not there: longer than a good one takes
_HIDDEN = "preferred_lft 0 nodad"


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is the interface's ifcfg file."""
    text = tree.read(source)
    if text is None:
        raise PersistError(
            f"{source} does not exist, so wicked does not configure {overlay.interface}: check interface."
        )
    suffix = f"awsoverlay_{slug(overlay.address, '_')}"
    lines = [f"IPADDR_{suffix}='{overlay.cidr}'"]
    if overlay.family == 6:
        lines.append(f"IP_OPTIONS_{suffix}='{_HIDDEN}'")
    elif overlay.label:
        lines.append(f"LABEL_{suffix}='{overlay.label.partition(':')[2]}'")
    if overlay.deployment != USUAL:
        lines.append(f"DEPLOYMENT_{suffix}='{overlay.deployment}'")  # wicked reads over what it does not know
    # Ours stand at the end in a fixed order, so that one written again is no change.
    ours = [found[0].strip() for found in _OURS.finditer(text)] + lines
    ours.sort(key=lambda line: (line[line.index("_aws") : line.index("=")], line))
    rest = _OURS.sub("", text).rstrip("\n")
    tree.write(source, "\n".join(([rest] if rest else []) + ours) + "\n")


def erase(tree: Tree, address: str) -> None:
    """Take our variables for the address out of every ifcfg file."""
    ours = re.compile(rf"^(?:{_NAMES})_awsoverlay_{slug(address, '_')}=.*\n?", re.MULTILINE)
    for path in tree.glob(PATTERN):
        text = tree.read(path) or ""
        if ours.search(text):
            tree.write(path, ours.sub("", text))


def saved(tree: Tree) -> list[tuple[str, Overlay]]:
    """What the ifcfg files hold of ours, with the file."""
    return [(path, overlay) for path in tree.glob(PATTERN) for overlay in _overlays(path, tree.read(path) or "")]


def own(host: Host) -> frozenset[str]:
    """The addresses that wicked has by DHCP. It sets them without a lifetime, so that the kernel does not know."""
    paths = [path for family in (4, 6) for path in host.glob(_lease("*", "dhcp", family))]
    return frozenset(found["address"] for path in paths for found in _LEASED.finditer(host.read(path) or ""))


def commands(host: Host, changes: Iterable[Change]) -> list[list[str]]:
    """What wicked must be told after ifcfg files changed: nothing, unless it has in memory what they no longer say."""
    told = dict.fromkeys(overlay.interface for overlay in _gone(changes) if _remembered(host, overlay))
    return [["wicked", "ifup", "--timeout", str(_SECONDS), interface] for interface in told]


def left(host: Host, changes: Iterable[Change]) -> list[str]:
    """The addresses that nanny, which puts them back, has in its policy though the files no longer say them."""
    return [
        overlay.address
        for overlay in _gone(changes)
        if f"<local>{overlay.cidr}</local>" in (host.read(_POLICY.format(interface=overlay.interface)) or "")
    ]


def _gone(changes: Iterable[Change]) -> list[Overlay]:
    """What the files no longer say: an address, or one with this label."""
    return [
        overlay
        for change in changes
        if change.path.startswith(PATTERN[:-1])
        for overlay in _overlays(change.path, change.before or "")
        if overlay not in set(_overlays(change.path, change.after or ""))
    ]


def _overlays(path: str, text: str) -> Iterator[Overlay]:
    interface = path.rpartition("ifcfg-")[2]
    for entry in _VARIABLE.finditer(text):
        label, whose = (
            re.search(rf"^{name}_awsoverlay_{entry['slug']}='(.*)'$", text, re.MULTILINE)
            for name in ("LABEL", "DEPLOYMENT")
        )
        name = f"{interface}:{label[1]}" if label else ""
        owner = whose[1] if whose else USUAL
        yield Overlay(entry["address"], int(entry["length"]), interface, name, deployment=owner)


def _remembered(host: Host, overlay: Overlay) -> bool:
    text = host.read(_lease(overlay.interface, "static", overlay.family)) or ""
    return any(found["address"] == overlay.address for found in _LEASED.finditer(text))


def _lease(interface: str, kind: str, family: int) -> str:
    return _LEASES.format(interface=interface, kind=kind, family=family)
