# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the lab adds over moto; ``RULES`` has them in the order of their list."""

from __future__ import annotations

from . import balancers, calls, client_vpn, prefixes, routes, tables, transit
from .registry import Rule, all_rules

__all__ = ["RULES", "Rule", "balancers", "calls", "client_vpn", "prefixes", "routes", "tables", "transit"]

RULES = all_rules()
