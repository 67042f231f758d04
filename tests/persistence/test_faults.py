# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that were found by running the stacks, on those of them that Debian has."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence.matrix import Row, install, staged
from persistence.stage import OVERLAY4, OWN4

pytestmark = [pytest.mark.lab, pytest.mark.slow]

AGENTS = "/etc/systemd/network/05-eth0.network"
BEFORE = "/etc/systemd/network/10-eth0.network"


def test_a_file_of_an_agent_makes_ours_one_that_nobody_reads_until_setup_runs(tmp_path: Path) -> None:
    """amazon-ec2-net-utils writes one (its issue 146): our drop-in lay beside the one before, and was called kept."""
    row = Row("trixie", "networkd", "networkd")
    with staged(row, tmp_path) as stage:
        files = install(row, stage)["persistence"]["files"]
        assert all(path.startswith(f"{BEFORE}.d/") for path in files)
        stage.node.write(AGENTS, stage.run("cat", BEFORE))
        stage.run("networkctl", "reload")
        assert not stage.settle(lambda sight: not sight.overlay4).overlay4
        stage.run("ip", "address", "add", f"{OVERLAY4}/32", "dev", "eth0")  # an engine, say, has put it back
        assert stage.read() == []

        result = stage.hold()
        assert result["changed"]
        assert result["persistence"]["files"] == stage.read() == [path.replace(BEFORE, AGENTS) for path in files]
        stage.node.reboot()
        sight = stage.settle(lambda s: s.overlay4 and s.overlay6)
        assert (sight.overlay4, sight.overlay6) == (True, True), sight


def test_network_manager_is_given_no_alias_file(tmp_path: Path) -> None:
    row = Row("bookworm", "networkmanager", "networkmanager")
    with staged(row, tmp_path) as stage:
        install(row, stage)
        assert "NetworkManager configures eth0, and deletes alias files" in stage.refusal(persistence="ifcfg")


def test_a_fixed_address_is_the_nodes_own_too(tmp_path: Path) -> None:
    """Without a lifetime, and without a DHCP client that knows of it."""
    row = Row("bookworm", "ifupdown", "ifupdown")
    with staged(row, tmp_path) as stage:
        stage.run(
            "sh",
            "-ec",
            f"ip address flush dev eth0 scope global; ip address add {OWN4}/24 dev eth0;"
            " ip route replace default via 10.0.1.1 dev eth0",
        )
        for state in ("present", "absent"):
            sentence = stage.refusal(addresses=[OWN4], state=state)
            assert f"{OWN4}/24 on eth0 is the one by which eth0 reaches its gateway" in sentence
        assert OWN4 in stage.look().addresses
