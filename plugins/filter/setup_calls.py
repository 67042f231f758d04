# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom setup routes each overlay IP to."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: setup_calls
short_description: Whom setup routes each overlay IP to
version_added: 1.0.0
description:
  - A new route goes where the healthy routes of the other tables point already, else to the home node.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
positional: seen
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
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ inventory.model | aws_ha.overlay_ip.setup_calls(info.overlays) }}"
"""

RETURN = r"""
_value:
  description: Per call of overlay_route, its destinations, tables and home.
  type: list
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"setup_calls": text.setup_calls}
