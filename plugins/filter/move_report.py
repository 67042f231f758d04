# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move did."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: move_report
short_description: What a move did
version_added: 1.0.0
description:
  - Sums up, per overlay IP, the node before and after and what was done in each table.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: results, seconds, seen
options:
  _input:
    description: The C(model) that the module overlay_inventory returns.
    type: dict
    required: true
  results:
    description: Results of the module overlay_route.
    type: list
    required: true
    elements: dict
  seconds:
    description: Seconds per phase.
    type: dict
    required: false
  seen:
    description: The C(overlays) of the module overlay_route_info from before the move, where a cluster made it.
    type: list
    required: false
    elements: dict
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ inventory.model | aws_ha.overlay_ip.move_report(moves.results) }}"
"""

RETURN = r"""
_value:
  description: The value of the stat C(overlay_ip_result).
  type: dict
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"move_report": text.move_report}
