# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An overlay IP that a managed prefix list carries: the path goes by its entry, and by nothing that is not in it."""

from __future__ import annotations

from typing import Any

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import FAR, NEAR, Site, wrong

pytest_plugins = ("unit.path_play",)


@pytest.fixture(params=[True, False], ids=["an entry of it", "none"])
def listed(request: pytest.FixtureRequest, site: Site) -> str:
    """The list that the tables route in the place of the overlay IP, which is an entry of it or not."""
    entries = [{"Cidr": "10.99.9.9/32"}, *([{"Cidr": OVERLAY}] if request.param else [])]
    made = site.ec2.create_managed_prefix_list(
        PrefixListName="overlays", MaxEntries=4, AddressFamily="IPv4", Entries=entries
    )["PrefixList"]
    site.aws.point(None)
    for table in site.aws.tables:
        site.ec2.create_route(
            RouteTableId=table, DestinationPrefixListId=made["PrefixListId"], NetworkInterfaceId=site.aws.eni(1)
        )
    site.aws.control.clear("calls")
    return str(made["PrefixListId"])


@pytest.mark.parametrize("source", [FAR, NEAR])
def test_it_goes_by_the_entry(site: Site, play: Run, request: pytest.FixtureRequest, listed: str, source: str) -> None:
    result = play(**{"from": source})
    there = "none" not in request.node.name
    assert set(wrong(result)["node1"]) == (set() if there else {"no_overlay_route"})
    rules = [hop["rule"] for hop in result["paths"][0]["hops"]]
    assert (f"{OVERLAY} -> {site.aws.eni(1)}" in rules) is there
    assert not any(listed in rule for rule in rules)
    assert site.aws.calls().count("DescribeManagedPrefixLists") == 1


def test_what_nobody_may_look_into_is_not_known(site: Site, play: Run, listed: str) -> None:
    every = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    but = {"Effect": "Deny", "Action": "ec2:DescribeManagedPrefixLists", "Resource": "*"}
    keys: dict[str, Any] = site.aws.options(site.aws.policy_of("blind-to-lists", [every, but]))
    result = play(**{"from": NEAR, **keys})
    assert wrong(result)["node1"] == []
    hops = [hop for hop in result["paths"][0]["hops"] if listed in hop["rule"]]
    assert [hop["passes"] for hop in hops] == [None]
    assert hops[0]["rule"] == (f"no route for {OVERLAY}, and {listed} leads to a node, a prefix list that was not read")
