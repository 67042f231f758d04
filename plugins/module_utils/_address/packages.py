# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to get pyroute2 on this distribution. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

REQUIREMENT = "pyroute2>=0.7.2"

# ID or ID_LIKE of os-release(5) -> the command before the package's name. Where a distribution's own repositories
# lack the package, the command fails at once and pip is the way.
_INSTALLERS = {
    "debian": "apt-get install",
    "ubuntu": "apt-get install",
    "amzn": "dnf install",
    "fedora": "dnf install",
    "rhel": "dnf install",
    "centos": "dnf install",
    "sles": "zypper install",
    "suse": "zypper install",
    "opensuse": "zypper install",
}
_PIP_ONLY = ("amzn",)
_SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/libexec/platform-python")


@dataclass(frozen=True)
class Source:
    """``package``: the distribution's, empty where pip is the only way; ``sentence``: what to tell the user."""

    package: str
    sentence: str


def pyroute2_source(os_release: str, python: str) -> Source:
    """Where to get pyroute2.

    Args:
        os_release: the text of /etc/os-release.
        python: the interpreter that runs the module; the distribution's package serves only the distribution's own.
    """
    fields = _fields(os_release)
    ids = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    name = fields.get("PRETTY_NAME") or fields.get("ID") or "this system"
    pip = f"{python} -m pip install '{REQUIREMENT}'"
    installer = next((_INSTALLERS[i] for i in ids if i in _INSTALLERS), "")
    if not installer or ids[0] in _PIP_ONLY or python not in _SYSTEM_PYTHONS:
        return Source("", f"on {name} with {python}: {pip}")
    return Source("python3-pyroute2", f"on {name}: {installer} python3-pyroute2 (if there is no such package: {pip})")


def missing_sentence(os_release: str, python: str, why: str) -> str:
    """The message where pyroute2 cannot be imported."""
    return (
        f"pyroute2 cannot be imported by {python} ({why}). Get it {pyroute2_source(os_release, python).sentence};"
        " or let the roles install it: overlay_ip_install_packages: true."
    )


def _fields(os_release: str) -> dict[str, str]:
    fields = {}
    for line in os_release.splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.startswith("#"):
            fields[key.strip()] = "".join(shlex.split(value, comments=False)[:1])
    return fields
