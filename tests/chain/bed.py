# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two full nodes with keepalived, metrics and node_exporter, and an inventory as ansible-rulebook is given one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from drill.bed import Bed

EXPORTER = "prometheus-node-exporter"
METRICS_EVERY = 10


class ChainBed(Bed):
    """The drill's bed, whose nodes tell metrics."""

    def prepare(self) -> None:
        """Start node_exporter, as Debian's package does where it is installed; the lab's tree keeps it off."""
        super().prepare()
        for node in self.nodes:
            self.exec(node, "systemctl", "start", EXPORTER)

    def variables(self) -> dict[str, Any]:
        """What every playbook is given."""
        return {
            **super().variables(),
            "overlay_ip_metrics": True,
            "overlay_ip_metrics_interval": METRICS_EVERY,
            "overlay_ip_iam_see_interfaces": True,
        }

    def inventory(self, folder: Path, **more: Any) -> Path:
        """A folder with the lab's inventory and these variables: nothing is given with ``-e``."""
        (folder / "group_vars").mkdir(parents=True, exist_ok=True)
        (folder / "lab.yml").write_text(self.directory.inventory.read_text(encoding="utf-8"), encoding="utf-8")
        variables = yaml.safe_dump({**self.variables(), **more})
        (folder / "group_vars" / "overlay_nodes.yml").write_text(variables, encoding="utf-8")
        return folder

    def forget_turns(self) -> None:
        """Ten minutes pass."""
        for node in self.nodes:
            self.exec(node, "rm", "-f", "/var/lib/aws-overlay-ip/turns.json")
