# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's request rate for calls that change something, as arithmetic.

Pure. Numbers: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (mutating calls: a bucket of 50
tokens, refilled at 5 a second, per account, region and API action). We stay a little below, since the way there
jitters. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

BURST = 48
RATE = 4.9  # tokens a second


def seconds_for_all(routes: int) -> float:
    """How long EC2 makes the last of so many routes wait, whoever writes them."""
    return max(0, routes - BURST) / RATE
