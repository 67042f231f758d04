# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to get iproute2 on this distribution, for the node that lacks it. Pure.

pyroute2 is never asked for: where an interpreter has it, it is used. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

OLDEST = "4.17"
"""The first iproute2 whose `ip -json` shows addresses and routes (2018)."""

# ID or ID_LIKE of os-release(5) -> the command and the package.
_INSTALLERS = {
    "debian": ("apt-get install", "iproute2"),
    "ubuntu": ("apt-get install", "iproute2"),
    "amzn": ("dnf install", "iproute"),
    "fedora": ("dnf install", "iproute"),
    "rhel": ("dnf install", "iproute"),
    "centos": ("dnf install", "iproute"),
    "sles": ("zypper install", "iproute2"),
    "suse": ("zypper install", "iproute2"),
    "opensuse": ("zypper install", "iproute2"),
}


@dataclass(frozen=True)
class Source:
    """``package``: the distribution's, empty where it is not known; ``sentence``: what to tell the user."""

    package: str
    sentence: str


def source(os_release: str) -> Source:
    """Where to get iproute2.

    Args:
        os_release: the text of /etc/os-release.
    """
    fields = _fields(os_release)
    ids = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    name = fields.get("PRETTY_NAME") or fields.get("ID") or "this system"
    found = next((_INSTALLERS[i] for i in ids if i in _INSTALLERS), None)
    if found is None:
        return Source("", f"on {name}: install iproute2 {OLDEST} or newer, or pyroute2 0.7.2 or newer")
    command, package = found
    return Source(package, f"on {name}: {command} {package} ({OLDEST} or newer)")


def missing_sentence(os_release: str, why: str) -> str:
    """The message where neither pyroute2 nor `ip` can be used."""
    return (
        f"This node's addresses cannot be read: {why}. Get iproute2 {source(os_release).sentence};"
        " or let the roles install it: overlay_ip_install_packages: true."
    )


def _fields(os_release: str) -> dict[str, str]:
    fields = {}
    for line in os_release.splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.startswith("#"):
            fields[key.strip()] = "".join(shlex.split(value, comments=False)[:1])
    return fields
