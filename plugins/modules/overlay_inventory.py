#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_inventory.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_inventory
short_description: Check the variables of the inventory and hand out the model that the roles read
version_added: 1.0.0
description:
  - Reads C(overlay_ips), C(overlay_ip_region) and the other variables of the collection, checks every one of them, and
    fails with one sentence for each mistake, which names the variable, its value and the remedy.
  - A variable that begins with C(overlay_ip) and that nobody knows is a mistake, and so is an extra variable that is
    almost one of those that a playbook asks for, such as C(taget).
  - Runs on the controller, calls nobody and changes nothing. The role P(aws_ha.overlay_ip.overlay_ip#role) runs it
    first in every playbook.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  switchover:
    description:
      - Also read C(target), which is then required, C(overlay) and C(expected_active).
    type: bool
    default: false
  identities:
    description:
      - What nodes said of themselves, as looped results of M(aws_ha.overlay_ip.overlay_node_info), to be filled in
        where the inventory says nothing.
    type: list
    elements: dict
    default: []
  seen:
    description:
      - What M(aws_ha.overlay_ip.overlay_route_info) saw, so that RV(setup_calls) and RV(held_calls) follow the holders.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
  records:
    description:
      - What nodes said as RV(aws_ha.overlay_ip.overlay_node_info#module:record), so that a prefix that they have on
        record and the inventory has no more is known as one that was routed by it.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
  whole:
    description:
      - Refuse a run with C(--tags) or C(--skip-tags), for a playbook whose tasks need each other, and one whose
        C(--limit) leaves out a node, for a play of C(localhost,all).
    type: bool
    default: false
    version_added: 1.1.0
  all_nodes:
    description:
      - Refuse a play that has some of the nodes and leaves others out, as C(--limit) does.
    type: bool
    default: false
    version_added: 1.1.0
  told:
    description:
      - Per node, what M(aws_ha.overlay_ip.overlay_node_info) said as
        RV(aws_ha.overlay_ip.overlay_node_info#module:failover), so that RV(model) has what a cluster calls the nodes
        and which of its resources moves what.
    type: dict
    default: {}
    version_added: 1.1.0
  ask:
    description:
      - With O(switchover), do not refuse a node that only its cluster may know by that name, but return RV(stranger).
    type: bool
    default: false
    version_added: 1.1.0
"""

EXAMPLES = r"""
- name: Check the inventory
  aws_ha.overlay_ip.overlay_inventory:
  register: inventory
  run_once: true

- name: Show the overlay IPs
  ansible.builtin.debug:
    msg: "{{ inventory.model.overlays | map(attribute='destination') }}"
"""

RETURN = r"""
model:
  description: All variables, checked and canonical. It holds no credentials.
  returned: success
  type: dict
stranger:
  description: Whether the request names a node that the inventory does not know. RV(model) is without the request then.
  returned: with O(ask), where it does
  type: bool
  version_added: 1.1.0
unknown_nodes:
  description: The nodes whose instance the inventory does not name.
  returned: success
  type: list
  elements: str
route_calls:
  description: The overlay IPs, grouped by the call of M(aws_ha.overlay_ip.overlay_route) that serves them.
  returned: success
  type: list
  elements: dict
setup_calls:
  description:
    - The calls of M(aws_ha.overlay_ip.overlay_route) that setup makes, each with its node. A new route goes where the
      other tables' healthy routes point already, else to the home node.
  returned: success
  type: list
  elements: dict
held_calls:
  description: Per node, the calls of M(aws_ha.overlay_ip.overlay_interface) for the addresses that it holds, or will
    hold once setup is done.
  returned: success
  type: dict
former:
  description:
    - Of O(seen), the routes of single addresses that a prefix of the inventory is to carry now, each as a finding with
      id, severity, message and remedy, and C(ready), whether its deletion loses nothing.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
former_calls:
  description:
    - The calls of M(aws_ha.overlay_ip.overlay_route) that delete those of RV(former) whose deletion loses nothing,
      since what replaces them is there.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
former_foretold:
  description: The same of all RV(former), as setup would make them in the end.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
lists_refused:
  description: Why an overlay IP cannot be routed by the managed prefix list that the inventory names, as sentences.
  returned: success
  type: list
  elements: str
  version_added: 1.1.0
list_additions:
  description:
    - The calls of M(aws_ha.overlay_ip.overlay_prefix_list) that setup makes so that each address is in its list; of
      O(seen), those in which something is missing.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
list_removals:
  description: Those that teardown makes.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
interface_groups:
  description: The nodes' receiving interfaces, grouped by the call of M(aws_ha.overlay_ip.source_dest_check) that
    serves them.
  returned: success
  type: list
  elements: dict
interface_calls:
  description: The addresses, grouped by the call of M(aws_ha.overlay_ip.overlay_interface) that serves them.
  returned: success
  type: list
  elements: dict
"""
