# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every cluster that was there before us has in its configuration: fence_aws with a map of hosts; stock agents."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

_WHOLE = """\
<configuration>
  <crm_config>
    <cluster_property_set id="cib-bootstrap-options">
{properties}    </cluster_property_set>
  </crm_config>
  <resources>
    <primitive id="res_AWS_STONITH" class="stonith" type="fence_aws">
      <instance_attributes id="res_AWS_STONITH-instance_attributes">
        <nvpair id="res_AWS_STONITH-region" name="region" value="{region}"/>
        <nvpair id="res_AWS_STONITH-map" name="pcmk_host_map" value="{hosts}"/>
      </instance_attributes>
      <operations><op id="res_AWS_STONITH-monitor" name="monitor" interval="300s" timeout="60s"/></operations>
    </primitive>
{resources}  </resources>
  <constraints>
{constraints}  </constraints>
  <rsc_defaults>
    <meta_attributes id="rsc-options">
      <nvpair id="rsc-options-stickiness" name="resource-stickiness" value="{stickiness}"/>
      <nvpair id="rsc-options-threshold" name="migration-threshold" value="{threshold}"/>
    </meta_attributes>
  </rsc_defaults>
</configuration>
"""
_PROPERTY = '      <nvpair id="cib-bootstrap-options-{id}" name="{name}" value="{value}"/>\n'
_STOCK = """\
<primitive id="{name}" class="ocf" provider="heartbeat" type="aws-vpc-move-ip">
  <instance_attributes id="{name}-{told}">
    <nvpair id="{name}-ip" name="ip" value="{of}"/>
    <nvpair id="{name}-routing_table" name="routing_table" value="{tables}"/>
    <nvpair id="{name}-interface" name="interface" value="{interface}"/>
    <nvpair id="{name}-profile" name="profile" value="default"/>
    <nvpair id="{name}-awscli" name="awscli" value="{awscli}"/>
  </instance_attributes>
  <operations>
    <op id="{name}-start" name="start" interval="0" timeout="180s"/>
    <op id="{name}-stop" name="stop" interval="0" timeout="180s"/>
    <op id="{name}-monitor" name="monitor" interval="60s" timeout="60s"/>
  </operations>
</primitive>
"""


def whole(
    values: Mapping[str, str],
    resources: str,
    constraints: str,
    *,
    stickiness: int,
    threshold: int,
    delay: str = "",
) -> str:
    """A configuration.

    Args:
        values: of the lab, see Existing.
        resources: beside the fencing.
        constraints: all of them.
        stickiness: of every resource that has none of its own.
        threshold: failures after which a resource leaves its node.
        delay: priority-fencing-delay; empty for none.
    """
    properties = _PROPERTY.format(id="stonith-enabled", name="stonith-enabled", value="true")
    if delay:
        properties += _PROPERTY.format(id="delay", name="priority-fencing-delay", value=delay)
    own = {"properties": properties, "stickiness": str(stickiness), "threshold": str(threshold)}
    parts = {"resources": indent(resources, " " * 4), "constraints": indent(constraints, " " * 4)}
    return _WHOLE.format(region=values["region"], hosts=values["hosts"], **own, **parts)


def stock(values: Mapping[str, str], name: str, of: str, told: str = "instance_attributes") -> str:
    """The stock agent's resource for the address `of`; `told` names its parameters."""
    return _STOCK.format(**{**values, "name": name, "of": of, "told": told})
