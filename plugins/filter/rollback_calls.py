# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to send back where a move failed."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: rollback_calls
short_description: What to send back where a move failed
version_added: 1.0.0
description:
  - Groups the routes that were moved by the interface that they pointed at before.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  _input:
    description: Results of the module overlay_route.
    type: list
    required: true
    elements: dict
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ moves.results | aws_ha.overlay_ip.rollback_calls }}"
"""

RETURN = r"""
_value:
  description: Per call of overlay_route, its destinations, tables, interface and expected holder.
  type: list
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"rollback_calls": text.rollback_calls}
