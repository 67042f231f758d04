# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name on the node, and compares the node's clock with the controller's."""

from __future__ import annotations

from ..plugin_utils.clock import Clocked


class ActionModule(Clocked):
    """See :class:`Clocked`."""
