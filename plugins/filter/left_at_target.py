# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a failed move left an overlay IP at its target."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: left_at_target
short_description: Where a failed move left an overlay IP at its target
version_added: 1.0.0
description:
  - Names every route that points, or may point, at the target although the move failed and was sent back.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: rollbacks
options:
  _input:
    description: Results of the module overlay_route that moved.
    type: list
    required: true
    elements: dict
  rollbacks:
    description: Results of the module overlay_route that went back.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ moves.results | aws_ha.overlay_ip.left_at_target(back.results) }}"
"""

RETURN = r"""
_value:
  description: One text per overlay IP and route table; empty where none is left there.
  type: list
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"left_at_target": text.left_at_target}
