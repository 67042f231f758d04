#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_report
short_description: Report a move or the status of overlay IPs, for people and for programs
version_added: 1.1.0
description:
  - Makes of the results of M(aws_ha.overlay_ip.overlay_route), M(aws_ha.overlay_ip.overlay_route_info) and
    M(aws_ha.overlay_ip.overlay_node_info) what every playbook of the collection tells, and keeps it as the stat
    C(overlay_ip_result), but not in check mode.
  - Runs on the controller, calls nobody and changes nothing.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  model:
    description: The inventory, as M(aws_ha.overlay_ip.overlay_inventory) returns it.
    type: dict
    required: true
  moves:
    description: Looped results of M(aws_ha.overlay_ip.overlay_route).
    type: list
    elements: dict
    default: []
  rollbacks:
    description: Those of the run that sent a failed move back.
    type: list
    elements: dict
    default: []
  seen:
    description:
      - What M(aws_ha.overlay_ip.overlay_route_info) saw. With O(hosts) the status is reported from it; else it is how
        things were before something other than O(moves) moved the routes.
    type: list
    elements: dict
    default: []
  hosts:
    description: Per node, what M(aws_ha.overlay_ip.overlay_node_info) said. Asks for the report of the status.
    type: dict
  leftovers:
    description:
      - What M(aws_ha.overlay_ip.overlay_route_info) saw of the destinations that RV(orphans) names; an empty list where
        it names none. Without this option, what an earlier inventory left is not known to be gone.
    type: list
    elements: dict
    version_added: 1.1.0
  unread:
    description:
      - With O(hosts), the looks that failed, each result of M(aws_ha.overlay_ip.overlay_route_info) as the loop over
        calls gives it. Their overlay IPs are reported as not known.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
  networks:
    description: With O(hosts), the C(network) of each call of M(aws_ha.overlay_ip.overlay_route_info).
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
  seconds:
    description: Seconds per phase of the move.
    type: dict
    default: {}
  by:
    description: The playbook that made the move. Asks for RV(records).
    type: str
    choices: [switchover, setup, evacuate]
    version_added: 1.1.0
  error:
    description: With O(by), why the move failed, and how things are; empty where it did not.
    type: str
    default: ''
    version_added: 1.1.0
  metrics:
    description: With O(hosts), whether to return RV(metrics), too.
    type: bool
    default: false
    version_added: 1.1.0
  histories:
    description: Per node, what M(aws_ha.overlay_ip.overlay_history) returned. Asks for the report of what is on record.
    type: dict
    version_added: 1.1.0
  since:
    description:
      - With O(histories), since when. A time such as V(2026-01-31T03:00) or V(03:00), in UTC where it names no zone, as
        V(03:00+02:00) does, or a while such as V(90m), V(24h) or V(7d).
    type: str
    default: ''
    version_added: 1.1.0
  door:
    description: With O(hosts), what the failover engine shall let be done.
    type: str
    choices: [setup, move, teardown, migrate]
    default: setup
  keep:
    description: Whether to keep the report as the stat C(overlay_ip_result).
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Make a report
  aws_ha.overlay_ip.overlay_report:
    model: "{{ inventory.model }}"
    seen: "{{ info.overlays }}"
    hosts:
      node1: "{{ node1_info }}"
      node2: "{{ node2_info }}"
  register: status

- name: Tell who holds what
  ansible.builtin.debug:
    msg: "{{ status.lines }}"
"""

RETURN = r"""
report:
  description:
    - The value of the stat C(overlay_ip_result). With O(hosts), its key C(group) is the name of the group of nodes.
  returned: success
  type: dict
lines:
  description: The same, for people.
  returned: success
  type: list
  elements: str
hindered:
  description: What the failover engine says that must be mended before what O(door) names, as sentences.
  returned: when O(hosts) is given
  type: list
  elements: str
harmless:
  description: What else it says of itself that is wrong.
  returned: when O(hosts) is given
  type: list
  elements: str
unrest:
  description: Why it is not at rest, or does not agree with the routes; empty where it is and does.
  returned: when O(hosts) is given
  type: list
  elements: str
orphans:
  description:
    - What an earlier inventory left behind. C(findings), each with id, severity, message, remedy and node; C(told),
      what setup does not mend, for people, by the value of C(overlay_ip_orphans); C(refused), why it does not begin, by
      the same; C(strangers), the nodes whose engine is another inventory's; C(destinations), whose routes are to be
      looked for; C(engines), C(resources), C(routes), C(entries) (of managed prefix lists) and C(addresses) (per node),
      which are to be removed; C(release), per node the addresses of whose files only a holder has need; C(left), per
      node the entries that its configuration keeps until then; C(removed), per node the nodes that the inventory has no
      more, with their interfaces; C(former), per node its other interfaces to which routes lead; C(programs), the nodes
      whose program nobody needs.
  returned: when O(hosts) is given
  type: dict
metrics:
  description: The status in Prometheus's text format.
  returned: when O(hosts) is given and O(metrics) is true
  type: str
  version_added: 1.1.0
records:
  description:
    - Of what was moved, the record for each node that it was, or should have been, moved to, for
      M(aws_ha.overlay_ip.overlay_history). Empty where nothing was moved.
  returned: when O(by) is given
  type: dict
  version_added: 1.1.0
rollback_calls:
  description: Per call of M(aws_ha.overlay_ip.overlay_route) that sends back what was moved, its destinations, tables,
    interface and expected holder.
  returned: when neither O(hosts) nor O(histories) is given
  type: list
  elements: dict
left_at_target:
  description: Where an overlay IP points, or may point, at the target after a move that failed and was sent back.
  returned: when neither O(hosts) nor O(histories) is given
  type: list
  elements: str
"""
