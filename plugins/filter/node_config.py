# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the program on a node."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._node import config

DOCUMENTATION = r"""
name: node_config
short_description: The configuration of the program on a node
version_added: 1.0.0
description:
  - What C(/etc/aws-overlay-ip/config.json) of a node holds, from the model of the inventory.
  - The roles of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: name, nics, settings, tables, left, former, removed
options:
  _input:
    description: The C(model) that the module overlay_inventory returns.
    type: dict
    required: true
  name:
    description: The node.
    type: str
    required: true
  nics:
    description: Of every node the network interface that receives the overlay IPs, as overlay_node_info tells it.
    type: dict
    required: true
  settings:
    description: The keys C(aws), C(timeout) and C(advert).
    type: dict
    required: true
  tables:
    description: Per overlay IP the tables that serve the VPC; they are written where the inventory names none.
    type: dict
    version_added: 1.1.0
  left:
    description: The entries of overlay IPs that the inventory has no more and that nobody took away yet.
    type: list
    elements: dict
    version_added: 1.1.0
  former:
    description: The interfaces of this node to which routes lead that shall lead to another one of its.
    type: list
    elements: str
    version_added: 1.1.0
  removed:
    description: The nodes that the inventory has no more, with their network interfaces.
    type: dict
    version_added: 1.1.0
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ inventory.model | aws_ha.overlay_ip.node_config('node1', nics, settings) }}"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"node_config": config.content}
