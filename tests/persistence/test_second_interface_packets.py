# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full nodes with an overlay IP on a second interface answer after a reboot, too. `make persistence` has the rest."""

from __future__ import annotations

from functools import partial

import pytest

from lab.daemon import process
from lab.handle import LabHandle
from lab.world import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.slow]


OVERLAY6 = "2001:db8:10::15"


@pytest.mark.parametrize("stack", ["netplan", "networkmanager"])
def test_a_rebooted_node_answers_by_its_second_interface(stack: str) -> None:
    directory, started = process.up(f"full:{stack}", ["--extra-interfaces=1", "--extra-subnets", "--ipv6"])
    try:
        lab = LabHandle(directory, started)
        both = (lab.lab.overlay, OVERLAY6)
        shared = {"home": "node1", "route_table_ids": list(lab.world.route_table_ids), "interface": "eth1"}
        overlays = [{"address": address, **shared} for address in both]

        def default(node: str) -> bool:
            return "eth1" in lab.exec(node, "ip", "-6", "route", "show", "default").stdout

        def answers(address: str) -> bool:
            return lab.who(address) == "node1"

        for node in ("node1", "node2"):
            wait_for(partial(default, node), "a router to advertise itself on eth1", 30)
        run = lab.playbook("setup.yml", overlay_ip_device_index=1, overlay_ips=overlays)
        assert run.ok, run.output
        assert [lab.who(address) for address in both] == ["node1", "node1"]
        lab.reboot("node1")
        for address in both:
            wait_for(partial(answers, address), f"the rebooted node to answer at {address}", 60)
            family = "-6" if ":" in address else "-4"
            done = lab.exec("node1", "ip", family, "rule", "delete", "from", address, "lookup", "7151")
            assert done.returncode == 0, done.stderr
            assert lab.who(address) is None
    finally:
        process.down(directory)
