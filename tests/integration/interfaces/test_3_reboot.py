# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full nodes with an overlay IP on a second interface answer after a reboot, too. `make persistence` has the rest."""

from __future__ import annotations

from contextlib import suppress

import pytest

from lab.daemon import process
from lab.handle import LabHandle
from lab.world import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.mark.parametrize("stack", ["netplan", "networkmanager"])
def test_a_rebooted_node_answers_by_its_second_interface(stack: str) -> None:
    directory, started = process.up(f"full:{stack}", ["--extra-interfaces=1", "--extra-subnets"])
    try:
        lab = LabHandle(directory, started)
        tables = list(lab.world.route_table_ids)
        one = {"address": lab.lab.overlay, "home": "node1", "route_table_ids": tables, "interface": "eth1"}
        run = lab.playbook("setup.yml", overlay_ip_device_index=1, overlay_ips=[one])
        assert run.ok, run.output
        assert lab.who() == "node1"
        with suppress(TimeoutError):
            lab.reboot("node1")
        wait_for(lambda: lab.who() == "node1", "the rebooted node to answer", 60)
        lab.exec("node1", "ip", "rule", "delete", "from", lab.lab.overlay, "lookup", "7151")
        assert lab.who() is None
    finally:
        process.down(directory)
