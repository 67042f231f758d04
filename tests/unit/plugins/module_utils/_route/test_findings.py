# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule: when it speaks, how grave it is, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import findings
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.facts import (
    Instance,
    Interface,
    PrefixList,
    Subnet,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.findings import View
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

OVERLAY, NETWORK, DOCKER = "192.168.10.15/32", "192.168.10.0/24", "172.17.3.4/32"
LOCAL = Route("10.0.0.0/16", "local", origin="CreateRouteTable")
DEFAULT = Route("0.0.0.0/0", "igw-1")


def to(eni: str, state: str = "active", destination: str = OVERLAY) -> Route:
    return Route(destination, eni, state, network_interface_id=eni, instance_id=eni.replace("eni", "i"))


def table(name: str, *routes: Route, **more: Any) -> Table:
    return Table(name, "vpc-1", "1", routes=(LOCAL, DEFAULT, *routes), **more)


MAIN = table("rtb-main", to("eni-a"), main=True)
OWN = table("rtb-own", to("eni-a"), subnet_ids=("subnet-2",))
SUBNETS = (Subnet("subnet-1", "10.0.1.0/24", "a"), Subnet("subnet-2", "10.0.2.0/24", "b"))
ENI = Interface("eni-a", "vpc-1", "subnet-1", False, instance_id="i-a", device_index=0)
NODE = Instance("i-a", "running", "vpc-1", (ENI,))
GOOD = View(OVERLAY, (MAIN, OWN), (), SUBNETS, ENI, NODE)


def quota(count: int, *more: Route) -> Table:
    routes = [Route(f"100.64.{n // 256}.{n % 256}/32", "nat-1") for n in range(count)]
    return table("rtb-main", *routes, *more, main=True)


def test_what_is_well_is_silent() -> None:
    assert findings.findings(GOOD) == []
    assert findings.uncovered_subnets(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "rule", "severity", "message"),
    [
        (
            {"tables": (MAIN, table("rtb-own", to("eni-b")))},
            "split",
            "error",
            f"{OVERLAY} is split: its route tables point at i-a, i-b.",
        ),
        ({"tables": (MAIN, table("rtb-own"))}, "route_missing", "warning", f"{OVERLAY} has no route in rtb-own."),
        (
            {"tables": (table("rtb-1"), table("rtb-2"))},
            "route_missing",
            "error",
            f"{OVERLAY} has no route in rtb-1, rtb-2.",
        ),
        (
            {"tables": (table("rtb-main", to("eni-a", "blackhole"), main=True),)},
            "blackhole",
            "error",
            f"{OVERLAY} is a blackhole in rtb-main: its target is stopped, terminated or detached.",
        ),
        (
            {"tables": (table("rtb-main", Route(OVERLAY, "igw-1"), main=True),)},
            "not_an_interface",
            "error",
            f"{OVERLAY} in rtb-main points at igw-1, which is no node.",
        ),
        (
            {"target": replace(ENI, source_dest_check=True)},
            "source_dest_check_on",
            "error",
            f"The source/destination check of eni-a is on: EC2 drops every packet to {OVERLAY}.",
        ),
        (
            {"instance": replace(NODE, state="stopping")},
            "target_not_running",
            "error",
            "Instance i-a is stopping, not running.",
        ),
        (
            {"target": replace(ENI, instance_id=None), "instance": None},
            "target_detached",
            "error",
            "eni-a is attached to no instance, so that nobody would answer.",
        ),
        (
            {"tables": (OWN,), "others": (MAIN,)},
            "unmanaged_route",
            "warning",
            f"rtb-main also routes {OVERLAY}, but is not one of the named tables: a move leaves it behind.",
        ),
        (
            {"tables": (OWN,), "others": (table("rtb-main", main=True),)},
            "uncovered_subnets",
            "warning",
            f"Clients in subnet-1 cannot reach {OVERLAY}: their route table is not one of the named ones.",
        ),
        (
            {"tables": (MAIN,), "others": (table("rtb-own", subnet_ids=("subnet-2",)),)},
            "uncovered_subnets",
            "warning",
            f"Clients in subnet-2 cannot reach {OVERLAY}: their route table is not one of the named ones.",
        ),
        (
            {"tables": (table("rtb-main", to("eni-a"), Route(NETWORK, "pcx-1"), main=True),)},
            "overlap",
            "warning",
            f"rtb-main also has {NETWORK} to pcx-1: {OVERLAY} lies inside that network, and hosts of the same address "
            "there cannot be reached.",
        ),
        (
            {"tables": (table("rtb-main", to("eni-a"), Route("192.168.0.0/16", "tgw-1"), main=True),)},
            "overlap",
            "warning",
            f"rtb-main also has 192.168.0.0/16 to tgw-1: {OVERLAY} lies inside that network, and hosts of the same "
            "address there cannot be reached.",
        ),
        (
            {
                "tables": (
                    table(
                        "rtb-main", to("eni-a"), Route(OVERLAY, "vgw-1", origin="EnableVgwRoutePropagation"), main=True
                    ),
                )
            },
            "propagated_route",
            "warning",
            f"rtb-main also has {OVERLAY} to vgw-1 (propagated): the overlay's static route hides it.",
        ),
        (
            {
                "destination": NETWORK,
                "tables": (table("rtb-main", to("eni-a", destination=NETWORK), to("eni-b"), main=True),),
            },
            "more_specific_route",
            "warning",
            f"rtb-main also has {OVERLAY} to eni-b: this part of {NETWORK} goes there, not to the node.",
        ),
        (
            {"destination": "10.0.7.0/28", "tables": (table("rtb-main", to("eni-a", destination="10.0.7.0/28")),)},
            "inside_vpc",
            "error",
            "Overlay IP 10.0.7.0/28 lies inside the CIDR 10.0.0.0/16 of vpc-1.",
        ),
        (
            {
                "destination": "10.0.0.0/8",
                "tables": (table("rtb-main", to("eni-a", destination="10.0.0.0/8"), main=True),),
            },
            "covers_vpc",
            "warning",
            "10.0.0.0/8 covers 10.0.0.0/16 of the VPC itself: addresses in there stay with the VPC.",
        ),
        (
            {"destination": DOCKER, "tables": (table("rtb-main", to("eni-a", destination=DOCKER), main=True),)},
            "docker_range",
            "warning",
            f"{DOCKER} lies in 172.17.0.0/16, which Docker uses on its hosts: clients there never reach it.",
        ),
    ],
)
def test_rules(changes: dict[str, Any], rule: str, severity: str, message: str) -> None:
    view = replace(GOOD, **{"subnets": SUBNETS if "others" in changes else (), **changes})
    found = findings.findings(view)
    assert [(f.id, f.severity, f.message) for f in found if f.id == rule] == [(rule, severity, message)]
    assert all(f.remedy.endswith(".") for f in found)


@pytest.mark.parametrize(
    ("tables", "speaks"),
    [
        ((quota(498),), False),  # and a default route
        ((quota(499),), True),
        ((quota(500, to("eni-a")),), False),  # it has the route already
    ],
)
def test_quota(tables: tuple[Table, ...], speaks: bool) -> None:
    found = [f.id for f in findings.findings(replace(GOOD, tables=tables))]
    assert ("route_quota" in found) is speaks


LIST, OTHER = "pl-0123456789abcdef0", "pl-0123456789abcdef1"


def listed(*prefixes: str, **more: Any) -> PrefixList:
    return PrefixList(LIST, max_entries=20, state="create-complete", entries=tuple((p, "") for p in prefixes), **more)


def of_list(*routes: Route, lists: dict[str, PrefixList] | None = None, count: int = 0) -> View:
    """A view of LIST, which is routed to the node, and has one entry."""
    known = {LIST: listed(OVERLAY)} if lists is None else lists
    return replace(GOOD, destination=LIST, tables=(quota(count, *routes), table("rtb-own")), lists=known)


@pytest.mark.parametrize(
    ("view", "rule", "message"),
    [
        (of_list(Route(OVERLAY, "eni-b", network_interface_id="eni-b")), "more_specific_route", "this part of pl-"),
        (of_list(Route(OVERLAY, "vgw-1", origin="EnableVgwRoutePropagation")), "propagated_route", "(propagated)"),
        (of_list(Route(NETWORK, "tgw-1")), "overlap", f"{OVERLAY}, an entry of {LIST}, lies inside that network"),
        (
            of_list(Route(OTHER, "tgw-1"), lists={LIST: listed(OVERLAY), OTHER: listed(NETWORK)}),
            "lists_overlap",
            f"rtb-main also has {OTHER} to tgw-1, and both lists have {OVERLAY}: where they lead to different targets",
        ),
        (of_list(lists={LIST: listed("10.0.1.5/32")}), "inside_vpc", f"10.0.1.5/32, of {LIST}, lies inside the CIDR"),
        (replace(of_list(), carried=("10.0.1.6/32",)), "inside_vpc", f"10.0.1.6/32, of {LIST}, lies inside the CIDR"),
        (of_list(lists={LIST: listed("10.0.0.0/8")}), "covers_vpc", f"{LIST} covers 10.0.0.0/16 of the VPC itself"),
        (of_list(lists={LIST: listed(DOCKER)}), "docker_range", f"{LIST} lies in 172.17.0.0/16"),
        (of_list(lists={}), "list_missing", f"{LIST} does not exist, or is not shared with this account."),
        (
            of_list(lists={LIST: replace(listed(OVERLAY), state="modify-failed", state_message="no room in rtb-9")}),
            "list_failed",
            "came to nothing (modify-failed: no room in rtb-9): it is as version 1 has it.",
        ),
        (
            of_list(count=480),
            "route_quota",
            "has 481 static routes: creating pl-0123456789abcdef0, which counts for 20",
        ),
    ],
)
def test_a_list(view: View, rule: str, message: str) -> None:
    found = {f.id: f.message for f in findings.findings(view)}
    assert message in found[rule]
    assert found.keys() - {rule} <= {"route_missing", "uncovered_subnets"}


def told(view: View) -> dict[str, tuple[str, str]]:
    return {f.id: (f.message, f.remedy) for f in findings.findings(view)}


def test_the_words_of_it() -> None:
    assert told(of_list(lists={}))["list_missing"][1] == (
        "Correct the id, or make one by `aws ec2 create-managed-prefix-list --prefix-list-name overlay-ip"
        " --address-family IPv4 --max-entries 20`."
    )
    assert told(of_list(count=481))["route_quota"] == (
        f"rtb-main has 482 static routes: creating {LIST}, which counts for 20 routes, may exceed the quota (500 by"
        " default).",
        "Ask AWS for more routes per table, or make the list's maximum of entries smaller.",
    )
    one = replace(GOOD, tables=(quota(499),))
    assert told(one)["route_quota"] == (
        "rtb-main has 500 static routes: creating one more may exceed the quota (500 by default).",
        "Ask AWS for more routes per table, or remove some.",
    )
    wide = {LIST: listed(NETWORK), OTHER: listed(OVERLAY)}
    assert f"both lists have {OVERLAY}:" in told(of_list(Route(OTHER, "tgw-1"), lists=wide))["lists_overlap"][0]


def test_what_a_list_is_to_have_is_nothing_to_an_overlay_ip_without_one() -> None:
    assert findings.findings(replace(GOOD, carried=("10.0.1.6/32",))) == []


def test_a_list_that_fits_and_one_of_which_nothing_is_known() -> None:
    def told(view: View) -> set[str]:
        return {f.id for f in findings.findings(view)} - {"route_missing", "uncovered_subnets"}

    assert told(of_list(to("eni-a", destination=LIST), count=500)) == set(), "it is there already"
    assert told(of_list(count=479)) == set(), "and a default route"
    assert told(of_list(count=480)) == {"route_quota"}
    assert told(replace(of_list(Route(OVERLAY, "igw-1"), count=495), lists=None)) == set()
    six = {LIST: listed("2001:db8::5/128", family=6)}
    assert told(of_list(count=499, lists=six)) == set(), "counted per family"
    beside = replace(of_list(Route(OTHER, "tgw-1"), count=478), destination=OVERLAY, lists={OTHER: listed(NETWORK)})
    assert told(beside) == {"overlap"}
    beside = replace(beside, tables=(quota(490, Route(OTHER, "tgw-1")),), lists={OTHER: listed(NETWORK)})
    assert told(beside) == {"overlap", "route_quota"}, "a list counts for others, too"
    own = replace(of_list(Route(OTHER, "tgw-1")), destination=OVERLAY, lists={OTHER: listed(OVERLAY)})
    assert "the same entry" in next(f.message for f in findings.findings(own) if f.id == "propagated_route")


def test_what_only_warns_and_cannot_be_read_is_said() -> None:
    found = findings.unseen("subnets", AwsError("UnauthorizedOperation", "not allowed"))
    assert (found.id, found.severity) == ("not_looked_at", "info")
    assert found.message == "The subnets could not be looked at: not allowed"


def test_a_named_table_that_lacks_the_route_is_told_once() -> None:
    view = replace(GOOD, tables=(table("rtb-main", main=True), OWN))
    assert findings.uncovered_subnets(view) == ["subnet-1"]
    assert [f.id for f in findings.findings(view)] == ["route_missing"]


def test_the_vpcs_own_route_is_no_network_that_overlaps() -> None:
    view = replace(
        GOOD,
        destination="10.0.0.0/8",
        tables=(table("rtb-main", to("eni-a", destination="10.0.0.0/8"), main=True),),
        subnets=(),
    )
    assert [f.id for f in findings.findings(view)] == ["covers_vpc"]


def test_moving_tells_nothing_that_the_move_itself_mends() -> None:
    view = replace(GOOD, tables=(table("rtb-main", to("eni-b", "blackhole"), main=True), table("rtb-own")))
    assert {f.id for f in findings.findings(view)} >= {"route_missing", "blackhole"}
    assert findings.findings(view, moving=True) == []


def test_errors_come_first() -> None:
    view = replace(GOOD, destination=DOCKER, instance=replace(NODE, state="stopped"), subnets=())
    severities = [f.severity for f in findings.findings(view)]
    assert severities == sorted(severities)
    assert {"error", "warning"} <= set(severities)


def test_ipv6_is_judged_among_its_own() -> None:
    v6 = "2001:db8::15/128"
    routes = (to("eni-a", destination=v6), Route("::/0", "eigw-1"), Route("2001:db8::/32", "tgw-1"), LOCAL)
    view = replace(GOOD, destination=v6, tables=(table("rtb-main", *routes, main=True),), subnets=())
    assert [f.id for f in findings.findings(view)] == ["overlap"]
