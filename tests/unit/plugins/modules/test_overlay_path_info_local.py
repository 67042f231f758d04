# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Within the VPC: a route for a whole subnet is more specific than the local one, and leads where it says."""

from __future__ import annotations

from typing import Any

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, NEAR, Site, wrong

pytest_plugins = ("unit.path_play",)
SUBNET = "10.0.3.0/24"


def tables(site: Site) -> list[str]:
    """The main one is that of the first node's subnet, the third one that of the second's."""
    return list(site.aws.world.route_table_ids)


def back(result: dict[str, Any]) -> dict[str, tuple[str, str, bool | None]]:
    """Per holder, what its table does with the answer."""
    return {
        path["holder"]: (hop["where"], hop["rule"], hop["passes"])
        for path in result["paths"]
        for hop in path["hops"]
        if hop["direction"] == "back" and hop["where"].startswith("route table")
    }


def test_the_local_route_is_told_with_its_table(site: Site, play: Run) -> None:
    found = back(play(**{"from": NEAR}))
    for holder, node, table in zip(BOTH, site.aws.world.nodes, (tables(site)[0], tables(site)[2]), strict=True):
        where = f"route table {table} of {node.subnet_id} ({node.availability_zone})"
        assert found[holder] == (where, f"{NEAR}/32 is local", True)


@pytest.mark.parametrize("which", [(2, 0), (2, 1)])
def test_what_leads_to_a_machine_is_not_seen(site: Site, play: Run, which: tuple[int, int]) -> None:
    """The other node, or a firewall: what it does with an answer is known there alone."""
    table, target = tables(site)[0], site.aws.eni(*which)
    site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=SUBNET, NetworkInterfaceId=target)
    result = play(**{"from": NEAR})
    site.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=SUBNET)
    assert wrong(result) == {holder: [] for holder in BOTH}
    found = back(result)
    assert found["node2"][2] is True
    assert found["node1"][1:] == (
        f"{SUBNET} -> {target}, the longest prefix that holds {NEAR}/32, which may inspect it, and send it on: that"
        " cannot be seen from here",
        None,
    )
    assert f"  To look at: See that {target} lets it through, and that it is sent on to {NEAR}/32." in str(
        result["lines"]
    )


def test_a_part_of_the_vpc_is_a_warning(site: Site, play: Run) -> None:
    """From the whole of it: the answers to one subnet go another way."""
    table = tables(site)[0]
    site.ec2.create_route(RouteTableId=table, DestinationCidrBlock=SUBNET, NetworkInterfaceId=site.aws.eni(2))
    result = play(**{"from": "10.0.0.0/16"})
    site.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=SUBNET)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert {path["holder"]: [f["id"] for f in path["findings"] if f["severity"] == "warning"] for path in
            result["paths"]} == {"node1": ["part_elsewhere"], "node2": []}  # fmt: skip
    assert f"of 10.0.0.0/16, a part is led elsewhere: {SUBNET} -> {site.aws.eni(2)} (active)" in str(result["lines"])


def test_a_table_whose_local_route_leads_to_a_machine_is_still_that_of_the_vpc(site: Site, play: Run) -> None:
    """ReplaceRoute may give the local route itself another target; in the first of the tables here."""
    table = sorted(tables(site))[0]
    where = {"RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/16"}
    site.ec2.replace_route(**where, NetworkInterfaceId=site.aws.eni(2, 1))
    try:
        result = play(**{"from": NEAR})
    finally:
        site.ec2.replace_route(**where, LocalTarget=True)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert {rule for _where, rule, _passes in back(result).values()} <= {
        f"{NEAR}/32 is local",
        f"10.0.0.0/16 -> {site.aws.eni(2, 1)}, the longest prefix that holds {NEAR}/32, which may inspect it, and send"
        " it on: that cannot be seen from here",
    }


def test_an_overlay_route_to_an_interface_of_nobody_here_is_not_seen(site: Site, play: Run) -> None:
    """A firewall in front, in the table of the subnet by which packets come in; a node's other interface is wrong."""
    table, firewall = tables(site)[0], site.aws.world.clients[0].network_interface_ids[0]
    site.route(table, OVERLAY, NetworkInterfaceId=firewall)
    result = play()
    site.route(table, OVERLAY, NetworkInterfaceId=site.aws.eni(1, 1))
    wrong_one = play()
    site.route(table, OVERLAY, NetworkInterfaceId=site.aws.eni(1))
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert f"{OVERLAY} -> {firewall}, which may inspect it, and send it on" in str(result["lines"])
    assert "and that it is sent on to a node. If nothing shall inspect it: Let the table carry the overlay" in str(
        result["lines"]
    )
    assert wrong(wrong_one) == {holder: ["no_overlay_route"] for holder in BOTH}
