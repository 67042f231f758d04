# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the module of this name to the node with nothing but what it needs of us."""

from __future__ import annotations

from ..plugin_utils.slim import Slim


class ActionModule(Slim):
    """See :class:`Slim`."""
