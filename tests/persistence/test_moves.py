# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose network stack is exchanged under the addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence.matrix import Row, install, staged

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def test_a_node_that_moved_to_another_stack_keeps_nothing_of_the_old_one(tmp_path: Path) -> None:
    """ifupdown gives way to netplan, as when Debian 11 becomes 12; the next setup finds that out by itself."""
    row = Row("bookworm", "ifupdown", "ifupdown")
    with staged(row, tmp_path) as stage:
        install(row, stage)
        stage.node.write("/etc/netplan/50-cloud-init.yaml", _NETPLAN, 0o600)
        stage.node.write("/etc/network/interfaces.d/50-cloud-init", "")
        stage.run("systemctl", "mask", "networking.service")
        stage.run("systemctl", "unmask", "systemd-networkd.service", "systemd-networkd.socket")
        stage.run("systemctl", "enable", "systemd-networkd.service")
        stage.node.reboot()
        assert not stage.settle().overlay4

        result = stage.hold()
        assert result["persistence"]["method"] == "networkd"
        left = stage.run("find", "/etc", "-type", "f", "-name", "*overlay-ip*").split()
        assert sorted(left) == result["persistence"]["files"]
        stage.node.reboot()
        assert stage.settle(lambda s: s.overlay4 and s.overlay6).overlay4


_NETPLAN = """network:
  version: 2
  ethernets:
    eth0: {dhcp4: true, accept-ra: true}
"""
