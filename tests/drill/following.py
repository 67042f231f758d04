# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that was there before us, whose application is promoted on one node: a stock agent follows that already.

Its structure is that of the guides for databases: a promotable clone, and the address bound to its promoted instance.
Three overlay IPs follow: the stock agent's, and two that setup is to add, one of them for readers.
"""

from __future__ import annotations

import re
import time
from typing import Any

from drill import parts
from drill.bed import DrillError
from drill.existing import NAMES, RESOURCE, Existing

APPLICATION, INSTANCE = "msl_DB", "rsc_DB"
STOCK, READERS = "192.168.10.88", "192.168.10.77"

_APPLICATION = """\
<clone id="{application}">
  <meta_attributes id="{application}-meta">
    <nvpair id="{application}-promotable" name="promotable" value="true"/>
    <nvpair id="{application}-max" name="clone-max" value="2"/>
    <nvpair id="{application}-node-max" name="clone-node-max" value="1"/>
    <nvpair id="{application}-interleave" name="interleave" value="true"/>
  </meta_attributes>
  <primitive id="{instance}" class="ocf" provider="pacemaker" type="Stateful">
    <operations>
      <op id="{instance}-monitor-promoted" name="monitor" interval="10s" role="Master" timeout="20s"/>
      <op id="{instance}-monitor-unpromoted" name="monitor" interval="11s" role="Slave" timeout="20s"/>
    </operations>
  </primitive>
</clone>
"""
_CONSTRAINTS = """\
<rsc_colocation id="col_ip_DB" rsc="rsc_ip_DB" with-rsc="{application}" with-rsc-role="Master" score="INFINITY"/>
<rsc_order id="ord_ip_DB" first="{application}" first-action="promote" then="rsc_ip_DB" then-action="start"
  symmetrical="false"/>
<rsc_location id="loc_DB" rsc="{application}" node="{home}" score="5"/>
"""


class Following(Existing):
    """The pair with that cluster. The lab's own overlay IP follows the promoted instance, by our agent."""

    def variables(self) -> dict[str, Any]:
        """The inventory: two overlay IPs that follow."""
        return {
            "overlay_ip_fencing": "existing",
            "overlay_ip_failover": "pacemaker",
            "overlay_ips": [
                {"address": self.lab.overlay, "follows": {"resource": APPLICATION}},
                {"address": READERS, "follows": {"resource": APPLICATION, "role": "Unpromoted"}},
            ],
        }

    @property
    def address(self) -> str:
        """The stock agent's."""
        return STOCK

    def configuration(self) -> str:
        """See Existing."""
        values = self.values()
        application = _APPLICATION.format(application=APPLICATION, instance=INSTANCE)
        resources = application + parts.stock(values, RESOURCE, self.address)
        constraints = _CONSTRAINTS.format(application=APPLICATION, **values)
        return parts.whole(values, resources, constraints, stickiness=1000, threshold=5000)

    def ready(self) -> None:
        """Wait until its home is promoted, and has the address."""
        self.settled({STOCK: "node1"})

    # -- what can be seen ----------------------------------------------------------------------------------------

    def promoted(self) -> str:
        """The node on which the application is promoted; empty for none."""
        text = self.exec(self._asked(), "crm_mon", "--one-shot", "--output-as=xml")
        found = re.search(
            rf'<resource id="{INSTANCE}"[^>]* role="(?:Promoted|Master)"[^>]*>\s*<node name="([^"]+)"', text
        )
        return {known: name for name, known in NAMES.items()}.get(found[1] if found else "", "")

    def where(self, address: str) -> tuple[set[str], set[str]]:
        """To which nodes its routes point, and on which it is up."""
        raw = self.ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))["RouteTables"]
        routes = [r for table in raw for r in table["Routes"] if r.get("DestinationCidrBlock") == f"{address}/32"]
        asked = [node for node in self.nodes if node not in self._off]
        up = {node for node in asked if self.exec(node, "ip", "-o", "address", "show", "to", address)}
        return {self.instances.get(route.get("InstanceId", ""), "nobody") for route in routes}, up

    def settled(self, wanted: dict[str, str], seconds: float = 60.0) -> None:
        """Wait until each address is at its node, in every table, and nowhere else."""
        deadline, want = time.monotonic() + seconds, {a: ({node}, {node}) for a, node in wanted.items()}
        while (seen := {address: self.where(address) for address in wanted}) != want:
            if time.monotonic() > deadline:
                raise DrillError(f"{wanted} did not come in {seconds:.0f} s: {seen}, promoted on {self.promoted()!r}")
            time.sleep(0.3)

    def able(self, node: str, seconds: float = 30.0) -> None:
        """Wait until a node's instance may be promoted: its agent tells the cluster some time after its start."""
        query = ("crm_attribute", "--lifetime", "reboot", "--node", NAMES[node], "--name", f"master-{INSTANCE}")
        deadline = time.monotonic() + seconds
        while not self.exec(self._asked(), *query, "--query", "--quiet").isdecimal():
            if time.monotonic() > deadline:
                raise DrillError(f"{INSTANCE} has no promotion score on {node} after {seconds:.0f} s")
            time.sleep(0.3)
        self.exec(self._asked(), "crm_resource", "--wait", "--timeout=60s", timeout=90.0)

    def promote(self, node: str) -> None:
        """Have the cluster move the role, as an operator does, and let go of the constraint."""
        asked = self._asked()
        self.exec(asked, "crm_resource", "--move", "--promoted", "--resource", APPLICATION, "--node", NAMES[node])
        self.exec(asked, "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
        self.exec(asked, "crm_resource", "--clear", "--resource", APPLICATION)
        self.exec(asked, "crm_resource", "--wait", "--timeout=60s", timeout=90.0)

    def _asked(self) -> str:
        return next(node for node in self.nodes if node not in self._off)
