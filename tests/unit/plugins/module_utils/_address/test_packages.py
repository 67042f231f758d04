# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to get iproute2, by distribution."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import packages

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\n'
ALMA = 'PRETTY_NAME="AlmaLinux 9.4"\nID="almalinux"\nID_LIKE="rhel centos fedora"\n'
SLES = 'PRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"\nID="sles"\nID_LIKE="suse"\n'
AMAZON = 'PRETTY_NAME="Amazon Linux 2023"\nID="amzn"\nID_LIKE="fedora"\n'


@pytest.mark.parametrize(
    ("release", "package", "words"),
    [
        (DEBIAN, "iproute2", "on Debian GNU/Linux 12 (bookworm): apt-get install iproute2 (4.17 or newer)"),
        (UBUNTU, "iproute2", "apt-get install iproute2"),
        (ALMA, "iproute", "on AlmaLinux 9.4: dnf install iproute ("),
        (SLES, "iproute2", "zypper install iproute2"),
        (AMAZON, "iproute", "on Amazon Linux 2023: dnf install iproute ("),
        ("", "", "on this system: install iproute2 4.17 or newer, or pyroute2 0.7.2 or newer"),
        ("# nothing\nID=nixos\n", "", "on nixos: install iproute2"),
    ],
)
def test_source(release: str, package: str, words: str) -> None:
    found = packages.source(release)
    assert found.package == package
    assert words in found.sentence


def test_the_sentence_names_the_cause_and_the_switch() -> None:
    assert packages.missing_sentence(DEBIAN, "'ip' could not be run") == (
        "This node's addresses cannot be read: 'ip' could not be run. Get iproute2 on Debian GNU/Linux 12 (bookworm):"
        " apt-get install iproute2 (4.17 or newer); or let the roles install it: overlay_ip_install_packages: true."
    )
