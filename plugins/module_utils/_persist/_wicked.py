# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wicked: two variables in the interface's ifcfg file, since wicked reads no other. Pure.

Fixed addresses stand beside BOOTPROTO='dhcp' (ifcfg(5)). Nothing else of the file changes, and nothing is reloaded:
wicked does not touch addresses that none of its leases owns.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re

from .._interface import Overlay
from ._text import slug
from ._tree import PersistError, Tree

PATTERN = "/etc/sysconfig/network/ifcfg-*"
_VARIABLE = re.compile(r"^IPADDR_awsoverlay_(?P<slug>\w+)='(?P<address>[0-9.]+)/(?P<length>\d+)'$", re.MULTILINE)


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is the interface's ifcfg file."""
    text = tree.read(source)
    if text is None:
        raise PersistError(
            f"{source} does not exist, so wicked does not configure {overlay.interface}: check interface."
        )
    suffix = f"awsoverlay_{slug(overlay.address, '_')}"
    lines = [f"IPADDR_{suffix}='{overlay.cidr}'"]
    if overlay.label:
        lines.append(f"LABEL_{suffix}='{overlay.label.partition(':')[2]}'")
    joint = "" if not text or text.endswith("\n") else "\n"
    tree.write(source, text + joint + "\n".join(lines) + "\n")


def erase(tree: Tree, address: str) -> None:
    """Take our variables for the address out of every ifcfg file."""
    ours = re.compile(rf"^(?:IPADDR|LABEL)_awsoverlay_{slug(address, '_')}=.*\n?", re.MULTILINE)
    for path in tree.glob(PATTERN):
        text = tree.read(path) or ""
        if ours.search(text):
            tree.write(path, ours.sub("", text))


def saved(tree: Tree) -> list[tuple[str, Overlay]]:
    """What the ifcfg files hold of ours, with the file."""
    found = []
    for path in tree.glob(PATTERN):
        text, interface = tree.read(path) or "", path.rpartition("ifcfg-")[2]
        for entry in _VARIABLE.finditer(text):
            label = re.search(rf"^LABEL_awsoverlay_{entry['slug']}='(.*)'$", text, re.MULTILINE)
            name = f"{interface}:{label[1]}" if label else ""
            found.append((path, Overlay(entry["address"], int(entry["length"]), interface, name)))
    return found
