# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Persistence: which network stack owns an interface, and what makes an overlay IP survive there.

One small pure writer for each stack, one detection, one installer. Saving an address first erases it from every
stack's files: a node that moved from one to another keeps nothing of the old one.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from typing import Callable

from ..plan import Link, Overlay
from . import ifcfg, ifupdown, networkd, networkmanager, unit, wicked
from .owner import UNIT, Owner, detect, owner_for
from .text import marked, slug
from .tree import PROFILE, Change, Host, PersistError, Tree

__all__ = [
    "METHODS",
    "PROFILE",
    "UNIT",
    "Change",
    "Host",
    "Owner",
    "PersistError",
    "Tree",
    "detect",
    "erase",
    "files",
    "flushes_labels",
    "foreign_labels",
    "keep_unknown",
    "method_of",
    "own_addresses",
    "owner_for",
    "read_now",
    "save",
    "saved",
]

_WRITERS: dict[str, Callable[[Tree, Overlay, str], None]] = {
    "networkd": networkd.write,
    "networkmanager": networkmanager.write_script,
    "networkmanager_profile": networkmanager.write_profile,
    "ifupdown": ifupdown.write,
    "wicked": wicked.write,
    "ifcfg": ifcfg.write,
    UNIT: unit.write,
}
METHODS = tuple(_WRITERS)

# Files that are ours as a whole, known by the mark inside; and what joins the parts of an address in their names.
_PATTERNS = (
    ("networkd", networkd.PATTERN, "-"),
    ("networkmanager", networkmanager.PATTERN, "-"),
    ("ifupdown", ifupdown.PATTERN, "-"),
    ("ifcfg", ifcfg.PATTERN, ""),
    ("ifcfg", ifcfg.LEASE_PATTERN, "_"),
    (UNIT, unit.PATTERN, "-"),
)


def effective(method: str, overlay: Overlay) -> str:
    """The method that can do it: an alias file cannot keep IPv6 from being the source of outbound traffic, and needs a
    label; neither it nor wicked's file of addresses holds rules."""
    if overlay.way and method in ("wicked", "ifcfg"):
        return UNIT
    return UNIT if method == "ifcfg" and not overlay.label else method


def save(tree: Tree, overlay: Overlay, owner: Owner) -> str:
    """Let the address survive by ``owner.method``, and by no other; return the method in effect.

    Raises:
        PersistError: the file that must be edited is missing, or a file that is not ours is in the way.
    """
    erase(tree, overlay.address)
    method = effective(owner.method, overlay)
    _WRITERS[method](tree, overlay, owner.source)
    return method


def erase(tree: Tree, address: str) -> None:
    """Let no file of ours name the address."""
    for _method, pattern, joint in _PATTERNS:
        paths = tree.glob(pattern.format(slug=slug(address, joint)))
        tree.remove(p for p in paths if (found := marked(tree.read(p))) and found.address == address)
    if tree.read(unit.PATTERN.format(slug=slug(address))) is None:
        unit.erase(tree, address)
    wicked.erase(tree, address)
    networkmanager.erase_profile(tree, address)


def keep_unknown(tree: Tree, interfaces: Iterable[str]) -> None:
    """Tell the stacks of these interfaces, as far as they can be told, to leave alone what is in none of their files.

    For what a failover engine takes and gives up. Without interfaces, take it back everywhere.
    """
    networkd.unkeep(tree)
    for name in dict.fromkeys(interfaces):
        index = (tree.read(f"/sys/class/net/{name}/ifindex") or "").strip()
        owner = owner_for(tree.host, Link(int(index), name)) if index.isdigit() else None
        if owner is not None and owner.method == "networkd":
            networkd.keep(tree, owner.source)


def saved(tree: Tree) -> list[tuple[str, str, Overlay]]:
    """All that is saved: method, file, overlay."""
    found = [
        (method, path, overlay)
        for method, pattern, _joint in _PATTERNS
        for path in tree.glob(pattern.format(slug="*"))
        if (overlay := marked(tree.read(path)))
    ]
    return found + [("wicked", path, overlay) for path, overlay in wicked.saved(tree)]


def own_addresses(host: Host) -> frozenset[str]:
    """The addresses that a DHCP client has got and sets without a lifetime."""
    return wicked.own(host)


def foreign_labels(tree: Tree) -> list[str]:
    """The labels that files of somebody else's give to addresses."""
    return ifcfg.foreign_labels(tree)


def flushes_labels(host: Host, link: Link | None, persistence: str, keep: bool) -> bool:
    """Whether the stack of the interface deletes addresses with a label for which it has no file, and will have none:
    `ifup` of network-scripts does, also on an interface that is up."""
    written = keep and persistence in ("auto", "ifcfg")
    return link is not None and not written and detect(host, link).method == "ifcfg"


def read_now(tree: Tree, address: str, links: Collection[Link]) -> list[str]:
    """The files that hold the address and are read by the stack that configures its interface now: only these bring it
    back. An agent may give the interface another .network file, or another stack may take it over, and ours stays
    where it was."""
    there = {link.name: link for link in links}
    found = []
    for method, path, overlay in saved(tree):
        if overlay.address == address and overlay.interface in there:
            owner = detect(tree.host, there[overlay.interface])
            if _reads(tree, owner, method, path):
                found.append(path)
            if owner.method.startswith("networkmanager"):
                profile = f"{PROFILE}{owner.source}"
                found += [profile] if profile in files(tree, {address}) else []
    return sorted(set(found))


def _reads(tree: Tree, owner: Owner, method: str, path: str) -> bool:
    """Whether the owner of the interface reads this file of the method by itself."""
    if method == UNIT:  # whoever owns it
        return unit.enabled(tree, path)
    if method == "networkd":
        return owner.method == method and path == networkd.place(path, owner.source)
    if method == "networkmanager":
        return owner.method in (method, "networkmanager_profile")
    if method == "wicked":
        return owner.method == method and path == owner.source
    return owner.method == method and not fnmatch.fnmatchcase(path, ifcfg.LEASE_PATTERN.format(slug="*"))


def files(tree: Tree, addresses: Collection[str]) -> list[str]:
    """The files and profiles that hold any of the addresses."""
    found = {path for _method, path, overlay in saved(tree) if overlay.address in addresses}
    for path in tree.glob(networkmanager.PROFILES):
        if any(line.partition("/")[0] in addresses for line in (tree.read(path) or "").split()):
            found.add(path)
    return sorted(found)


def method_of(paths: Collection[str]) -> str:
    """The method that has left these files of one address, from :func:`files`."""
    if any(path.startswith(PROFILE) for path in paths):
        return "networkmanager_profile"
    matches = (m for m, p, _joint in _PATTERNS if any(fnmatch.fnmatchcase(path, p.format(slug="*")) for path in paths))
    return next(matches, "wicked")
