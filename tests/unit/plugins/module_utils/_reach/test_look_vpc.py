# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The block of a subnet of one family, of both, or of IPv6 alone."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import look_vpc

FOUR: dict[str, Any] = {"CidrBlock": "10.0.1.0/24"}
SIX: dict[str, Any] = {
    "Ipv6CidrBlockAssociationSet": [
        {"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": "disassociated"}},
        {"Ipv6CidrBlock": "2001:db8:2::/64", "Ipv6CidrBlockState": {"State": "associated"}},
    ]
}


@pytest.mark.parametrize(
    ("raw", "family", "block"),
    [
        (FOUR, 4, "10.0.1.0/24"),
        (FOUR, 6, "10.0.1.0/24"),
        ({**FOUR, **SIX}, 4, "10.0.1.0/24"),
        ({**FOUR, **SIX}, 6, "2001:db8:2::/64"),
        (SIX, 4, "2001:db8:2::/64"),
        (SIX, 6, "2001:db8:2::/64"),
    ],
)
def test_the_block_of_a_family_if_there_is_one(raw: dict[str, Any], family: int, block: str) -> None:
    assert look_vpc.block(raw, family) == block
