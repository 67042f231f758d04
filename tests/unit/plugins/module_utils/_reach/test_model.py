# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route that a packet takes: the longest prefix."""

from __future__ import annotations

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route


def test_the_longest_prefix_wins_and_of_equal_ones_the_static_one() -> None:
    local = Route("10.0.0.0/16", "local", origin="CreateRouteTable")
    default = Route("0.0.0.0/0", "igw-1")
    propagated = Route("10.20.0.0/16", "vgw-1", origin="EnableVgwRoutePropagation")
    static = Route("10.20.0.0/16", "tgw-1")
    longer = Route("10.20.1.0/24", "vgw-2", origin="EnableVgwRoutePropagation")
    v6 = Route("::/0", "eigw-1")
    routes = [propagated, default, v6, static, local]
    assert model.longest(routes, "10.20.1.5/32") == static
    assert model.longest([*routes, longer], "10.20.1.5/32") == longer
    assert model.longest([*routes, longer], "10.20.0.0/16") == static
    assert model.longest(routes, "10.0.3.3/32") == local
    assert model.longest(routes, "203.0.113.1/32") == default
    assert model.longest(routes, "2001:db8::/32") == v6
    assert model.longest([static], "203.0.113.1/32") is None


def test_the_local_route_is_preferred_to_a_propagated_one_and_not_to_a_static_one() -> None:
    local = Route("10.0.0.0/16", "local", origin="CreateRouteTable")
    propagated = Route("10.0.3.0/24", "vgw-1", origin="EnableVgwRoutePropagation")
    static = Route("10.0.3.0/25", "vpce-1")
    assert model.longest([propagated, local], "10.0.3.10/32") == local
    assert model.longest([propagated, local, static], "10.0.3.10/32") == static
    assert model.longest([propagated], "10.0.3.10/32") == propagated
