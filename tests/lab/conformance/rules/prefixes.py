# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about managed prefix lists: as the destination of routes, and how they are changed."""

from __future__ import annotations

from typing import Any

from ..bench import OVERLAY, REGION, Bench, allow, refused
from .registry import rule

SECOND = "192.168.10.16/32"


def _entries(bench: Bench, listed: str) -> list[str]:
    return [one["Cidr"] for one in bench.ec2.get_managed_prefix_list_entries(PrefixListId=listed)["Entries"]]


def _look(bench: Bench, listed: str) -> dict[str, Any]:
    [found] = bench.ec2.describe_managed_prefix_lists(PrefixListIds=[listed])["PrefixLists"]
    return dict(found)


def _settled(bench: Bench, listed: str) -> dict[str, Any]:
    bench.wait(lambda: not _look(bench, listed)["State"].endswith("-in-progress"), "the list to be at rest")
    return _look(bench, listed)


def _made(bench: Bench, *blocks: str, size: int = 5, family: str = "IPv4") -> str:
    made = bench.ec2.create_managed_prefix_list(
        PrefixListName="overlays", MaxEntries=size, AddressFamily=family, Entries=[{"Cidr": block} for block in blocks]
    )["PrefixList"]
    _settled(bench, made["PrefixListId"])
    return str(made["PrefixListId"])


@rule(56, "forgets the list of a route to an interface, so that it cannot be replaced")
def a_list_is_routed_as_one(bench: Bench) -> None:
    (first, [one]), (dummy, [other]) = bench.instance(), bench.instance()
    where: dict[str, Any] = {"RouteTableId": bench.table, "DestinationPrefixListId": _made(bench, OVERLAY, SECOND)}
    bench.ec2.create_route(**where, NetworkInterfaceId=one)
    refused("RouteAlreadyExists", bench.ec2.create_route, NetworkInterfaceId=other, **where)
    listed = where["DestinationPrefixListId"]

    def shown() -> list[dict[str, Any]]:
        [table] = bench.ec2.describe_route_tables(
            Filters=[{"Name": "route.destination-prefix-list-id", "Values": [listed]}]
        )["RouteTables"]
        return [route for route in table["Routes"] if route.get("DestinationPrefixListId") == listed]

    [route] = shown()
    assert (route["NetworkInterfaceId"], route["InstanceId"], route["State"]) == (one, first, "active")
    assert (route["Origin"], "DestinationCidrBlock" in route) == ("CreateRoute", False)
    bench.ec2.replace_route(**where, NetworkInterfaceId=other)
    assert [route["NetworkInterfaceId"] for route in shown()] == [other]
    bench.ec2.delete_route(**where)
    assert bench.route() is None
    refused("InvalidRoute.NotFound", bench.ec2.delete_route, **where)
    refused("InvalidParameterValue", bench.ec2.replace_route, NetworkInterfaceId=one, **where)
    where["DestinationPrefixListId"] = "pl-0123456789abcdef0"
    refused("InvalidPrefixListID.NotFound", bench.ec2.create_route, NetworkInterfaceId=one, **where)


@rule(57, "has no limit")
def a_list_counts_for_as_many_routes_as_it_may_have_entries(bench: Bench) -> None:
    bench.configure(routes_per_table=6)
    eni, create = bench.interface(), bench.ec2.create_route
    listed = _made(bench, OVERLAY, size=5)
    create(RouteTableId=bench.table, DestinationCidrBlock="192.168.20.1/32", NetworkInterfaceId=eni)
    create(RouteTableId=bench.table, DestinationPrefixListId=listed, NetworkInterfaceId=eni)
    refused(
        "RouteLimitExceeded",
        create,
        RouteTableId=bench.table,
        DestinationCidrBlock="192.168.20.2/32",
        NetworkInterfaceId=eni,
    )
    # Counted per family.
    create(
        RouteTableId=bench.table,
        DestinationPrefixListId=_made(bench, "2001:db8::1/128", size=6, family="IPv6"),
        NetworkInterfaceId=eni,
    )
    bench.ec2.delete_route(RouteTableId=bench.table, DestinationCidrBlock="192.168.20.1/32")
    # A larger list must find room in every table that it is in.
    bench.ec2.modify_managed_prefix_list(PrefixListId=listed, MaxEntries=7)
    failed = _settled(bench, listed)
    assert (failed["State"], failed["MaxEntries"], bench.table in failed["StateMessage"]) == ("modify-failed", 5, True)
    bench.ec2.modify_managed_prefix_list(PrefixListId=listed, MaxEntries=6)
    assert _settled(bench, listed)["MaxEntries"] == 6


@rule(58, "routes a list in a gateway's table")
def a_gateways_table_has_no_lists(bench: Bench) -> None:
    gateway = bench.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    bench.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bench.vpc)
    edge = bench.ec2.create_route_table(VpcId=bench.vpc)["RouteTable"]["RouteTableId"]
    bench.ec2.associate_route_table(RouteTableId=edge, GatewayId=gateway)
    refused(
        "InvalidParameterValue",
        bench.ec2.create_route,
        text="a gateway's",
        RouteTableId=edge,
        DestinationPrefixListId=_made(bench, OVERLAY),
        NetworkInterfaceId=bench.interface(),
    )


@rule(59, "changes the list whatever version the caller has seen, and at once")
def a_version_is_compared_and_swapped(bench: Bench) -> None:
    listed, modify = _made(bench, OVERLAY), bench.ec2.modify_managed_prefix_list
    assert _look(bench, listed)["Version"] == 1
    change: dict[str, Any] = {"PrefixListId": listed, "AddEntries": [{"Cidr": SECOND, "Description": "second"}]}
    answer = modify(**change, CurrentVersion=1)["PrefixList"]
    assert (answer["State"], answer["Version"]) == ("modify-in-progress", 1)
    refused("IncorrectState", modify, text="(modify-in-progress)", CurrentVersion=1, **change)
    after = _settled(bench, listed)
    assert (after["State"], after["Version"], after["PrefixListName"]) == ("modify-complete", 2, "overlays")
    refused("PrefixListVersionMismatch", modify, CurrentVersion=1, **change)
    assert _entries(bench, listed) == [OVERLAY, SECOND]
    modify(PrefixListId=listed, CurrentVersion=2, RemoveEntries=[{"Cidr": OVERLAY}])
    _settled(bench, listed)
    assert _entries(bench, listed) == [SECOND]
    [old, dummy] = bench.ec2.get_managed_prefix_list_entries(PrefixListId=listed, TargetVersion=2)["Entries"]
    assert old["Cidr"] == OVERLAY


@rule(60, "takes any number of entries, and the same one twice")
def a_list_has_a_size_and_a_change_too(bench: Bench) -> None:
    listed, modify = _made(bench, OVERLAY, size=2), bench.ec2.modify_managed_prefix_list
    adding = [{"Cidr": f"192.168.11.{number}/32"} for number in range(101)]
    refused("InvalidParameterValue", modify, text="(100)", PrefixListId=listed, CurrentVersion=1, AddEntries=adding)
    refused("PrefixListMaxEntriesExceeded", modify, PrefixListId=listed, CurrentVersion=1, AddEntries=adding[:2])
    refused(
        "InvalidPrefixListModification", modify, PrefixListId=listed, CurrentVersion=1, AddEntries=[{"Cidr": OVERLAY}]
    )
    refused("InvalidParameterCombination", modify, PrefixListId=listed, MaxEntries=3, AddEntries=adding[:1])
    refused("InvalidParameterValue", modify, PrefixListId=listed, AddEntries=[{"Cidr": "2001:db8::1/128"}])
    refused("InvalidParameterValue", bench.ec2.create_managed_prefix_list, **_wanted(MaxEntries=1001))
    assert _entries(bench, listed) == [OVERLAY]
    # By the page.
    large = str(bench.ec2.create_managed_prefix_list(**_wanted(MaxEntries=200))["PrefixList"]["PrefixListId"])
    _settled(bench, large)
    modify(PrefixListId=large, CurrentVersion=1, AddEntries=adding[:100])
    _settled(bench, large)
    modify(PrefixListId=large, CurrentVersion=2, AddEntries=adding[100:])
    _settled(bench, large)
    assert len(_entries(bench, large)) == 100
    pages = bench.ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=large)
    assert sum(len(one["Entries"]) for one in pages) == 101


def _wanted(**more: Any) -> dict[str, Any]:
    return {"PrefixListName": "overlays", "AddressFamily": "IPv4", **more}


@rule(61, "does not look at the list's ARN")
def changes_of_a_list_are_judged_on_the_list(bench: Bench) -> None:
    with bench.enforced():
        mine, other = _made(bench, OVERLAY), _made(bench, OVERLAY)
        arn = f"arn:aws:ec2:{REGION}:{bench.account}:prefix-list/{mine}"
        keys = bench.user(allow(["ec2:ModifyManagedPrefixList", "ec2:GetManagedPrefixListEntries"], arn))
        caller = bench.client("ec2", keys)
        assert [one["Cidr"] for one in caller.get_managed_prefix_list_entries(PrefixListId=mine)["Entries"]] == [
            OVERLAY
        ]
        change: dict[str, Any] = {"CurrentVersion": 1, "AddEntries": [{"Cidr": SECOND}]}
        caller.modify_managed_prefix_list(PrefixListId=mine, **change)
        refused(
            "UnauthorizedOperation",
            caller.modify_managed_prefix_list,
            text=f"prefix-list/{other}",
            status=403,
            PrefixListId=other,
            **change,
        )
        refused("UnauthorizedOperation", caller.get_managed_prefix_list_entries, status=403, PrefixListId=other)
        refused("UnauthorizedOperation", caller.describe_managed_prefix_lists, status=403)
        # A route is judged on its table alone, also where its destination is a list.
        table = f"arn:aws:ec2:{REGION}:{bench.account}:route-table/{bench.table}"
        mover = bench.client("ec2", bench.user(allow("ec2:CreateRoute", table)))
        mover.create_route(RouteTableId=bench.table, DestinationPrefixListId=mine, NetworkInterfaceId=bench.interface())
