# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster for ASCS and ERS (ENSA2) that was there before us: two groups, each with a stock agent, kept apart.

Its structure is that of the guides: the address first in its group, then a file system and the instance, for which
there are stand-ins; a colocation of -5000, an optional order, the stickiness of the group of ASCS.
"""

from __future__ import annotations

import time
from typing import Any

from drill import parts
from drill.bed import DrillError
from drill.existing import NAMES, Existing
from drill.following import Following
from drill.opposite import ERS

GROUPS = {"ASCS": "grp_HA1_ASCS00", "ERS": "grp_HA1_ERS10"}

_AFTER = """\
  <primitive id="rsc_fs_{name}" class="ocf" provider="pacemaker" type="Dummy"/>
  <primitive id="rsc_sap_{name}" class="ocf" provider="pacemaker" type="Dummy"/>
"""
_CONSTRAINTS = """\
<rsc_colocation id="col_no_both" rsc="grp_HA1_ERS10" with-rsc="grp_HA1_ASCS00" score="-5000"/>
<rsc_order id="ord_first_ascs" first="rsc_sap_ASCS" first-action="start" then="rsc_sap_ERS" then-action="stop"
  kind="Optional" symmetrical="false"/>
<rsc_location id="loc_ASCS" rsc="grp_HA1_ASCS00" node="{home}" score="50"/>
"""
_META = """\
  <meta_attributes id="grp_HA1_ASCS00-meta">
    <nvpair id="grp_HA1_ASCS00-stickiness" name="resource-stickiness" value="3000"/>
  </meta_attributes>
"""


class Ensa(Following):
    """The pair with that cluster; the lab's own overlay IP is ASCS's."""

    def variables(self) -> dict[str, Any]:
        """The inventory."""
        overlays = [{"address": self.address, "home": "node1"}, {"address": ERS, "home": "node2"}]
        return {**Existing.variables(self), "overlay_ips": overlays}

    @property
    def address(self) -> str:
        """ASCS's."""
        return self.lab.overlay

    def configuration(self) -> str:
        """See Existing."""
        values = self.values()
        resources = ""
        for name, of, meta in (("ASCS", self.address, _META), ("ERS", ERS, "")):
            address = parts.stock(values, f"rsc_ip_{name}", of, told="a")
            resources += f'<group id="{GROUPS[name]}">\n{address}{_AFTER.format(name=name)}{meta}</group>\n'
        return parts.whole(values, resources, _CONSTRAINTS.format(**values), stickiness=1, threshold=3)

    def cluster(self) -> None:
        """See Existing."""
        self.route(ERS)
        super().cluster()

    def ready(self) -> None:
        """Wait until each has its node."""
        self.opposite("node1")

    def opposite(self, ascs: str, seconds: float = 120.0) -> None:
        """Wait until ASCS is on this node, with its address, and ERS on the other one."""
        ers = next(node for node in self.nodes if node != ascs)
        self.settled({self.address: ascs, ERS: ers}, seconds)
        deadline = time.monotonic() + 30.0
        while (seen := [self.at(f"rsc_sap_{name}") for name in GROUPS]) != [ascs, ers]:
            if time.monotonic() > deadline:
                raise DrillError(f"the instances are on {seen}, not on {[ascs, ers]}")
            time.sleep(0.3)

    def at(self, resource: str) -> str:
        """The node on which a resource runs, by the inventory's name."""
        said = self.exec("node1", "crm_resource", "--locate", "--resource", resource)
        return next((name for name, known in NAMES.items() if said.endswith(known)), "")
