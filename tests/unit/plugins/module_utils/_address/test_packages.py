# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to get pyroute2, by distribution and interpreter."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import packages

SYSTEM = "/usr/bin/python3"
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\n'
ALMA = 'PRETTY_NAME="AlmaLinux 9.4"\nID="almalinux"\nID_LIKE="rhel centos fedora"\n'
SLES = 'PRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"\nID="sles"\nID_LIKE="suse"\n'
AMAZON = 'PRETTY_NAME="Amazon Linux 2023"\nID="amzn"\nID_LIKE="fedora"\n'
PIP = "-m pip install 'pyroute2>=0.7.2'"


@pytest.mark.parametrize(
    ("release", "python", "package", "words"),
    [
        (DEBIAN, SYSTEM, "python3-pyroute2", "on Debian GNU/Linux 12 (bookworm): apt-get install python3-pyroute2"),
        (UBUNTU, SYSTEM, "python3-pyroute2", "apt-get install python3-pyroute2"),
        (
            ALMA,
            SYSTEM,
            "python3-pyroute2",
            f"dnf install python3-pyroute2 (if there is no such package: {SYSTEM} {PIP})",
        ),
        (SLES, SYSTEM, "python3-pyroute2", "zypper install python3-pyroute2"),
        (AMAZON, SYSTEM, "", f"on Amazon Linux 2023 with {SYSTEM}: {SYSTEM} {PIP}"),
        (DEBIAN, "/opt/py/bin/python", "", f"/opt/py/bin/python {PIP}"),
        ("", SYSTEM, "", f"on this system with {SYSTEM}: {SYSTEM} {PIP}"),
        ("# nothing\nID=nixos\n", SYSTEM, "", "on nixos with"),
    ],
)
def test_source(release: str, python: str, package: str, words: str) -> None:
    found = packages.pyroute2_source(release, python)
    assert found.package == package
    assert words in found.sentence


def test_sentence_names_the_interpreter_the_cause_and_the_switch() -> None:
    text = packages.missing_sentence(DEBIAN, SYSTEM, "ModuleNotFoundError: No module named 'pyroute2'")
    assert text == (
        "pyroute2 cannot be imported by /usr/bin/python3 (ModuleNotFoundError: No module named 'pyroute2')."
        " Get it on Debian GNU/Linux 12 (bookworm): apt-get install python3-pyroute2 (if there is no such package:"
        " /usr/bin/python3 -m pip install 'pyroute2>=0.7.2'); or let the roles install it:"
        " overlay_ip_install_packages: true."
    )
