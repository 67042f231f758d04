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

from drill.bed import DrillError
from drill.existing import NAMES, Existing
from drill.following import Following
from drill.opposite import ERS

GROUPS = {"ASCS": "grp_HA1_ASCS00", "ERS": "grp_HA1_ERS10"}

_GROUP = """\
    <group id="{group}">
      <primitive id="rsc_ip_{name}" class="ocf" provider="heartbeat" type="aws-vpc-move-ip">
        <instance_attributes id="rsc_ip_{name}-a">
          <nvpair id="rsc_ip_{name}-ip" name="ip" value="{of}"/>
          <nvpair id="rsc_ip_{name}-routing_table" name="routing_table" value="{tables}"/>
          <nvpair id="rsc_ip_{name}-interface" name="interface" value="{interface}"/>
          <nvpair id="rsc_ip_{name}-profile" name="profile" value="default"/>
          <nvpair id="rsc_ip_{name}-awscli" name="awscli" value="{awscli}"/>
        </instance_attributes>
        <operations>
          <op id="rsc_ip_{name}-start" name="start" interval="0" timeout="180s"/>
          <op id="rsc_ip_{name}-stop" name="stop" interval="0" timeout="180s"/>
          <op id="rsc_ip_{name}-monitor" name="monitor" interval="60s" timeout="60s"/>
        </operations>
      </primitive>
      <primitive id="rsc_fs_{name}" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="rsc_sap_{name}" class="ocf" provider="pacemaker" type="Dummy"/>
{meta}    </group>
"""
_CIB = """\
<configuration>
  <crm_config>
    <cluster_property_set id="cib-bootstrap-options">
      <nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="true"/>
    </cluster_property_set>
  </crm_config>
  <resources>
    <primitive id="res_AWS_STONITH" class="stonith" type="fence_aws">
      <instance_attributes id="res_AWS_STONITH-instance_attributes">
        <nvpair id="res_AWS_STONITH-region" name="region" value="{region}"/>
        <nvpair id="res_AWS_STONITH-map" name="pcmk_host_map" value="{hosts}"/>
      </instance_attributes>
      <operations><op id="res_AWS_STONITH-monitor" name="monitor" interval="300s" timeout="60s"/></operations>
    </primitive>
{groups}  </resources>
  <constraints>
    <rsc_colocation id="col_no_both" rsc="grp_HA1_ERS10" with-rsc="grp_HA1_ASCS00" score="-5000"/>
    <rsc_order id="ord_first_ascs" first="rsc_sap_ASCS" first-action="start" then="rsc_sap_ERS" then-action="stop"
      kind="Optional" symmetrical="false"/>
    <rsc_location id="loc_ASCS" rsc="grp_HA1_ASCS00" node="{home}" score="50"/>
  </constraints>
  <rsc_defaults>
    <meta_attributes id="rsc-options">
      <nvpair id="rsc-options-stickiness" name="resource-stickiness" value="1"/>
      <nvpair id="rsc-options-threshold" name="migration-threshold" value="3"/>
    </meta_attributes>
  </rsc_defaults>
</configuration>
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
        groups = "".join(
            _GROUP.format(**{**values, "group": GROUPS[name], "name": name, "of": of, "meta": meta})
            for name, of, meta in (("ASCS", self.address, _META), ("ERS", ERS, ""))
        )
        return _CIB.format(**{**values, "groups": groups})

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
