# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd: a drop-in beside the .network file that is active on the interface. Pure.

networkd drops every address that its files do not name when it reconfigures a link; `networkctl reload` after any
change of a file of the link, `netplan apply` and (257) a restart do that. The drop-in is one of its files. It is read
at the next of these events: nothing is reloaded now, since a reconfiguration gives up the DHCP lease.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath

from ..plan import Overlay
from ..source import PRIORITY
from .text import mark, slug
from .tree import Tree

PATTERN = "/etc/systemd/network/*.network.d/60-aws-overlay-ip-{slug}.conf"


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is the active .network file, wherever it is: netplan's and Amazon Linux's are in /run."""
    tree.write(place(PATTERN.format(slug=slug(overlay.address)), source), _text(overlay))


def place(drop_in: str, source: str) -> str:
    """The path that a drop-in must have for networkd to read it with this .network file."""
    return posixpath.join("/etc/systemd/network", f"{posixpath.basename(source)}.d", posixpath.basename(drop_in))


def _text(overlay: Overlay) -> str:
    lines = ["[Address]", f"Address={overlay.cidr}"]
    if overlay.family == 6:
        lines += ["PreferredLifetime=0", "DuplicateAddressDetection=none"]
    elif overlay.label:
        lines.append(f"Label={overlay.label}")
    way = overlay.way
    if way:
        # networkd deletes rules that its files do not name when it starts.
        if way.ours:
            lines += ["", "[Route]", f"Gateway={way.gateway}", "GatewayOnLink=yes", f"Table={way.table}"]
        rule = [f"From={overlay.cidr}", f"Table={way.table}", f"Priority={PRIORITY}"]
        lines += ["", "[RoutingPolicyRule]", *rule]
    return mark(overlay) + "\n".join(lines) + "\n"
