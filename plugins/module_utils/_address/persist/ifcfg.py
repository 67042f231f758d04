# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""network-scripts: an alias file beside the interface's own, and what puts the address back after a lease. Pure.

The alias is read for DHCP interfaces too, and its device name becomes the label. When a lease expires, dhclient-script
flushes the interface's IPv4 addresses, and nobody reads alias files at the next lease: it does run the scripts of
/etc/dhcp/dhclient.d, each of which must have a function of its own name (dhclient-script of RHEL and Amazon Linux 2).

`ifup` deletes each address with a label of its interface that no alias file names (ifup-aliases): such a label is worse
than none. NetworkManager's ifcfg-rh plugin reads alias files too, but deletes them when it writes the profile.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re

from ..plan import Overlay
from .text import ip_replace, mark, marked, slug
from .tree import PersistError, Tree

PATTERN = "/etc/sysconfig/network-scripts/ifcfg-*:*"
LEASE_PATTERN = "/etc/dhcp/dhclient.d/awsoverlay_{slug}.sh"
_NUMBER = re.compile(r"[0-9A-Za-z_]+")  # what ifup-aliases takes behind the colon


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is not used: an alias file is found by its name."""
    number = overlay.label.partition(":")[2]
    if not _NUMBER.fullmatch(number):
        better = f"{overlay.interface}:{re.sub(r'[^0-9A-Za-z_]', '_', number)}"
        raise PersistError(
            f"label '{overlay.label}': network-scripts take letters, digits and _ behind the colon, and would bring up"
            f" no address with this one: choose another, such as '{better}'."
        )
    path = PATTERN.replace("*:*", overlay.label)
    if tree.read(path) is not None:
        raise PersistError(f"{path} exists and is not ours: choose another label than '{overlay.label}'.")
    lines = [f"DEVICE={overlay.label}", f"IPADDR={overlay.address}", f"PREFIX={overlay.prefixlen}", "ONPARENT=yes"]
    lines += ["ARPCHECK=no", "ARPUPDATE=no"]  # a VPC routes it, no neighbour answers: three seconds less at each ifup
    tree.write(path, mark(overlay) + "\n".join(lines) + "\n")
    name = slug(overlay.address, "_")
    text = (
        mark(overlay)
        + f'awsoverlay_{name}_config() {{ [ "$interface" != {overlay.interface} ] || {ip_replace(overlay)}; }}\n'
        + f"awsoverlay_{name}_restore() {{ :; }}\n"
    )
    tree.write(LEASE_PATTERN.format(slug=name), text, 0o755)


def foreign_labels(tree: Tree) -> list[str]:
    """The labels of alias files that are somebody else's."""
    return [path.rpartition("ifcfg-")[2] for path in tree.glob(PATTERN) if marked(tree.read(path)) is None]
