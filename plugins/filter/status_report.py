# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds what, and what is wrong."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: status_report
short_description: Who holds what, and what is wrong
version_added: 1.0.0
description:
  - Puts side by side what AWS says and what the nodes say.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: seen, hosts
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
  hosts:
    description: Results of the module overlay_node_info, by name of the node.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ inventory.model | aws_ha.overlay_ip.status_report(info.overlays, hosts) }}"
"""

RETURN = r"""
_value:
  description: Overlay IPs, nodes and findings.
  type: dict
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"status_report": text.status_report}
