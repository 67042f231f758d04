# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is missing before anything is made."""

from __future__ import annotations

import os
import shutil

from lab.daemon.state import LabError

#: Programs and the Debian packages that have them.
PROGRAMS = {
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}
FULL = {"dnsmasq": "dnsmasq-base", "mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}


def check(kind: str) -> None:
    """Raise :class:`LabError` unless a lab with nodes of ``kind`` can be started here."""
    name, _colon, stack = kind.partition(":")
    if name not in ("light", "full") or (name == "light" and stack):
        raise LabError(f"--nodes is {kind!r}: use light, full or full:STACK.")
    if os.geteuid() != 0:
        raise LabError(
            "The lab needs root: it makes network namespaces, mounts and routes of its own (never the host's). Run the "
            "same command with sudo, or in a virtual machine or a privileged container."
        )
    programs = {**PROGRAMS, **(FULL if name == "full" else {})}
    missing = sorted({package for program, package in programs.items() if not shutil.which(program)})
    if missing:
        raise LabError(f"The lab needs programs that are not installed. Run: apt-get install {' '.join(missing)}")
