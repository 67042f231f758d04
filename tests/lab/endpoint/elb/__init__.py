# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Network Load Balancer in front of an overlay IP needs of Elastic Load Balancing: state and rules are ours.

moto keys targets by their id alone, has no health, no interfaces and nearly no rule of a Network Load Balancer.
"""
