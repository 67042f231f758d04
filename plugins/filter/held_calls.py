# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that a node holds."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: held_calls
short_description: The addresses that a node holds
version_added: 1.0.0
description:
  - Where overlay_ip_exclusive is set, only these are up on the node.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: seen, node
options:
  _input:
    description: The C(model) that the module overlay_inventory returns.
    type: dict
    required: true
  seen:
    description: The C(overlays) that the module overlay_route_info returns.
    type: list
    required: true
    elements: dict
  node:
    description: Name of the node.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ inventory.model | aws_ha.overlay_ip.held_calls(info.overlays, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: Per call of overlay_interface, its addresses, interface and label.
  type: list
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"held_calls": text.held_calls}
