# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd: a drop-in beside the .network file that is active on the interface. Pure.

networkd drops every address that its files do not name when it reconfigures a link; `networkctl reload` after any
change of a file of the link, `netplan apply` and (257) a restart do that. The drop-in is one of its files. It is read
at the next of these events: nothing is reloaded now, since a reconfiguration gives up the DHCP lease.

An address that a failover engine takes and gives up is in no file. For those networkd is told to keep what it does not
know (KeepConfiguration, systemd.network(5), since 243): read when it next reads its files, as above.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath

from ..plan import Overlay
from ..source import PRIORITY
from .text import mark, slug
from .tree import Tree

PATTERN = "/etc/systemd/network/*.network.d/60-aws-overlay-ip-{slug}.conf"

KEEP = "/etc/systemd/network/*.network.d/60-aws-overlay-ip-engine.conf"
_OURS = (
    "# aws_ha.overlay_ip: what a failover engine holds is in no file.\n"
    "# Managed by Ansible: changes here are overwritten.\n"
)
_PLACES = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")  # a name in an earlier one hides it in a later one
_KEEPS = {"": "static", "no": "static", "false": "static", "off": "static", "0": "static", "dhcp": "yes"}
"""What is said now, and what to say besides `static`. Others keep it already, or cannot be joined with it."""


def keep(tree: Tree, source: str) -> None:
    """Let foreign addresses stay, unless they do; what is said of the DHCP lease stays as it is.

    ``source`` is the active .network file.
    """
    name = posixpath.basename(source)
    wanted = _KEEPS.get(_kept(tree, source, f"{name}.d"))
    if wanted:
        tree.write(KEEP.replace("*.network", name), f"{_OURS}[Network]\nKeepConfiguration={wanted}\n")


def unkeep(tree: Tree) -> None:
    """Take that back, of every .network file."""
    tree.remove(path for path in tree.glob(KEEP) if (tree.read(path) or "").startswith(_OURS))


def keeps(text: str) -> bool:
    """Whether a file lets foreign addresses stay."""
    return _setting(text) in ("static", "yes", "true", "on", "1")


def _kept(tree: Tree, source: str, folder: str) -> str:
    """What the files of a link but ours say, the last one last."""
    found: dict[str, str] = {}
    for place in _PLACES:
        for path in tree.glob(f"{place}/systemd/network/{folder}/*.conf"):
            found.setdefault(posixpath.basename(path), path)
    paths = [source, *(found[name] for name in sorted(found))]
    said = [_setting(tree.read(path) or "") for path in paths if not (tree.read(path) or "").startswith(_OURS)]
    return next((value for value in reversed(said) if value), "")


def _setting(text: str) -> str:
    """KeepConfiguration of a file; empty where it says nothing."""
    value, section = "", ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        key, sign, word = line.partition("=")
        if section == "[Network]" and sign and key.strip() == "KeepConfiguration":
            value = word.strip().lower()
    return value


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
