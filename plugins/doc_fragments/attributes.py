# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection promises, and what those that call AWS promise besides."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing and foretells what a run would change.
    support: full
  diff_mode:
    description: Returns what was there before and after, or what would be.
    support: full
  platform:
    description: Target operating systems and families.
    support: full
    platforms: posix
"""

    AWS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/aws_ha.overlay_ip.aws) in C(module_defaults) to set the AWS options once.
    support: full
    membership:
      - aws_ha.overlay_ip.aws
"""
