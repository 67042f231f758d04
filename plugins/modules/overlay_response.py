#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_response.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_response
short_description: Decide what alerts start by themselves
version_added: 1.1.0
description:
  - The guard between Alertmanager and the playbooks. Says for each alert what is to be started, or why nothing is. One
    message starts one playbook at most.
  - What is written in an alert's labels is compared with the inventory and never handed on.
  - Runs on the controller, calls nobody and changes nothing.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  alerts:
    description:
      - The list C(alerts) of a message of Alertmanager's webhook (version 4), as JSON and percent-encoded.
    type: raw
    required: true
  model:
    description: The inventory, as M(aws_ha.overlay_ip.overlay_inventory) returns it.
    type: dict
    required: true
  report:
    description:
      - The status, as RV(aws_ha.overlay_ip.overlay_report#module:report) has it. Without it only what is wrong with the
        alerts themselves is told, and whether a look is needed.
    type: dict
  hindered:
    description: With O(report), RV(aws_ha.overlay_ip.overlay_report#module:hindered) of a setup.
    type: list
    elements: str
    default: []
  turns:
    description: With O(report), per node what M(aws_ha.overlay_ip.overlay_turn) returned.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Judge every alert
  aws_ha.overlay_ip.overlay_response:
    alerts: "{{ overlay_ip_alerts }}"
    model: "{{ inventory.model }}"
    report: "{{ status.report }}"
    turns:
      node1: "{{ node1_turn }}"
      node2: "{{ node2_turn }}"
  register: response

- name: Tell what becomes of each alert
  ansible.builtin.debug:
    msg: "{{ response.lines }}"
"""

RETURN = r"""
do:
  description: The playbook to start, V(setup) or V(switchover), or an empty string.
  returned: success
  type: str
request:
  description:
    - Its extra variables. Their values are names and addresses of the inventory.
  returned: success
  type: dict
  sample: {target: node2, expected_active: node1, overlay: all}
destinations:
  description: The overlay IPs whose turn it takes.
  returned: success
  type: list
  elements: str
nodes:
  description: The nodes that must keep the turn; the first decides whether it is to be had.
  returned: success
  type: list
  elements: str
what:
  description: What is started, and why, for people.
  returned: success
  type: str
lines:
  description: A sentence for each alert.
  returned: success
  type: list
  elements: str
refused:
  description: Whether an alert was refused, and nothing is to be started.
  returned: success
  type: bool
pending:
  description: Whether O(report) is needed to say more.
  returned: success
  type: bool
"""
