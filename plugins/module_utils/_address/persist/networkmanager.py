# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager: a dispatcher script, and where that is not enough the connection profile besides. Pure.

The script is a file of our own, keeps the label, and puts the address after the one of DHCP. The profile is for
NetworkManager older than 1.42, which has no `reapply` event, so that `nmcli device reapply` (nm-cloud-setup's way)
would remove the address for good. A profile holds no label, an IPv6 address in it would become the source of outbound
traffic (so IPv6 has the script alone), and NetworkManager goes by it only from the next activation on: until then, and
when cloud-init writes it anew, the script is what brings the address back.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..plan import Overlay
from .text import ip_replace, ip_steer, mark, quietly, slug
from .tree import PROFILE, Tree

PATTERN = "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-{slug}"
PROFILES = f"{PROFILE}*"


def write_script(tree: Tree, overlay: Overlay, source: str) -> None:
    """A script that the dispatcher runs: it must be root's, executable, and writable for nobody else."""
    text = (
        "#!/bin/sh\n"
        + mark(overlay)
        + f'[ "$1" = {overlay.interface} ] || exit 0\n'
        + 'case "$2" in\n'
        + f"    up|reapply|dhcp4-change|dhcp6-change) {_then(overlay)} ;;\n"
        + "esac\n"
    )
    tree.write(PATTERN.format(slug=slug(overlay.address)), text, 0o755)


def _then(overlay: Overlay) -> str:
    steer = [quietly(command) for command in ip_steer(overlay)]
    return "; ".join([ip_replace(overlay), *steer]) if steer else f"exec {ip_replace(overlay)}"


def write_profile(tree: Tree, overlay: Overlay, source: str) -> None:
    """The script, and for IPv4 the profile; ``source`` is the UUID of the active connection."""
    write_script(tree, overlay, source)
    if overlay.family == 6:
        return
    path = f"{PROFILE}{source}"
    tree.write(path, profile_text([*(tree.read(path) or "").split(), overlay.cidr]))


def erase_profile(tree: Tree, address: str) -> None:
    """Take the address out of every profile that has it."""
    for path in tree.glob(PROFILES):
        lines = (tree.read(path) or "").split()
        kept = [line for line in lines if line.partition("/")[0] != address]
        if kept != lines:
            tree.write(path, profile_text(kept))


def profile_text(addresses: Iterable[str]) -> str:
    """The addresses of a profile, sorted: nmcli adds and removes single ones, so that their order is no change."""
    return "".join(f"{address}\n" for address in sorted(addresses))


def modification(path: str, before: str | None, after: str | None) -> list[str]:
    """The nmcli call for a changed profile. It writes the profile and does not touch the device."""
    old, new = (before or "").split(), (after or "").split()
    edits = [("-", line) for line in old if line not in new] + [("+", line) for line in new if line not in old]
    words = [word for sign, line in edits for word in (f"{sign}ipv4.addresses", line)]
    return ["nmcli", "connection", "modify", path[len(PROFILE) :], *words]
