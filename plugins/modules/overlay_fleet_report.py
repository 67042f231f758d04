#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_fleet_report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_fleet_report
short_description: Make of what is known of many pairs their status, or an evacuation
version_added: 1.1.0
description:
  - Without O(hosts) it tells which nodes have to be asked. With them it returns the status of all pairs; or, where
    O(fleet) has a request to leave a zone or a node, the plan of the evacuation. With O(ends) it returns what became of
    that.
  - Runs on the controller, calls nobody and changes nothing.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  fleet:
    description: What M(aws_ha.overlay_ip.overlay_fleet) returned.
    type: dict
    required: true
  seen:
    description: What M(aws_ha.overlay_ip.overlay_fleet_info) returned of each account, in their order.
    type: list
    elements: dict
    required: true
  hosts:
    description: Per node that was asked, what M(aws_ha.overlay_ip.overlay_node_info) returned.
    type: dict
  ends:
    description: Per pair that was begun, what M(aws_ha.overlay_ip.overlay_fleet_route) returned of it.
    type: dict
  seconds:
    description: With O(ends), how long it took.
    type: float
    default: 0
  metrics:
    description: Whether to return RV(metrics).
    type: bool
    default: false
seealso:
  - module: aws_ha.overlay_ip.overlay_fleet
  - module: aws_ha.overlay_ip.overlay_report
"""

EXAMPLES = r"""
- name: Tell which nodes have to be asked
  aws_ha.overlay_ip.overlay_fleet_report:
    fleet: "{{ fleet }}"
    seen: "{{ seen.results }}"
  register: asked
"""

RETURN = r"""
ask:
  description: The nodes that have to be asked.
  returned: without O(hosts)
  type: list
  elements: str
nodes:
  description:
    - Each node that takes part, C(name), with what it has to know, C(mine). Without O(hosts) that is what it is to be
      asked about; of a plan its share in it.
  returned: without O(hosts), and of a plan
  type: list
  elements: dict
hosts:
  description: The nodes that take part, wave by wave.
  returned: of a plan
  type: list
  elements: str
batches:
  description: How many nodes each wave has.
  returned: of a plan
  type: list
  elements: int
after:
  description: The nodes that have to take an address down when all is moved.
  returned: of a plan
  type: list
  elements: str
left:
  description: The pairs that cannot be moved, or were not, and why.
  returned: of a plan, and with O(ends)
  type: dict
report:
  description: The value of the stat C(overlay_ip_result).
  returned: of a status, and with O(ends)
  type: dict
reports:
  description: Of each pair the report that M(aws_ha.overlay_ip.overlay_report) makes of one.
  returned: of a status
  type: dict
shown:
  description: The values of RV(reports), and what is to be shown of the pairs of which AWS could not be asked.
  returned: of a status
  type: list
  elements: dict
wrong:
  description: By name of each pair whose inventory is wrong, why; it is not in RV(shown).
  returned: of a status
  type: dict
lines:
  description: What people are told. Of a status, a table.
  returned: with O(hosts)
  type: list
  elements: str
findings:
  description: What is wrong, by pair, for people.
  returned: of a status
  type: list
  elements: str
metrics:
  description: The status in Prometheus's text format.
  returned: of a status, where O(metrics) is true
  type: str
"""
