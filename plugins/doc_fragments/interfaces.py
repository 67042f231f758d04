# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option by which modules are told which interface of each node receives the overlay IP."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of what ``_reach.interfaces.named`` reads."""

    DOCUMENTATION = r"""
options:
  interfaces:
    description:
      - By instance, which of its interfaces that is, where the nodes differ. An interface's id, or a device index.
        O(device_index) is that of all others.
    type: dict
    default: {}
"""
