# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with its machines, one for the whole session."""

from __future__ import annotations

from lab.lab_fixtures import lab, session_lab

__all__ = ["lab", "session_lab"]
