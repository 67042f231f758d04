# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown: a second stanza of the interface, in a file of our own. Pure.

ifupdown runs all stanzas of an interface, in the order in which it reads them; this one follows that of DHCP whenever
the interface is brought up. (An `inet static` alias stanza fails at a restart of networking: "Address already
assigned"; and an alias of its own is not brought up again by `ifup eth0`, so that IPv6 would be lost.)

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from ..plan import Overlay
from .text import ip_replace, ip_steer, mark, quietly, slug
from .tree import Tree

PATTERN = "/etc/network/interfaces.d/60-aws-overlay-ip-{slug}"


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is not used: ifupdown reads the whole directory."""
    family = "inet6" if overlay.family == 6 else "inet"
    commands = [ip_replace(overlay), *map(quietly, ip_steer(overlay))]
    text = f"{mark(overlay)}iface {overlay.interface} {family} manual\n"
    text += "".join(f"    up {command}\n" for command in commands)
    tree.write(PATTERN.format(slug=slug(overlay.address)), text)
