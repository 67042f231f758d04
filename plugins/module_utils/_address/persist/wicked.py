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

from ..._base.deployment import USUAL
from ..plan import Overlay
from .text import slug
from .tree import PersistError, Tree

PATTERN = "/etc/sysconfig/network/ifcfg-*"
_OURS = re.compile(r"^(?:IPADDR|LABEL|DEPLOYMENT)_awsoverlay_\w+=.*\n?", re.MULTILINE)
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
    if overlay.deployment != USUAL:
        lines.append(f"DEPLOYMENT_{suffix}='{overlay.deployment}'")  # wicked reads over what it does not know
    # Ours stand at the end in a fixed order, so that one written again is no change.
    ours = [found[0].strip() for found in _OURS.finditer(text)] + lines
    ours.sort(key=lambda line: (line[line.index("_") : line.index("=")], line))
    rest = _OURS.sub("", text).rstrip("\n")
    tree.write(source, "\n".join(([rest] if rest else []) + ours) + "\n")


def erase(tree: Tree, address: str) -> None:
    """Take our variables for the address out of every ifcfg file."""
    ours = re.compile(rf"^(?:IPADDR|LABEL|DEPLOYMENT)_awsoverlay_{slug(address, '_')}=.*\n?", re.MULTILINE)
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
            label, whose = (
                re.search(rf"^{name}_awsoverlay_{entry['slug']}='(.*)'$", text, re.MULTILINE)
                for name in ("LABEL", "DEPLOYMENT")
            )
            name = f"{interface}:{label[1]}" if label else ""
            owner = whose[1] if whose else USUAL
            found.append((path, Overlay(entry["address"], int(entry["length"]), interface, name, deployment=owner)))
    return found
