# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stat ``overlay_ip_result``, by which a job of AWX, or a workflow, gets what a playbook has done."""

from __future__ import annotations

from typing import Any


def keep(result: dict[str, Any]) -> None:
    """Let Ansible keep the result's report."""
    stat = {"overlay_ip_result": result["report"]}
    result["ansible_stats"] = {"data": stat, "per_host": False, "aggregate": False}
