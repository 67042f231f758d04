# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of `make persistence`: each stack once, a reboot and what its manager does worst."""

from __future__ import annotations

from pathlib import Path

import pytest
from persistence.matrix import Row, cell, events, install, staged
from persistence.stage import OVERLAY4

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (Row("bookworm", "netplan", "networkd"), ["reboot", "apply"]),
        (Row("bookworm", "networkmanager", "networkmanager"), ["reboot", "reconfigure"]),
        (Row("bookworm", "ifupdown", "ifupdown"), ["reboot", "downup"]),
        (Row("trixie", "networkd", "networkd"), ["reboot", "restart", "reconfigure"]),
    ],
    ids=lambda value: value.id if isinstance(value, Row) else "",
)
def test_survives(row: Row, names: list[str], tmp_path: Path) -> None:
    with staged(row, tmp_path) as stage:
        install(row, stage)
        for event in events(row, names):
            seen = cell(row, stage, event)
            assert (event.name, seen.kept4, seen.kept6, seen.label) == (event.name, True, True, "eth0:1")


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
        assert stage.run("find", "/etc", "-name", "*overlay-ip*").split() == result["persistence"]["files"][::-1]
        stage.node.reboot()
        assert stage.settle(lambda s: s.overlay4 and s.overlay6).overlay4


def test_not_persistent_is_gone_after_a_reboot_and_leaves_no_file(tmp_path: Path) -> None:
    row = Row("bookworm", "networkmanager", "networkmanager")
    with staged(row, tmp_path) as stage:
        install(row, stage)
        result = stage.hold(persistent=False)
        assert [a["live"] for a in result["addresses"]] == [True, True]
        assert stage.run("sh", "-c", f"grep -rl {OVERLAY4} /etc || true") == ""
        stage.node.reboot()
        assert not stage.settle().overlay4


_NETPLAN = """network:
  version: 2
  ethernets:
    eth0: {dhcp4: true, accept-ra: true}
"""
