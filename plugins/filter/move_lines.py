# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move did, in words."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._report import text

DOCUMENTATION = r"""
name: move_lines
short_description: What a move did, in words
version_added: 1.0.0
description:
  - One line per overlay IP, and one per table that was not moved.
  - The playbooks of the collection use it. It is public so that other playbooks can, too.
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  _input:
    description: A report of the filter move_report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what comes out
  ansible.builtin.debug:
    msg: "{{ report | aws_ha.overlay_ip.move_lines }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
"""


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The one filter of this file."""
        return {"move_lines": text.move_lines}
