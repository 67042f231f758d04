# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A static route to the nodes' VPC is nobody's only if nothing there leads on."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import leftover
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import TransitRoute
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import BLACKHOLE, Route, Table

REQUEST = leftover.Request("vpc-1", ("192.168.10.15/32",))
OWN = (Route("10.0.0.0/16", "local", origin="CreateRouteTable"), Route("192.168.10.15/32", "eni-1"))
GONE = "to vpc-1, where nothing leads on: it is of an overlay IP that is gone."


def told(destination: str, *routes: Route) -> str:
    tables = [Table("rtb-1", "vpc-1", "1", routes=OWN), Table("rtb-2", "vpc-1", "1", routes=(*OWN, *routes))]
    return leftover._nobodys(TransitRoute(destination, "tgw-attach-1"), "tgw-rtb-1", tables, REQUEST, "tgw-1")


@pytest.mark.parametrize("destination", ["192.168.99.1/32", "172.31.0.0/16", "0.0.0.0/1"])
def test_a_default_route_leads_everything_on(destination: str) -> None:
    """As in a VPC with a NAT gateway or a firewall, by which other VPCs get out."""
    alone = GONE if destination != "0.0.0.0/1" else ""  # the VPC's own block lies in it
    assert told(destination) == alone
    for target in ("nat-1", "vpce-1", "eni-9", "tgw-2"):
        assert told(destination, Route("0.0.0.0/0", target)) == ""


@pytest.mark.parametrize(
    "default",
    [
        Route("0.0.0.0/0", "tgw-1"),  # back to where it came from
        Route("0.0.0.0/0", "igw-1"),
        Route("0.0.0.0/0", "nat-1", state=BLACKHOLE),
        Route("::/0", "nat-1"),
    ],
)
def test_one_that_does_not_lead_on_hides_nothing(default: Route) -> None:
    assert told("192.168.99.1/32", default) == GONE


def test_what_the_vpc_or_another_pair_has_is_somebodys() -> None:
    assert told("10.0.0.0/8") == ""
    assert told("192.168.88.0/24", Route("192.168.88.1/32", "eni-2")) == ""
    assert told("192.168.10.15/32") == "to vpc-1, and overlay_ip_reach names that no more."
