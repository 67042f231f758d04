# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of a cluster that is a few values, as a migration calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import replace

RECORDED = Path(__file__).parent / "plugins/module_utils/_engine/pacemaker/recorded/2.1.5/existing.configuration.xml"
STOCK, OURS = "ocf:heartbeat:aws-vpc-move-ip", "ocf:aws_ha:overlay-ip"
HOLDER = "SAPDB1.corp.example"


class Cluster:
    """Answers as the cluster's tools do. What it runs is what the last probe found by the agent that is configured.

    Attributes:
        broken: agents that find nothing.
        fails: how often a command that begins so fails.
        patch: what crm_diff says in place of what it would; for those who only show it.
    """

    def __init__(self, maintenance: str = "") -> None:
        self.root = replace.read(f"<cib>{RECORDED.read_text()}</cib>")
        self.maintenance = maintenance
        self.known = {"rsc_ip_DB": STOCK}
        self.broken: set[str] = set()
        self.fails: dict[str, int] = {}
        self.calls: list[str] = []
        self.failed_action = ""
        self.patch = ""

    def __call__(self, argv: Sequence[str], stdin: str = "") -> tuple[int, str]:
        words = " ".join(re.sub(r"/\S+\.xml", "FILE", word) for word in argv)
        for begun, times in self.fails.items():
            if words.startswith(begun) and times:
                self.fails[begun] = times - 1
                return 1, "no"
        if argv[0] not in ("crm_mon", "crm_diff") and "--query" not in argv:
            self.calls.append(words)
        answer: tuple[int, str] = getattr(self, f"_{argv[0]}")(list(argv), stdin)
        return answer

    def configuration(self) -> str:
        return replace.shown(self.root)

    def _cibadmin(self, argv: list[str], stdin: str) -> tuple[int, str]:
        if "--query" in argv:
            root = replace.read(self.configuration())
            if self.maintenance:
                said = {"id": "m", "name": "maintenance-mode", "value": self.maintenance}
                ElementTree.SubElement(next(root.iter("cluster_property_set")), "nvpair", said)
            return 0, replace.shown(root)
        self.root = replace.read(stdin.removeprefix("<diff/>"))
        for pair in list(next(self.root.iter("cluster_property_set"))):
            if pair.get("name") == "maintenance-mode":
                next(self.root.iter("cluster_property_set")).remove(pair)
        return 0, ""

    def _crm_diff(self, argv: list[str], stdin: str) -> tuple[int, str]:
        return 1, self.patch or "<diff/>" + Path(argv[argv.index("--new") + 1]).read_text()

    def _crm_attribute(self, argv: list[str], stdin: str) -> tuple[int, str]:
        self.maintenance = argv[argv.index("--update") + 1] if "--update" in argv else ""
        return 0, ""

    def _crm_resource(self, argv: list[str], stdin: str) -> tuple[int, str]:
        if "--refresh" in argv:
            name = argv[-1]
            self.known.pop(name, None)
            for primitive in self.root.iter("primitive"):
                if primitive.get("id") == name:
                    self.known[name] = replace.agent(self.root, name)
        return 0, ""

    def _crm_mon(self, argv: list[str], stdin: str) -> tuple[int, str]:
        shown = ""
        for name, agent in self.known.items():
            on = "" if agent in self.broken else f'<node name="{HOLDER}"/>'
            role = "Started" if on else "Stopped"
            shown += f'<resource id="{name}" resource_agent="{agent}" role="{role}" failed="false">{on}</resource>'
        failure = f'<failure op_key="{self.failed_action}"/>' if self.failed_action else ""
        return 0, f"<crm_mon><resources>{shown}</resources><failures>{failure}</failures></crm_mon>"
