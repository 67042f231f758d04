# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the fault tests."""

from __future__ import annotations

from unit.aws_lab import _aws_lab, aws

__all__ = ["_aws_lab", "aws"]
