#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_fleet.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_fleet
short_description: Read the pairs of an inventory that has several
version_added: 1.1.0
description:
  - Does for several groups of nodes what M(aws_ha.overlay_ip.overlay_inventory) does for one. What is wrong with one of
    them hinders no other; the module fails where none can be read.
  - The groups are those that C(overlay_ip_group) names, a list or a text with commas, by default C(overlay_pairs), or
    C(overlay_nodes) where there is no such group. In place of a group that has groups below it count the lowest of
    these. A node is in one of them alone.
  - Runs on the controller, calls nobody and changes nothing.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  evacuate:
    description:
      - Also read C(zone) and C(from), one of which is then required.
    type: bool
    default: false
  whole:
    description:
      - Refuse a run with C(--tags) or C(--skip-tags), for a playbook whose tasks need each other, and one whose
        C(--limit) leaves out a node, for a play of C(localhost,all).
    type: bool
    default: false
seealso:
  - module: aws_ha.overlay_ip.overlay_inventory
  - module: aws_ha.overlay_ip.overlay_fleet_info
  - module: aws_ha.overlay_ip.overlay_fleet_report
"""

EXAMPLES = r"""
- name: Read all pairs
  aws_ha.overlay_ip.overlay_fleet:
  register: fleet
  run_once: true

- name: Look at them, account by account
  aws_ha.overlay_ip.overlay_fleet_info:
    region: "{{ item.aws.region }}"
    pairs: "{{ item.pairs }}"
  loop: "{{ fleet.accounts }}"
  register: seen
  run_once: true
"""

RETURN = r"""
pairs:
  description:
    - By the group's name, each pair that can be read. C(model) and C(interface_calls) are as
      M(aws_ha.overlay_ip.overlay_inventory) returns them; C(account) is the number of its account.
  returned: success
  type: dict
wrong:
  description: The pairs that cannot be read, and why, by the group's name.
  returned: success
  type: dict
accounts:
  description:
    - The pairs by who calls AWS for them, and how. Each has its C(number); C(node), whose variable C(overlay_ip_aws)
      has further AWS options; C(aws), the other options; and C(pairs), for M(aws_ha.overlay_ip.overlay_fleet_info).
  returned: success
  type: list
  elements: dict
request:
  description: What O(evacuate) has read, C(zone) and C(node); empty texts without it.
  returned: success
  type: dict
lease:
  description: What the run says of itself to the nodes, for the option C(lease) of modules.
  returned: success
  type: dict
"""
