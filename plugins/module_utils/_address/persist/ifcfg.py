# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""network-scripts, and NetworkManager's ifcfg-rh plugin: an alias file beside the interface's own. Pure.

The alias is read for DHCP interfaces too, and its device name becomes the label.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from ..plan import Overlay
from .text import mark
from .tree import PersistError, Tree

PATTERN = "/etc/sysconfig/network-scripts/ifcfg-*:*"


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is not used: an alias file is found by its name."""
    path = PATTERN.replace("*:*", overlay.label)
    if tree.read(path) is not None:
        raise PersistError(f"{path} exists and is not ours: choose another label than '{overlay.label}'.")
    lines = [f"DEVICE={overlay.label}", f"IPADDR={overlay.address}", f"PREFIX={overlay.prefixlen}", "ONPARENT=yes"]
    tree.write(path, mark(overlay) + "\n".join(lines) + "\n")
