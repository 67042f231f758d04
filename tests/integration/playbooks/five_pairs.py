# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of five pairs in one inventory, half of the nodes in each of two zones; made without setup, which takes long.

Pairs 1 to 4 are held in the first zone, pair 5 in the second. Addresses are up at the holders alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.handle import LabHandle
from lab.playbook.run import Run, run_playbook

PAIRS = 5
HOME, AWAY = "euc1-az1", "euc1-az2"


class Fleet:
    """The pairs of a lab: pair N is node 2N-1 in HOME and node 2N in AWAY."""

    def __init__(self, lab: LabHandle, inventory: Path) -> None:
        self.lab, self.inventory = lab, inventory

    def address(self, pair: int) -> str:
        return f"192.168.20.{pair}"

    def nodes(self, pair: int) -> tuple[str, str]:
        return f"node{2 * pair - 1}", f"node{2 * pair}"

    def holder(self, pair: int) -> set[str]:
        return set(self.lab.holders(self.address(pair)).values())

    def write(self, **of_pairs: Any) -> None:
        """Write the inventory, with these variables for all pairs."""
        content = yaml.safe_load(self.lab.directory.inventory.read_text())
        nodes = content["all"]["children"].pop("overlay_nodes")
        tables = nodes["vars"].pop("overlay_ips")[0]["route_table_ids"]
        children = {
            f"pair{pair}": {
                "hosts": {name: nodes["hosts"][name] for name in self.nodes(pair)},
                "vars": {"overlay_ips": [{"address": self.address(pair), "route_table_ids": tables}]},
            }
            for pair in range(1, PAIRS + 1)
        }
        content["all"]["children"]["overlay_pairs"] = {"children": children, "vars": {**nodes["vars"], **of_pairs}}
        self.inventory.write_text(yaml.safe_dump(content, sort_keys=False, width=1000))

    def play(self, playbook: str, extra: Mapping[str, Any] | None = None, *, check: bool = False, **more: Any) -> Run:
        """Run a playbook of the checkout, with a fork for each node."""
        variables = {**(extra or {}), **more}
        forks = ("-f", str(2 * PAIRS))
        return run_playbook(playbook, self.inventory, extra_vars=variables, check=check, arguments=forks)

    def prepare(self) -> None:
        """As setup leaves it; the addresses at the holders alone."""
        self.lab.reset()
        for pair in range(1, PAIRS + 1):
            held = self.nodes(pair)[pair == PAIRS]
            for node in self.nodes(pair):
                self.lab.set_source_dest_check(node, False)
            self.lab.exec(held, "ip", "address", "add", f"{self.address(pair)}/32", "dev", "eth0")
            self.lab.move(held, self.address(pair))
        self.lab.control.clear()
