# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name by a fork of Ansible's own process, where the controller is its place."""

from __future__ import annotations

from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """See :class:`InProcess`."""
